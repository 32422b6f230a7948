"""A stretch of one series out of its chunks."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left

from store.base import StoreError, StoreFault
from store.embedded.codec import decode
from store.embedded.events import clamp

# Chunks are disjoint, so at most one that begins before the stretch reaches into it: the last of those.
_CHUNKS = """
SELECT start_us, data FROM chunks WHERE series = :series AND start_us <= :last AND start_us >= coalesce(
    (SELECT start_us FROM chunks WHERE series = :series AND start_us <= :start ORDER BY start_us DESC LIMIT 1), :start)
ORDER BY start_us
"""


def select(connection: sqlite3.Connection, series: int, start_us: int, end_us: int) -> tuple[list[int], list[float]]:
    """Times and values with start <= time < end, oldest first. Raises sqlite3.Error, StoreError."""
    times: list[int] = []
    values: list[float] = []
    bounds = {"series": series, "start": clamp(start_us), "last": clamp(end_us - 1)}
    for chunk_start_us, data in connection.execute(_CHUNKS, bounds):
        try:
            chunk_times, chunk_values = decode(data, chunk_start_us)
        except StoreError as error:
            raise StoreError(
                f"series {series}, the chunk from {chunk_start_us}: {error}. Other series and times are as they should "
                "be; verify the store to see what else is damaged.",
                StoreFault.DAMAGED,
            ) from error
        times += chunk_times
        values += chunk_values
    first, last = bisect_left(times, start_us), bisect_left(times, end_us)
    return times[first:last], values[first:last]
