"""Objects of the vendor's API: made, read, changed, filtered, and written as the vendor writes
them.
"""
