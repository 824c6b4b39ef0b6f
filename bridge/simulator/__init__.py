"""A stand-in management server: a product in its own right, not a test helper.

It speaks the vendor's REST API v4 with JSON of its own making, from a world with its own time. Read
`world/` for what is true in there, `api/app` for how it is spoken, `api/admin_api` for how a person
or a test meddles with it.
"""
