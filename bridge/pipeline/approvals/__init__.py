"""Approvals: asked, answered, and who may answer."""
