"""`ward-agent discover`: what stands in the ward's network, and a draft of its configuration.

`ways/` finds (one module each, listed in registry.py); `rules.py` knows what was found; `draft.py` writes it down.
No way ever sends a credential to a host that the person did not name.
"""
