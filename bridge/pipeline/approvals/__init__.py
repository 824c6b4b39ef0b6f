"""Approvals: asked, answered, and by whom they may be."""
