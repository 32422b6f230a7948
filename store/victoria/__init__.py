"""The VictoriaMetrics store: samples there, what it cannot keep in a small SQLite file beside it."""

from store.victoria.settings import VictoriaSettings
from store.victoria.victoria import VictoriaStore

__all__ = ["VictoriaSettings", "VictoriaStore"]
