"""The embedded store: time series, events and positions of a district (or a ward) in one SQLite file."""

from store.embedded.embedded import EmbeddedStore
from store.embedded.settings import EmbeddedSettings

__all__ = ["EmbeddedSettings", "EmbeddedStore"]
