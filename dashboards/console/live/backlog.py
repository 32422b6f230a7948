"""How far one viewer is behind, by its own acknowledgements.

Nothing nearer tells: what waits sits in sockets, proxies and radio links. Judged by when the oldest frame that is not
acknowledged was sent; comparing the newest with the acknowledged frame's timestamp deadlocks, as it never falls while
nothing is sent.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

Sent = tuple[int, float]  # a frame's sequence, and when it was sent


class Backlog:
    """What was sent and not acknowledged. Times are monotonic seconds."""

    __slots__ = ("_sent", "oldest_at")

    def __init__(self) -> None:
        self._sent: deque[Sent] = deque()
        self.oldest_at = math.inf  # when the oldest unacknowledged frame was sent

    def sent(self, frames: Sequence[Sent]) -> None:
        """These frames went out, in this order."""
        if not self._sent:
            self.oldest_at = frames[0][1]
        self._sent.extend(frames)

    def acknowledged(self, sequence: int) -> bool:
        """All up to this frame has been processed. False for one that is not waited for.

        Only frames that were sent count, so numbers that begin anew (another publisher) confuse nothing.
        """
        sent = self._sent
        for count, (each, _) in enumerate(sent, 1):
            if each == sequence:
                for _ in range(count):
                    sent.popleft()
                self.oldest_at = sent[0][1] if sent else math.inf
                return True
        return False

    def forget(self) -> None:
        """Nothing of what was sent is waited for any more."""
        self._sent.clear()
        self.oldest_at = math.inf

    def age(self, now: float) -> float:
        """Seconds since the oldest unacknowledged frame was sent; 0 when all is acknowledged."""
        return max(now - self.oldest_at, 0.0)

    def __len__(self) -> int:
        return len(self._sent)
