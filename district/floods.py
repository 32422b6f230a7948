"""Wards that send more than any ward has to: what is too much is not taken, and for a while nothing is.

Each ward has a bucket of messages and one of bytes that fill up again at a steady rate (a token bucket, as RFC 2697
calls it). What does not fit is dropped: it is missing, and asked for when the flood is over. A ward that goes on is
not listened to at all for a while, so that the broker throws away what the hub would have to; twice as long each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telemetry.clock import Clock

STRANGERS = ""  # whoever speaks of wards that are not configured here

MESSAGES_PER_SECOND = 300.0  # an agent sends a batch a second, and what it was asked for, in a hundred at most
MOST_MESSAGES = 2_000.0
BYTES_PER_SECOND = 4_000_000.0  # an agent replays at 1 MB/s
MOST_BYTES = 32_000_000.0
EXCESS = 500  # messages beyond that, and the ward is not listened to
FIRST_DEAF_SECONDS = 10.0
LONGEST_DEAF_SECONDS = 300.0
CALM_SECONDS = 30.0  # listened to again, and nothing too much: it is over


@dataclass(frozen=True, slots=True)
class Traffic:
    """How things stand at the door. `busy`: so much waits that more should not be asked for. `flooding`: wards that
    sent too much, and have not been calm for long enough since; `deaf`: those that are not listened to now;
    `dropped`: messages that were not taken since the hub's start, by ward."""

    busy: bool = False
    flooding: frozenset[str] = frozenset()
    deaf: frozenset[str] = frozenset()
    dropped: Mapping[str, int] = field(default_factory=dict)


CALM = Traffic()


@dataclass(slots=True)
class _Ward:
    """One ward's buckets. Times are monotonic seconds."""

    at: float
    messages: float = MOST_MESSAGES
    bytes: float = MOST_BYTES
    excess: int = 0  # since it was listened to last
    dropped: int = 0  # messages, since the hub's start
    over_at: float | None = None  # when it was last too much; None: it is calm
    deaf_until: float | None = None
    deaf_seconds: float = FIRST_DEAF_SECONDS


class Floods:
    """Who sends too much. Not safe for threads: the owner locks."""

    def __init__(self, clock: Clock, wards: Iterable[str]) -> None:
        self._clock = clock
        now = clock.monotonic()
        self._wards = {ward: _Ward(now) for ward in (*wards, STRANGERS)}

    def lane(self, ward: str) -> str:
        """Whose bucket it is that a ward of that name draws from."""
        return ward if ward in self._wards else STRANGERS

    def admit(self, lane: str, size: int) -> bool:
        """Whether one more message of so many bytes may be taken. Counts it where not."""
        own, now = self._wards[lane], self._clock.monotonic()
        passed, own.at = now - own.at, now
        own.messages = min(MOST_MESSAGES, own.messages + passed * MESSAGES_PER_SECOND)
        own.bytes = min(MOST_BYTES, own.bytes + passed * BYTES_PER_SECOND)
        if own.messages >= 1 and own.bytes >= size and own.deaf_until is None:
            own.messages -= 1
            own.bytes -= size
            return True
        self.drop(lane)
        return False

    def drop(self, lane: str) -> None:
        """A message could not be kept."""
        own, now = self._wards[lane], self._clock.monotonic()
        own.dropped += 1
        own.over_at = now
        own.excess += 1
        if own.excess >= EXCESS and own.deaf_until is None:
            own.deaf_until = now + own.deaf_seconds
            own.deaf_seconds = min(own.deaf_seconds * 2, LONGEST_DEAF_SECONDS)

    def tick(self) -> None:
        """Listen again to those whose time is over, forget those who have been calm for a while."""
        now = self._clock.monotonic()
        for own in self._wards.values():
            if own.deaf_until is not None and now >= own.deaf_until:
                own.deaf_until, own.excess, own.over_at = None, 0, now
            if own.deaf_until is None and own.over_at is not None and now - own.over_at >= CALM_SECONDS:
                own.over_at, own.excess, own.deaf_seconds = None, 0, FIRST_DEAF_SECONDS

    def traffic(self, busy: bool) -> Traffic:
        """As it is now."""
        over = frozenset(ward for ward, own in self._wards.items() if own.over_at is not None)
        deaf = frozenset(ward for ward, own in self._wards.items() if own.deaf_until is not None)
        return Traffic(busy, over, deaf, {ward: own.dropped for ward, own in self._wards.items() if own.dropped})
