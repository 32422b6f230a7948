"""The live picture's way through the console: in from a ward's publisher once, out to any number of viewers."""
