"""When frames are dropped: judged by the age of the oldest frame that the hub has not acknowledged.

Not by what waits in our own queue, since a backlog sits in sockets and proxies that nobody can ask; and not by the
distance between newest and acknowledged timestamps, which never gets smaller once nothing is sent.
"""

from __future__ import annotations

from collections import deque

LIMIT_SECONDS = 0.5  # an unacknowledged frame of this age: stop
RESUME_SECONDS = 0.25  # go on at a keyframe when no unacknowledged frame is older


class Backlog:
    """Times are monotonic seconds."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS, resume_seconds: float = RESUME_SECONDS) -> None:
        self.dropping = False
        self.dropped = 0
        self._limit = limit_seconds
        self._resume = resume_seconds
        self._waiting: deque[tuple[int, float]] = deque()

    def age(self, now: float) -> float:
        """Of the oldest frame that is sent and not acknowledged; 0 where there is none."""
        return now - self._waiting[0][1] if self._waiting else 0.0

    def admit(self, now: float, *, keyframe: bool) -> bool:
        """Whether the frame that came now is to be sent; a dropped one is counted."""
        age = self.age(now)
        if not self.dropping:
            self.dropping = age > self._limit
        elif keyframe and age < self._resume:
            self.dropping = False
        self.dropped += self.dropping
        return not self.dropping

    def sent(self, sequence: int, now: float) -> None:
        self._waiting.append((sequence, now))

    def acknowledged(self, sequence: int) -> None:
        """All up to this one has been processed."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= sequence:
            waiting.popleft()
