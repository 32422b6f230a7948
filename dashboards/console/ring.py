"""The last events, numbered: what a reader is sent, at once or after a break, comes from here alone.

A reader is a number: the last event that it has. So a stream that goes on and a stream that is resumed are the same
code, nothing is lost or doubled between them, and a slow reader costs nothing but its own lag.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass

_MOST_AT_ONCE = 128 * 1024  # bytes: what is on its way to a slow reader is held once per reader
_MOST_JOINED = 64
_ID = re.compile(r"([0-9a-f]{1,32}):([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it goes over the wire; `ward` is "" for one that concerns every reader."""

    number: int
    ward: str
    only_watchers: bool  # for those alone who watch the ward
    wire: bytes


@dataclass(frozen=True, slots=True)
class Scope:
    """What one reader gets: events of the wards it may see (None: all), those for watchers of the ward it watches."""

    watches: str | None
    sees: frozenset[str] | None

    def takes(self, event: Event) -> bool:
        if not event.ward:
            return True
        if event.only_watchers:
            return event.ward == self.watches
        return self.sees is None or event.ward in self.sees


class Ring:
    """Events in order, bounded in number and bytes. Safe from any thread."""

    def __init__(self, epoch: str, most_events: int, most_bytes: int) -> None:
        self.epoch = epoch
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._head = 0  # the number of the newest event
        self._floor = 0  # after this number everything is still here, for everyone
        self._ward_floor: dict[str, int] = {}  # the same, for the watchers of one ward
        self._joined: dict[tuple[int, Scope], tuple[int, bytes]] = {}  # built once for all readers that stand alike

    @property
    def head(self) -> int:
        return self._head

    def add(self, kind: str, data: bytes, *, ward: str = "", only_watchers: bool = False) -> None:
        """Number and keep one event; the oldest go where there are too many."""
        with self._lock:
            self._head += 1
            wire = b"id: %b\nevent: %b\ndata: %b\n\n" % (self.id_of(self._head).encode(), kind.encode(), data)
            self._events.append(Event(self._head, ward, only_watchers, wire))
            self._bytes += len(wire)
            self._joined.clear()
            while len(self._events) > self._most_events or self._bytes > self._most_bytes:
                gone = self._events.popleft()
                self._bytes -= len(gone.wire)
                self._floor = gone.number

    def skip(self, ward: str = "") -> None:
        """Something changed and no event tells of it, as nobody was there: who comes back must fetch anew."""
        with self._lock:
            self._head += 1
            if ward:
                self._ward_floor[ward] = self._head
                self._joined.clear()
                return
            self._floor = self._head
            self._events.clear()
            self._bytes = 0
            self._ward_floor.clear()
            self._joined.clear()

    def news(self, number: int, scope: Scope) -> tuple[int, bytes] | None:
        """What a reader at `number` has not had yet, up to about 128 kB, and where it stands then: at the head, with
        b"", when there is nothing more. None: what it has not had is not here any more."""
        with self._lock:
            floor = max(self._floor, self._ward_floor.get(scope.watches, 0) if scope.watches else 0)
            if not floor <= number <= self._head:
                return None
            key = (number, scope)
            joined = self._joined.get(key)
            if joined is None:
                joined = self._join(number, scope)
                if len(self._joined) < _MOST_JOINED:
                    self._joined[key] = joined
            return joined

    def id_of(self, number: int) -> str:
        return f"{self.epoch}:{number}"

    def number_of(self, event_id: str) -> int | None:
        """The number in an id of this epoch; None for any other text."""
        found = _ID.fullmatch(event_id)
        if found is None or found[1] != self.epoch:
            return None
        return int(found[2])

    def _join(self, number: int, scope: Scope) -> tuple[int, bytes]:
        parts: list[bytes] = []
        size = 0
        for event in self._after(number):
            if scope.takes(event):
                if parts and size + len(event.wire) > _MOST_AT_ONCE:
                    return number, b"".join(parts)
                parts.append(event.wire)
                size += len(event.wire)
            number = event.number
        return self._head, b"".join(parts)

    def _after(self, number: int) -> list[Event]:
        # From the newest back: a reader that keeps up looks at only as many as there are for it.
        found: list[Event] = []
        for event in reversed(self._events):
            if event.number <= number:
                break
            found.append(event)
        found.reverse()
        return found
