"""The kinds of faults. One more: a module like these, a line in registry.py, a test."""
