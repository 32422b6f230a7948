"""What the ward's recorders keep: asked once a day, written down as evidence, and on demand by a command."""
