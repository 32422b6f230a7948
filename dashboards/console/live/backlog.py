"""How far one viewer is behind, by its own acknowledgements.

Nothing nearer tells: what waits sits in sockets, proxies and radio links. Judged by when the oldest frame that is not
acknowledged was sent; comparing the newest with the acknowledged frame's timestamp deadlocks, as it never falls while
nothing is sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class Backlog:
    """What was sent and not acknowledged. Times are monotonic seconds."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent: deque[tuple[int, float]] = deque()

    def sent(self, sequences: Iterable[int], now: float) -> None:
        """These frames went out, in this order."""
        self._sent.extend((sequence, now) for sequence in sequences)

    def acknowledged(self, sequence: int) -> bool:
        """All up to this frame has been processed. False for one that is not waited for.

        Only frames that were sent count, so numbers that begin anew (another publisher) confuse nothing.
        """
        sent = self._sent
        for count, (each, _) in enumerate(sent, 1):
            if each == sequence:
                for _ in range(count):
                    sent.popleft()
                return True
        return False

    def forget(self) -> None:
        """Nothing of what was sent is waited for any more."""
        self._sent.clear()

    def age(self, now: float) -> float:
        """Seconds since the oldest unacknowledged frame was sent; 0 when all is acknowledged."""
        return now - self._sent[0][1] if self._sent else 0.0

    def __len__(self) -> int:
        return len(self._sent)
