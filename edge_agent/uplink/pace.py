"""How much of what was asked for again may be under way, so that what is new never waits long behind it.

A line of the city carries 100 Mbit/s in one ward and one in the next, and MQTT's own window counts messages, not time.
So the line is measured by the broker's acknowledgements, which come in the order of sending: what is unacknowledged
of a replay may take `wait_seconds` on that line, and no more.
"""

from __future__ import annotations

from collections import deque

LEAST_BATCH = 4_096
MOST_BATCH = 256 * 1024
LEAST_WINDOW = 16_384
_MEASURED_FROM = 1_024  # bytes; smaller messages tell of the way, not of the width
_WEIGHT = 0.25  # of a new measurement


class Pace:
    """Used by the uplink's thread, but `acknowledged` by paho's: the owner locks. Times are monotonic seconds."""

    def __init__(self, wait_seconds: float) -> None:
        self._wait = wait_seconds
        self._under_way: deque[tuple[int, bool, float]] = deque()  # bytes, of a replay, sent at
        self._replayed = 0
        self._acknowledged_at = 0.0
        self.bytes_per_second = LEAST_WINDOW / wait_seconds if wait_seconds else 1e9

    def __len__(self) -> int:
        """How many messages are under way."""
        return len(self._under_way)

    def sent(self, size: int, now: float, *, replay: bool) -> None:
        self._under_way.append((size, replay, now))
        self._replayed += size if replay else 0

    def acknowledged(self, now: float) -> None:
        """The oldest message that is under way has arrived."""
        if not self._under_way:
            return
        size, replay, sent_at = self._under_way.popleft()
        self._replayed -= size if replay else 0
        took = now - max(sent_at, self._acknowledged_at)
        self._acknowledged_at = now
        if size >= _MEASURED_FROM:
            measured = size / max(took, 1e-4)
            self.bytes_per_second += _WEIGHT * (measured - self.bytes_per_second)

    @property
    def window(self) -> int:
        """Bytes of a replay that may be under way."""
        return max(LEAST_WINDOW, round(self.bytes_per_second * self._wait))

    @property
    def batch(self) -> int:
        """Bytes of entries for one message of a replay: half a window, so that the line never falls idle."""
        return max(LEAST_BATCH, min(MOST_BATCH, self.window // 2))

    @property
    def may_replay(self) -> bool:
        return self._replayed < self.window
