"""Batches of consecutive entries: of what was just committed, and of what was asked for again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from edge_agent.uplink.journal_view import JournalView
from telemetry import wire_pb2 as wire
from telemetry.intervals import IntervalSet

MAX_BATCH_BYTES = 256 * 1024
MAX_HOLES = 5_000  # that one reply names


def batches(incarnation: bytes, first: int, entries: Sequence[bytes], request: str = "") -> Iterator[bytes]:
    """Consecutive entries from `first` as messages of at most 256 kB (one entry always goes)."""
    start, size = 0, 0
    for number, entry in enumerate(entries):
        if number > start and size + len(entry) > MAX_BATCH_BYTES:
            yield _batch(incarnation, first + start, entries[start:number], request)
            start, size = number, 0
        size += len(entry)
    if start < len(entries):
        yield _batch(incarnation, first + start, entries[start:], request)


def _batch(incarnation: bytes, first: int, entries: Sequence[bytes], request: str) -> bytes:
    message = wire.Batch(incarnation=incarnation, first_position=first, entries=entries, request_id=request)
    return message.SerializeToString()


class Replay:
    """What one request asked for, read from the journal a batch at a time."""

    def __init__(self, journal: JournalView, request: str, incarnation: bytes, first: int, last: int) -> None:
        self.request = request
        self.unavailable = IntervalSet()
        self._journal = journal
        self._incarnation = incarnation
        self._next = first
        # What is not written yet is not gone: of the running incarnation only what is durable can be asked for.
        self._last = min(last, journal.head()) if incarnation == journal.incarnation else last
        self._ready: deque[bytes] = deque()
        self._holes = 0

    def next(self, most_bytes: int = MAX_BATCH_BYTES) -> bytes | None:
        """The next batch, of `most_bytes` of entries or of one; None when all that the journal holds of it was given.
        Raises JournalError."""
        while not self._ready:
            if self._next > self._last:
                return None
            self._read(most_bytes)
        return self._ready.popleft()

    def _read(self, most_bytes: int) -> None:
        rows = self._journal.read(self._incarnation, self._next, self._last, most_bytes)
        if not rows:
            self.unavailable.add(self._next, self._last)
            self._next = self._last + 1
            return
        run: list[bytes] = []
        for position, entry in rows:
            if position > self._next:
                self._close_run(run)
                self.unavailable.add(self._next, position - 1)
                self._holes += 1
                run = []
            run.append(entry)
            self._next = position + 1
        self._close_run(run)
        if self._holes >= MAX_HOLES:  # a reply has its limits, too; what is behind will be asked for again
            self._last = self._next - 1

    def _close_run(self, run: list[bytes]) -> None:
        self._ready.extend(batches(self._incarnation, self._next - len(run), run, self.request))
