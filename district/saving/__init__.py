"""`ward-district backup` and `restore`: all that a district keeps, in a folder that says what is in it."""
