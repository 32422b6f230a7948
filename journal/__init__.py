"""The append-only log of entries: write, read, prune, checkpoint, verify."""
