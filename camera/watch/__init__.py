"""A camera's stream held open and looked at, without decoding it: whether it lives, and what it sends."""
