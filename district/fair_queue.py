"""Deficit round-robin (Shreedhar and Varghese, 1996): what waits is taken in turns, by bytes, however much comes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

QUANTUM_BYTES = 16_384  # what each may send in its turn; more is saved up for

T = TypeVar("T")


@dataclass(slots=True)
class _Lane(Generic[T]):
    """What waits of one sender. `credit`: bytes that it may send in its turn."""

    waiting: deque[tuple[T, int]] = field(default_factory=deque)
    bytes: int = 0
    credit: int = 0


class FairQueue(Generic[T]):
    """Items of any size in lanes; within a lane their order stays. Not safe for threads: the owner locks."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane[T]] = {}
        self._turns: deque[str] = deque()  # lanes in which something waits
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._turns)

    def put(self, lane: str, item: T, size: int) -> None:
        own = self._lanes.setdefault(lane, _Lane())
        if not own.waiting:
            self._turns.append(lane)
            own.credit = 0  # who was away saved nothing up
        own.waiting.append((item, size))
        own.bytes += size
        self.bytes += size

    def waiting(self, lane: str) -> int:
        """Bytes of one lane."""
        found = self._lanes.get(lane)
        return found.bytes if found else 0

    def longest(self) -> str:
        """The lane in which most bytes wait. Raises ValueError when nothing does."""
        return max(self._turns, key=lambda lane: self._lanes[lane].bytes)

    def drop_newest(self, lane: str) -> T:
        """Give up what came last in a lane. Raises IndexError, KeyError when nothing waits there."""
        own = self._lanes[lane]
        item, size = own.waiting.pop()
        self._left(own, size)
        if not own.waiting:
            self._turns.remove(lane)
        return item

    def take(self, most_bytes: int) -> list[T]:
        """About `most_bytes`, in turns; at least one item, if any waits."""
        taken: list[T] = []
        size = 0
        while self._turns and (not taken or size < most_bytes):
            own = self._lanes[self._turns[0]]
            own.credit += QUANTUM_BYTES
            while own.waiting and own.waiting[0][1] <= own.credit and (not taken or size < most_bytes):
                item, bytes_ = own.waiting.popleft()
                own.credit -= bytes_
                size += bytes_
                self._left(own, bytes_)
                taken.append(item)
            if not own.waiting:
                self._turns.popleft()
            else:
                self._turns.rotate(-1)
        return taken

    def _left(self, lane: _Lane[T], size: int) -> None:
        lane.bytes -= size
        self.bytes -= size
