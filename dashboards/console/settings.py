"""What may be set about the console; the defaults are for a district's hub."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from dashboards.console.live.settings import LiveSettings
from telemetry import jpeg

STATIC = Path(__file__).resolve().parent / "static"


def _version() -> str:
    try:
        return metadata.version("wardwatch")
    except metadata.PackageNotFoundError:
        return "0"


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Durations in seconds, sizes in bytes."""

    static: Path = STATIC  # the built pages
    version: str = field(default_factory=_version)
    own_origins: frozenset[str] = frozenset()  # "https://hub.example": more than the Host header says is ours
    coalesce_seconds: float = 0.25  # a ward or device is told at most once in this time
    last_word_seconds: float = 5.0  # how often a ward is told of when nothing but its last word changed
    heartbeat_seconds: float = 15.0
    stall_seconds: float = 60.0  # a reader that takes nothing for so long is let go
    ring_events: int = 4096  # how far back a stream can be resumed
    ring_bytes: int = 8_000_000
    interest_seconds: float = 120.0  # how long a page that went away is still expected back
    streams_per_session: int = 20
    streams_total: int = 2000
    body_bytes: int = 65_536  # the most that a request may carry
    picture_bytes: int = jpeg.MOST_BYTES  # the same, of a picture that a ward's agent brings
    live: LiveSettings = field(default_factory=LiveSettings)
    poll_gap_seconds: float = 2.0  # a device is asked out of turn at most once in this time
