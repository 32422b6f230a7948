"""What is older than its retention goes, a few series or events at a time.

Samples go by whole chunks and summaries by whole spans: one that holds a single sample young enough stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from store.embedded.state import SeriesState

SERIES_PER_STEP = 64


@dataclass(slots=True)
class PrunedSeries:
    """What goes of one series; `all` when nothing of it remains and it is forgotten."""

    series: SeriesState
    samples: int = 0
    all: bool = False


def prune_series(
    connection: sqlite3.Connection, step: Sequence[SeriesState], cutoff_us: int, *, all_here: bool = True
) -> list[PrunedSeries]:
    """Delete chunks that end before `cutoff_us`; within the caller's transaction. `all_here`: a series without chunks
    has no newest sample. Raises sqlite3.Error."""
    pruned = []
    for series in step:
        outdated = series.last_us is not None and series.last_us < cutoff_us
        if outdated and series.times:
            continue  # old samples came just now; they are packed first, and go the next time
        gone = PrunedSeries(series, all=outdated)
        for table in ("chunks", "set_aside"):
            # A chunk that ends before the cutoff also starts before it, and only those are looked at.
            rows = connection.execute(
                f"DELETE FROM {table} WHERE series = ? AND start_us < ? AND end_us < ? RETURNING count",
                (series.id, cutoff_us, cutoff_us),
            )
            gone.samples += sum(count for (count,) in rows)
        rows = connection.execute(
            "DELETE FROM summaries WHERE series = ? AND end_us < ? RETURNING samples", (series.id, cutoff_us)
        )
        gone.samples += sum(samples for (samples,) in rows)
        if gone.samples:
            connection.execute(
                "UPDATE wards SET samples_pruned = samples_pruned + ? WHERE id = ?", (gone.samples, series.ward)
            )
        if gone.samples and all_here:
            connection.execute(
                "UPDATE series SET last_us = NULL, last_value = NULL"
                " WHERE id = :series AND NOT EXISTS (SELECT 1 FROM chunks WHERE series = :series)"
                " AND NOT EXISTS (SELECT 1 FROM summaries WHERE series = :series)",
                {"series": series.id},
            )
        if gone.all:
            connection.execute("DELETE FROM series WHERE id = ?", (series.id,))
        pruned.append(gone)
    return pruned


def prune_events(connection: sqlite3.Connection, ward: int, cutoff_us: int, limit: int) -> int:
    """Delete at most `limit` of a ward's events older than `cutoff_us`; how many went. Raises sqlite3.Error."""
    gone = connection.execute(
        "DELETE FROM events WHERE id IN ("
        "SELECT id FROM events WHERE ward = ? AND wall_time_us < ? ORDER BY wall_time_us LIMIT ?)",
        (ward, cutoff_us, limit),
    ).rowcount
    if gone:
        connection.execute("UPDATE wards SET events_pruned = events_pruned + ? WHERE id = ?", (gone, ward))
    return gone
