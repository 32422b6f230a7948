"""Durable entries that wait for the line, oldest first, and not too many of them."""

from __future__ import annotations

from collections import deque

from journal.model import Durable


class LiveQueue:
    """Not safe for threads: the owner locks."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._waiting: deque[Durable] = deque()
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, durable: Durable) -> int:
        """Let it wait. Where too much does, all of it is forgotten, and the district will ask; how many entries."""
        self._waiting.append(durable)
        self.bytes += sum(map(len, durable.entries))
        if self.bytes <= self._most_bytes:
            return 0
        dropped = sum(len(waiting.entries) for waiting in self._waiting)
        self.forget()
        return dropped

    def take(self) -> Durable | None:
        if not self._waiting:
            return None
        durable = self._waiting.popleft()
        self.bytes -= sum(map(len, durable.entries))
        return durable

    def forget(self) -> None:
        self._waiting.clear()
        self.bytes = 0
