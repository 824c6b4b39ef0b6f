"""What each kind of object has: fields, their checks, who may see them, and the routes that lead to
them.
"""
