"""When a ward is asked for a stream: while somebody watches and nothing comes, again and again; and when to stop.

Asking costs a small message, so nothing here counts on its arrival: a ward that was away, an agent or a hub that
started anew, a line that was cut all end the same way, with the next asking.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from dashboards.console.live.settings import LiveSettings
from telemetry.live import StreamName
from telemetry.readings import Reason

Refused = Callable[[str, str, StreamName, Reason], None]  # ward, device, stream, why; from any thread


class StreamRequests(Protocol):
    """How wards are asked for pictures. Calls may block; they come from one thread, in order."""

    def start(self, ward: str, device: str, stream: StreamName, ticket: str, url: str) -> Reason | None:
        """Ask for a stream, to be published at `url` (a path of this hub) with the ticket. Why it cannot be asked
        now, or None when the question is on its way."""

    def stop(self, ward: str, device: str, stream: StreamName) -> None:
        """Nobody watches any more."""

    def listen(self, refused: Refused) -> None:
        """Call `refused` when a ward answers that it cannot."""


class Wish(Enum):
    """What is to be done about a stream now."""

    NOTHING = auto()
    ASK = auto()
    STOP = auto()  # tell the ward, and forget the stream


class Interest:
    """In one stream. Times are monotonic seconds."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._ask_at = float("-inf")
        self._idle_since: float | None = None
        self._missing_since: float | None = None

    def due(self, now: float, *, watched: bool, published: bool) -> Wish:
        """Call it often, and whenever one of the two changes. Each ASK counts as done."""
        if watched:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        if published or not watched:
            self._missing_since = None
        elif self._missing_since is None:
            self._missing_since = now
        if self._idle_since is not None:
            return Wish.STOP if now - self._idle_since >= self._settings.linger_seconds else Wish.NOTHING
        if published or now < self._ask_at:
            return Wish.NOTHING
        self._ask_at = now + self._settings.ask_seconds
        return Wish.ASK

    def refused(self, now: float) -> None:
        """The ward said that it cannot: no hurry to ask again."""
        self._ask_at = max(self._ask_at, now + self._settings.refused_seconds)

    def missing_seconds(self, now: float) -> float:
        """For how long somebody has watched and nobody published."""
        return 0.0 if self._missing_since is None else now - self._missing_since
