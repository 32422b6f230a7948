"""How far one viewer is behind, by its own acknowledgements.

Nothing nearer tells: what waits sits in sockets, proxies and radio links. Judged by when the oldest frame that is not
acknowledged was sent; comparing the newest with the acknowledged frame's timestamp deadlocks, as it never falls while
nothing is sent.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple


class Sent(NamedTuple):
    """A frame that went out. `number` counts the trail's frames; `at` in monotonic seconds."""

    number: int
    sequence: int
    at: float


class Trail:
    """What a channel sent lately to all who keep up: written once for everybody, not once for each."""

    def __init__(self) -> None:
        self._sent: deque[Sent] = deque()
        self.end = 0  # the number that the next frame will have
        self.bytes = 0  # of all messages that ever went out
        self.newest_at = -math.inf

    def add(self, sequences: Iterable[int], message_bytes: int, now: float) -> None:
        """These frames went out now, in one message."""
        self.bytes += message_bytes
        self.newest_at = now
        for sequence in sequences:
            self._sent.append(Sent(self.end, sequence, now))
            self.end += 1

    def trim(self, before: float) -> None:
        """Forget what is older; whoever has not acknowledged it must have been taken off the trail."""
        while self._sent and self._sent[0].at < before:
            self._sent.popleft()

    def since(self, number: int) -> list[Sent]:
        """The frames from this number on."""
        first = self._sent[0].number if self._sent else self.end
        return [self._sent[at] for at in range(max(number - first, 0), len(self._sent))]

    def at(self, number: int) -> Sent | None:
        """One of them, if it is remembered."""
        first = self._sent[0].number if self._sent else self.end
        return self._sent[number - first] if first <= number < self.end else None

    def find(self, sequence: int) -> Sent | None:
        """The newest frame of this sequence."""
        for each in reversed(self._sent):
            if each.sequence == sequence:
                return each
        return None


class Backlog:
    """What one viewer got and did not acknowledge: some frames apart, then all of the trail from a number on.

    Only frames that were sent count, so sequences that begin anew (another publisher) confuse nothing.
    """

    __slots__ = ("_apart", "_from", "_trail")

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._apart: deque[Sent] = deque()
        self._from: int | None = None  # the first of the trail's frames that is not acknowledged

    def sent(self, sequences: Iterable[int], now: float) -> None:
        """These went out to this viewer alone."""
        self.leave_trail()
        self._apart.extend(Sent(-1, sequence, now) for sequence in sequences)

    def follow_trail(self) -> None:
        """From now on the viewer gets what the trail gets."""
        if self._from is None:
            self._from = self._trail.end

    def leave_trail(self) -> None:
        """From now on it does not."""
        if self._from is not None:
            self._apart.extend(self._trail.since(self._from))
            self._from = None

    def acknowledged(self, sequence: int) -> bool:
        """All up to this frame has been processed. False for one that is not waited for."""
        if self._from is not None:
            found = self._trail.find(sequence)
            if found is not None and found.number >= self._from:
                self._from = found.number + 1
                self._apart.clear()
                return True
        for count, each in enumerate(self._apart, 1):
            if each.sequence == sequence:
                for _ in range(count):
                    self._apart.popleft()
                return True
        return False

    def forget(self) -> None:
        """Nothing of what was sent is waited for any more."""
        self._apart.clear()
        if self._from is not None:
            self._from = self._trail.end

    def oldest_at(self) -> float | None:
        """When the oldest unacknowledged frame was sent; None when all is acknowledged."""
        if self._apart:
            return self._apart[0].at
        oldest = None if self._from is None else self._trail.at(self._from)
        return None if oldest is None else oldest.at

    def age(self, now: float) -> float:
        """Seconds since then; 0 when all is acknowledged."""
        oldest_at = self.oldest_at()
        return 0.0 if oldest_at is None else max(now - oldest_at, 0.0)
