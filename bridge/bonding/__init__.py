"""All we know about the vendor's REST API v4."""
