"""What is old is summarised, a few days of a few series at a time.

Each step is a transaction of its own that moves samples out of chunks into five-minute buckets (and those into hours),
together with the border up to which that series is summarised: a crash leaves a series before a step or after it. What
comes late for a time before the border is joined to its bucket when it is packed (store.embedded.packing).
"""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from store.embedded.packing import Chunks
from store.embedded.state import SeriesState
from store.embedded.summaries import DAY_US, Borders, Summaries

_CHUNKS = 48  # of one series looked at in one go: a day at 30 s is 24
_DAYS = 32  # of five-minute buckets made hours in one go


@dataclass(slots=True)
class Advanced:
    """How far a series came, with how many samples."""

    series: SeriesState
    borders: Borders
    samples: int


def wanted_borders(now_us: int, full_days: float, minutes_days: float) -> Borders:
    """Midnights."""
    full_from = (now_us - round(full_days * DAY_US)) // DAY_US * DAY_US
    return Borders(full_from, min(full_from, (now_us - round(minutes_days * DAY_US)) // DAY_US * DAY_US))


def reaches(borders: Borders, wanted: Borders) -> bool:
    """Whether nothing is left to do; a retention that was made longer moves no border back."""
    return borders.full_from >= wanted.full_from and borders.minutes_from >= wanted.minutes_from


def step(
    connection: sqlite3.Connection, waiting: Sequence[SeriesState], wanted: Borders, seconds: float, full: int
) -> list[Advanced]:
    """Some of `waiting`, in their order, for about `seconds`; within the caller's transaction. `full`: samples of a
    full chunk. Raises sqlite3.Error, StoreError."""
    end, advanced = time.monotonic() + seconds, []
    for series in waiting:
        advanced.append(_advance(connection, series, wanted, full))
        if time.monotonic() >= end:
            break
    return advanced


def _advance(connection: sqlite3.Connection, series: SeriesState, wanted: Borders, full: int) -> Advanced:
    before = series.borders
    target = Borders(max(before.full_from, wanted.full_from), max(before.minutes_from, wanted.minutes_from))
    # Minutes become hours first, so that no hour is made of chunks while minutes before it remain.
    minutes_to = min(target.minutes_from, before.full_from)
    left = Summaries(connection, series.id).to_hours(minutes_to, _DAYS) if minutes_to > before.minutes_from else None
    samples = 0
    if left is not None:
        borders = Borders(before.full_from, left)
    else:
        samples, full_from = _out_of_chunks(connection, series, target, full)
        borders = Borders(full_from, max(before.minutes_from, min(target.minutes_from, full_from)))
    if borders != before:
        connection.execute(
            "UPDATE series SET full_from_us = ?, minutes_from_us = ? WHERE id = ?",
            (borders.full_from, borders.minutes_from, series.id),
        )
    return Advanced(series, borders, samples)


def _out_of_chunks(connection: sqlite3.Connection, series: SeriesState, target: Borders, full: int) -> tuple[int, int]:
    """Summarise what is before the border in at most `_CHUNKS` chunks; how many samples, and the border reached."""
    rows = connection.execute(
        "SELECT start_us, data FROM chunks WHERE series = ? AND start_us < ? ORDER BY start_us LIMIT ?",
        (series.id, target.full_from, _CHUNKS + 1),
    ).fetchall()
    border = target.full_from
    if len(rows) > _CHUNKS:
        # As far as these chunks go, but at least a day: the rest of that day is read, too.
        border = max(rows[_CHUNKS][0] // DAY_US, rows[0][0] // DAY_US + 1) * DAY_US
        rows = connection.execute(
            "SELECT start_us, data FROM chunks WHERE series = ? AND start_us < ? ORDER BY start_us",
            (series.id, border),
        ).fetchall()
    chunks = Chunks(connection, series.id, full)
    times: list[int] = []
    values: list[float] = []
    for start_us, data in rows:
        taken = chunks.take(start_us, data)
        if taken is not None:
            times += taken[0]
            values += taken[1]
    cut = bisect_left(times, border)
    if cut < len(times):
        chunks.insert(times[cut:], values[cut:])
    if cut:
        summaries = Summaries(connection, series.id)
        summaries.add_samples(times[:cut], values[:cut], Borders(border, min(target.minutes_from, border)))
    return cut, border
