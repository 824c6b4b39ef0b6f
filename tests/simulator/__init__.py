"""The simulator, tested over a real socket where HTTP matters and as a bare world where it does
not.
"""
