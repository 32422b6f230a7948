"""What the cameras see: a one-stop office in simple shapes, and the clock that is burned into the picture."""
