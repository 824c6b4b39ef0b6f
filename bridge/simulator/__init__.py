"""A stand-in management server: a product in its own right, not a test helper.

It speaks the vendor's REST API v4 with JSON of its own making, from a world with its own time. Read
`world` for what is true in there, `app` for how it is spoken, `control` for how a person or a test
meddles with it.
"""
