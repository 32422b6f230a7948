"""From the tail into chunks, a step at a time.

A round goes over every series that has samples in the tail; when the last one is done, the tail rows that stood at
the round's beginning hold nothing more and go. Each step is a transaction of its own: what a crash interrupts, the
next round does again, and `series.packed_through` says where each series is.
"""

from __future__ import annotations

import logging
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator

from store.base import StoreError
from store.embedded.codec import decode, encode
from store.embedded.merge import is_increasing, merge
from store.embedded.settings import EmbeddedSettings
from store.embedded.state import DOUBLE, SeriesState, State

log = logging.getLogger(__name__)


class Packed:
    """One series as it will be after a step: the newest sample in its chunks, and how many samples merged away."""

    def __init__(self, series: SeriesState, head: int) -> None:
        self.series = series
        self.head = head
        self.samples = len(series.times)
        self.merged = 0


class Packer:
    """Decides when a round is due and does its steps. The store calls it with its write lock held."""

    def __init__(self, state: State, settings: EmbeddedSettings) -> None:
        self._state = state
        self._settings = settings
        self._round_head = 0
        self._waiting: list[SeriesState] = []
        self._unpacked = 0  # series of this round that could not be packed

    @property
    def in_round(self) -> bool:
        return self._round_head > 0

    def is_due(self) -> bool:
        """Whether there is a step to do now."""
        least = max(self._settings.tail_samples, self._settings.tail_samples_per_series * len(self._state.series))
        return self.in_round or self._state.tail_samples >= least

    def begin_round(self) -> None:
        self._round_head = self._state.head
        self._unpacked = 0
        # From the end: highest ids first here, so that rows are written in the order of the table.
        self._waiting = [series for series in reversed(self._state.series.values()) if series.times]

    def step(self, connection: sqlite3.Connection, samples: int) -> list[Packed]:
        """Pack about `samples` samples, within the caller's transaction. Nothing of `self` or the state changes
        before `done` is told what came of it, so a failed transaction can be tried again."""
        step: list[Packed] = []
        taken = 0
        for series in reversed(self._waiting):
            if taken >= samples:
                break
            packed = Packed(series, self._state.head)
            self._pack(connection, packed)
            taken += packed.samples
            step.append(packed)
        if len(step) == len(self._waiting) and not self._unpacked and all(packed.head for packed in step):
            connection.execute("DELETE FROM tail WHERE id <= ?", (self._round_head,))
        return step

    def done(self, step: list[Packed]) -> None:
        """The step is durable; under the state's lock."""
        del self._waiting[len(self._waiting) - len(step) :]
        for packed in step:
            if not packed.head:
                self._unpacked += 1
                continue
            packed.series.drop_tail(packed.head)
            self._state.tail_samples -= packed.samples
        if not self._waiting:
            self._round_head = 0

    def forget(self, series: SeriesState) -> None:
        """It was pruned."""
        if series in self._waiting:
            self._waiting.remove(series)

    def _pack(self, connection: sqlite3.Connection, packed: Packed) -> None:
        series = packed.series
        if not series.times:
            return
        connection.execute("SAVEPOINT one_series")
        try:
            chunks = Chunks(connection, series.id, self._settings.chunk_samples)
            packed.merged = chunks.insert(list(series.times), list(series.values))
        except StoreError as error:
            # One damaged chunk must not stop the others: this series stays in the tail, and so do its rows.
            connection.execute("ROLLBACK TO one_series")
            log.error("the samples of %s stay in the tail: %s", series.key, error)
            packed.head = 0
        else:
            connection.execute(
                "UPDATE series SET packed_through = ?, last_us = ?, last_value = ? WHERE id = ?",
                (packed.head, series.last_us, DOUBLE.pack(series.last_value), series.id),
            )
            connection.execute(
                "UPDATE wards SET samples_merged = samples_merged + ? WHERE id = ?", (packed.merged, series.ward)
            )
        connection.execute("RELEASE one_series")


class Chunks:
    """The chunks of one series: disjoint in time, each with 1 .. 1.5 × `full` samples."""

    def __init__(self, connection: sqlite3.Connection, series: int, full: int) -> None:
        self._db = connection
        self._series = series
        self._full = full

    def insert(self, times_us: list[int], values: list[float]) -> int:
        """Put samples where they belong; returns how many of all merged away for equal times. Raises StoreError."""
        given = len(times_us)
        if not is_increasing(times_us):
            times_us, values = merge((), (), times_us, values)
        merged = given - len(times_us)
        at = 0
        while at < len(times_us):
            next_start = self._next_start(times_us[at])
            end = len(times_us) if next_start is None else bisect_left(times_us, next_start, at)
            merged += self._insert_before(times_us[at:end], values[at:end])
            at = end
        return merged

    def _next_start(self, time_us: int) -> int | None:
        row = self._db.execute(
            "SELECT start_us FROM chunks WHERE series = ? AND start_us > ? ORDER BY start_us LIMIT 1",
            (self._series, time_us),
        ).fetchone()
        return row[0] if row else None

    def _insert_before(self, times_us: list[int], values: list[float]) -> int:
        """Samples that all lie before the next chunk: join the chunk before them where it must be (they overlap) or
        may be (it has room), else make new ones."""
        before = self._db.execute(
            "SELECT start_us, end_us, count, data FROM chunks WHERE series = ? AND start_us <= ?"
            " ORDER BY start_us DESC LIMIT 1",
            (self._series, times_us[0]),
        ).fetchone()
        merged = 0
        if before is not None:
            start_us, end_us, count, data = before
            if end_us >= times_us[0] or count < self._full:
                held_times, held_values = decode(data, start_us)
                together = len(held_times) + len(times_us)
                if end_us < times_us[0]:
                    times_us, values = held_times + times_us, held_values + values
                else:
                    times_us, values = merge(held_times, held_values, times_us, values)
                merged = together - len(times_us)
                self._db.execute("DELETE FROM chunks WHERE series = ? AND start_us = ?", (self._series, start_us))
        self._db.executemany(
            "INSERT INTO chunks (series, start_us, end_us, count, data) VALUES (?, ?, ?, ?, ?)",
            [
                (self._series, times_us[a], times_us[b - 1], b - a, encode(times_us[a:b], values[a:b]))
                for a, b in _cuts(len(times_us), self._full)
            ],
        )
        return merged


def _cuts(count: int, full: int) -> Iterator[tuple[int, int]]:
    """Where to cut `count` samples: `full` each, the last piece up to half as many again."""
    at = 0
    while count - at > full + full // 2:
        yield at, at + full
        at += full
    yield at, count
