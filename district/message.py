"""One word off the broker, on its way from paho's thread to the ingest's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What the broker delivered. `retained`: it was said some time ago."""

    topic: str
    payload: bytes
    retained: bool = False
