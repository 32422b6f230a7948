"""Benchmarks against peers, each a module with a `main` that prints one JSON line."""
