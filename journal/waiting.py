"""Entries that wait in memory for the next commit, in the order in which they were made."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple


class Item(NamedTuple):
    """An entry without its place: `content` is all that follows it. `readings` is None for another payload."""

    sequence: int
    wall_us: int
    content: bytes
    readings: int | None


@dataclass(slots=True)
class Dropped:
    """What had to go because the disk refused for too long: it never became durable, and has no position."""

    entries: int = 0
    readings: int = 0
    first_us: int = 0
    last_us: int = 0

    def add(self, item: Item) -> None:
        self.first_us = min(self.first_us, item.wall_us) if self.entries else item.wall_us
        self.last_us = max(self.last_us, item.wall_us)
        self.entries += 1
        self.readings += item.readings or 0


class Waiting:
    """Two queues, so that readings can be given up before anything else. Not thread-safe."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._readings: deque[Item] = deque()
        self._others: deque[Item] = deque()
        self._bytes = 0
        self.dropped = Dropped()

    def __len__(self) -> int:
        return len(self._readings) + len(self._others)

    def put(self, item: Item) -> None:
        """Let it wait; where too many do, the oldest readings go, and the oldest of the rest when there are none."""
        self._queue(item).append(item)
        self._bytes += len(item.content)
        self._drop_oldest()

    def take(self, most: int, most_bytes: int) -> list[Item]:
        """The oldest ones, in order: at most so many entries and about so many bytes."""
        taken: list[Item] = []
        size = 0
        while len(taken) < most and size < most_bytes and (queue := self._older()):
            item = queue.popleft()
            size += len(item.content)
            taken.append(item)
        self._bytes -= size
        return taken

    def put_back(self, items: list[Item]) -> None:
        """What was taken could not be written: it waits again, before all that came since."""
        for item in reversed(items):
            self._queue(item).appendleft(item)
            self._bytes += len(item.content)
        self._drop_oldest()

    def _queue(self, item: Item) -> deque[Item]:
        return self._others if item.readings is None else self._readings

    def _older(self) -> deque[Item]:
        if self._readings and self._others:
            return min(self._readings, self._others, key=lambda queue: queue[0].sequence)
        return self._readings or self._others

    def _drop_oldest(self) -> None:
        while len(self) > self._most or (self._bytes > self._most_bytes and len(self) > 1):
            item = (self._readings or self._others).popleft()
            self._bytes -= len(item.content)
            self.dropped.add(item)
