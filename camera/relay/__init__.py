"""The live picture's first half: access units out of a camera, untouched and never decoded."""
