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
from store.embedded.summaries import Summaries

log = logging.getLogger(__name__)

_COLUMNS = "series, start_us, end_us, count, data"
_AT = "WHERE series = ? AND start_us = ?"


class Packer:
    """Decides when a round is due and does its steps. The store calls it with its write lock held."""

    def __init__(self, state: State, settings: EmbeddedSettings) -> None:
        self._state = state
        self._settings = settings
        self._round_head = 0
        self._waiting: list[SeriesState] = []

    @property
    def in_round(self) -> bool:
        return self._round_head > 0

    def is_due(self) -> bool:
        """Whether there is a step to do now."""
        least = max(self._settings.tail_samples, self._settings.tail_samples_per_series * len(self._state.series))
        return self.in_round or self._state.tail_samples >= least

    def begin_round(self) -> None:
        self._round_head = self._state.head
        # From the end: highest ids first here, so that rows are written in the order of the table.
        self._waiting = [series for series in reversed(self._state.series.values()) if series.times]

    def step(self, connection: sqlite3.Connection, samples: int) -> list[SeriesState]:
        """Pack about `samples` samples, within the caller's transaction, and return whose. Nothing of `self` or the
        state changes before `done` is told, so a step whose transaction failed can be tried again."""
        step: list[SeriesState] = []
        taken = 0
        while taken < samples and len(step) < len(self._waiting):
            series = self._waiting[-1 - len(step)]
            self._pack(connection, series)
            taken += len(series.times)
            step.append(series)
        if len(step) == len(self._waiting):
            connection.execute("DELETE FROM tail WHERE id <= ?", (self._round_head,))
        return step

    def done(self, step: list[SeriesState]) -> None:
        """The step is durable; under the state's lock."""
        del self._waiting[len(self._waiting) - len(step) :]
        for series in step:
            self._state.tail_samples -= len(series.times)
            series.drop_tail(self._state.head)
        if not self._waiting:
            self._round_head = 0

    def forget(self, series: SeriesState) -> None:
        """It was pruned."""
        if series in self._waiting:
            self._waiting.remove(series)

    def _pack(self, connection: sqlite3.Connection, series: SeriesState) -> None:
        times, values = list(series.times), list(series.values)
        border, merged = series.borders.full_from, 0
        if min(times) < border:  # late, for a time that is summarised
            times, values = merge((), (), times, values)
            merged = len(series.times) - len(times)
            cut = bisect_left(times, border)
            Summaries(connection, series.id).add_samples(times[:cut], values[:cut], series.borders)
            times, values = times[cut:], values[cut:]
        merged += Chunks(connection, series.id, self._settings.chunk_samples).insert(times, values)
        connection.execute(
            "UPDATE series SET packed_through = ?, last_us = ?, last_value = ? WHERE id = ?",
            (self._state.head, series.last_us, DOUBLE.pack(series.last_value), series.id),
        )
        if merged:
            connection.execute(
                "UPDATE wards SET samples_merged = samples_merged + ? WHERE id = ?", (merged, series.ward)
            )


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

    def take(self, start_us: int, data: bytes) -> tuple[list[int], list[float]] | None:
        """A chunk's samples, which are here no more; None where it was damaged and is set aside."""
        found = self._read(start_us, data, in_the_way=True)
        if found is not None:
            self._db.execute(f"DELETE FROM chunks {_AT}", (self._series, start_us))
        return found

    def _next_start(self, time_us: int) -> int | None:
        row = self._db.execute(
            "SELECT start_us FROM chunks WHERE series = ? AND start_us > ? ORDER BY start_us LIMIT 1",
            (self._series, time_us),
        ).fetchone()
        return row[0] if row else None

    def _insert_before(self, times_us: list[int], values: list[float]) -> int:
        """Samples that all lie before the next chunk: join the chunk before them where it must be (they overlap) or
        may be (it has room), else make new ones."""
        merged = 0
        before = self._db.execute(
            "SELECT start_us, end_us, count, data FROM chunks WHERE series = ? AND start_us <= ?"
            " ORDER BY start_us DESC LIMIT 1",
            (self._series, times_us[0]),
        ).fetchone()
        if before is not None:
            start_us, end_us, count, data = before
            overlaps = end_us >= times_us[0]
            held = self._read(start_us, data, overlaps) if overlaps or count < self._full else None
            if held is not None:
                held_times, held_values = held
                together = len(held_times) + len(times_us)
                if overlaps:
                    times_us, values = merge(held_times, held_values, times_us, values)
                else:
                    times_us, values = held_times + times_us, held_values + values
                merged = together - len(times_us)
                self._db.execute(f"DELETE FROM chunks {_AT}", (self._series, start_us))
        self._db.executemany(
            f"INSERT INTO chunks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
            [
                (self._series, times_us[a], times_us[b - 1], b - a, encode(times_us[a:b], values[a:b]))
                for a, b in _cuts(len(times_us), self._full)
            ],
        )
        return merged

    def _read(self, start_us: int, data: bytes, in_the_way: bool) -> tuple[list[int], list[float]] | None:
        """A chunk's samples; None where it is damaged. A damaged one that is in the way is set aside: it must not keep
        later samples from their place."""
        try:
            return decode(data, start_us)
        except StoreError as error:
            log.error("series %d, the chunk from %d: %s", self._series, start_us, error)
        if in_the_way:
            place = (self._series, start_us)
            self._db.execute(f"INSERT INTO set_aside SELECT {_COLUMNS} FROM chunks {_AT}", place)
            self._db.execute(f"DELETE FROM chunks {_AT}", place)
        return None


def _cuts(count: int, full: int) -> Iterator[tuple[int, int]]:
    """Where to cut `count` samples: `full` each, the last piece up to half as many again."""
    at = 0
    while count - at > full + full // 2:
        yield at, at + full
        at += full
    yield at, count
