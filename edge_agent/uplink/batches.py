"""Batches of consecutive entries: of what was just committed, and of what was asked for again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from edge_agent.uplink.journal_view import JournalView
from telemetry import wire_pb2 as wire
from telemetry.deflate import Dictionary, deflate
from telemetry.intervals import IntervalSet

MAX_BATCH_BYTES = 256 * 1024
MAX_HOLES = 5_000  # that one reply names


class Form:
    """How batches go over the line: their entries plain, or deflated where the district said that it reads that."""

    def __init__(self, *, deflated: bool = False, dictionary: Dictionary | None = None) -> None:
        self._deflated = deflated
        self._dictionary = dictionary

    def write(self, batch: wire.Batch) -> bytes:
        dictionary = self._dictionary
        if self._deflated:
            fits = dictionary is not None and (
                dictionary.incarnation == batch.incarnation and dictionary.last < batch.first_position
            )
            deflate(batch, dictionary if fits else None)
        return batch.SerializeToString()


PLAIN = Form()


def batches(
    incarnation: bytes, first: int, entries: Sequence[bytes], request: str = "", form: Form = PLAIN
) -> Iterator[bytes]:
    """Consecutive entries from `first` as messages of at most 256 kB before they are deflated (one entry always
    goes)."""

    def message(start: int, end: int) -> bytes:
        batch = wire.Batch(
            incarnation=incarnation, first_position=first + start, entries=entries[start:end], request_id=request
        )
        return form.write(batch)

    start, size = 0, 0
    for number, entry in enumerate(entries):
        if number > start and size + len(entry) > MAX_BATCH_BYTES:
            yield message(start, number)
            start, size = number, 0
        size += len(entry)
    if start < len(entries):
        yield message(start, len(entries))


class Replay:
    """What one request asked for, read from the journal a batch at a time."""

    def __init__(
        self, journal: JournalView, request: str, incarnation: bytes, first: int, last: int, form: Form = PLAIN
    ) -> None:
        """`form` is without a dictionary: a replay must be readable to a district that remembers nothing."""
        self.request = request
        self.unavailable = IntervalSet()
        self._journal = journal
        self._incarnation = incarnation
        self._next = first
        # What is not written yet is not gone: of the running incarnation only what is durable can be asked for.
        self._last = min(last, journal.head()) if incarnation == journal.incarnation else last
        self._ready: deque[bytes] = deque()
        self._holes = 0
        self._form = form

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
        self._ready.extend(batches(self._incarnation, self._next - len(run), run, self.request, self._form))
