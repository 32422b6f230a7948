"""A district that is not there, for those who build pages: every state, living, with nothing else running.

`python -m dashboards.console.example --port 8099`; nothing else depends on it.
"""

from dashboards.console.example.site import ExampleSite

__all__ = ["ExampleSite"]
