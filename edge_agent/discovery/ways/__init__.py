"""One module for each way of finding devices; edge_agent/discovery/registry.py lists them."""
