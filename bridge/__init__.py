"""bondbridge."""
