"""A stretch of one series out of the file: summaries, chunks, and what waits in the tail."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from store.base import Series, SeriesKey, StoreError, StoreFault
from store.embedded.bucket_codec import decode_buckets
from store.embedded.buckets import Bucket, buckets_of, join_into
from store.embedded.codec import decode
from store.embedded.events import clamp
from store.embedded.merge import is_increasing, merge
from store.embedded.summaries import HOURS, LEVELS, NO_BORDERS, Borders, Level, moment_of

# Chunks are disjoint, so at most one that begins before the stretch reaches into it: the last of those.
_CHUNKS = """
SELECT start_us, data FROM chunks WHERE series = :series AND start_us <= :last AND start_us >= coalesce(
    (SELECT start_us FROM chunks WHERE series = :series AND start_us <= :start ORDER BY start_us DESC LIMIT 1), :start)
ORDER BY start_us
"""
_SUMMARIES = "SELECT span, data FROM summaries WHERE series = ? AND level = ? AND span BETWEEN ? AND ? ORDER BY span"


@dataclass(frozen=True, slots=True)
class Tail:
    """What was in memory of a series, and through which row of the tail it was packed then."""

    times_us: Sequence[int]
    values: Sequence[float]
    packed_through: int


def read(
    connection: sqlite3.Connection, key: SeriesKey, id: int, tail: Tail, start_us: int, end_us: int, *, full: bool
) -> Series | None:
    """As `store.base.Store.history`, from file and tail; with `full` only what is not summarised. None where the tail
    has samples for a summary and was packed meanwhile: they would count twice. Raises sqlite3.Error, StoreError."""
    with _snapshot(connection):
        row = connection.execute(
            "SELECT packed_through, full_from_us, minutes_from_us FROM series WHERE id = ?", (id,)
        ).fetchone()
        borders = Borders(*row[1:]) if row and not full else NO_BORDERS
        late = [pair for pair in zip(tail.times_us, tail.values, strict=True) if pair[0] < borders.full_from]
        if late and row[0] != tail.packed_through:
            return None
        summarised = (
            _summarised(connection, id, borders, late, start_us, end_us) if start_us < borders.full_from else []
        )
        times, values = _in_chunks(connection, id, start_us, end_us)
    least = max(start_us, borders.full_from)
    times, values = _with_tail(times, values, tail, least, end_us)
    return _series(key, summarised, times, values)


def read_summaries(connection: sqlite3.Connection, key: SeriesKey, id: int, start_us: int, end_us: int) -> Series:
    """Only what is summarised in the file. Raises sqlite3.Error, StoreError."""
    with _snapshot(connection):
        found = _summarised(connection, id, NO_BORDERS, [], start_us, end_us)
    return _series(key, found, [], [])


def _series(key: SeriesKey, summarised: list[tuple[int, Bucket]], times: list[int], values: list[float]) -> Series:
    """Summaries, and the samples after them."""
    if not summarised:
        return Series(key, times, values)
    moments, buckets = zip(*summarised, strict=True)
    return Series(
        key,
        [*moments, *times],
        [*(bucket.mean for bucket in buckets), *values],
        [*(bucket.low for bucket in buckets), *values],
        [*(bucket.high for bucket in buckets), *values],
        [*(bucket.samples for bucket in buckets), *([1] * len(times))],
    )


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _in_chunks(
    connection: sqlite3.Connection, series: int, start_us: int, end_us: int
) -> tuple[list[int], list[float]]:
    times: list[int] = []
    values: list[float] = []
    bounds = {"series": series, "start": clamp(start_us), "last": clamp(end_us - 1)}
    for chunk_start_us, data in connection.execute(_CHUNKS, bounds):
        try:
            chunk_times, chunk_values = decode(data, chunk_start_us)
        except StoreError as error:
            raise _named(error, series, f"the chunk from {chunk_start_us}") from error
        times += chunk_times
        values += chunk_values
    first, last = bisect_left(times, start_us), bisect_left(times, end_us)
    return times[first:last], values[first:last]


def _summarised(
    connection: sqlite3.Connection,
    series: int,
    borders: Borders,
    late: list[tuple[int, float]],
    start_us: int,
    end_us: int,
) -> list[tuple[int, Bucket]]:
    """Moment and bucket of each whose moment lies in start..end, oldest first."""
    found: list[tuple[int, Bucket]] = []
    for level in LEVELS:
        buckets = _buckets(connection, series, level, start_us, end_us)
        more = [pair for pair in late if (level is HOURS) == (pair[0] < borders.minutes_from)]
        if more:
            times, values = merge((), (), *zip(*more, strict=True))
            join_into(buckets, buckets_of(times, values, level.width_us))
        moments = ((moment_of(level, number, bucket), bucket) for number, bucket in buckets.items())
        found += [pair for pair in moments if start_us <= pair[0] < end_us]
    return sorted(found, key=lambda pair: pair[0])


def _buckets(
    connection: sqlite3.Connection, series: int, level: Level, start_us: int, end_us: int
) -> dict[int, Bucket]:
    found: dict[int, Bucket] = {}
    spans = clamp(start_us // level.span_us), clamp((end_us - 1) // level.span_us)
    for span, data in connection.execute(_SUMMARIES, (series, level.number, *spans)):
        try:
            found.update(decode_buckets(data, level.width_us))
        except StoreError as error:
            raise _named(error, series, f"the summary from {span * level.span_us}") from error
    return found


def _with_tail(
    times: list[int], values: list[float], tail: Tail, start_us: int, end_us: int
) -> tuple[list[int], list[float]]:
    wanted = [pair for pair in zip(tail.times_us, tail.values, strict=True) if start_us <= pair[0] < end_us]
    if not wanted:
        return times, values
    more_times, more_values = map(list, zip(*wanted, strict=True))
    if (times and times[-1] >= more_times[0]) or not is_increasing(more_times):
        return merge(times, values, more_times, more_values)
    return times + more_times, values + more_values


def _named(error: StoreError, series: int, place: str) -> StoreError:
    return StoreError(
        f"series {series}, {place}: {error}. Other series and times are as they should be; verify the store to see "
        "what else is damaged.",
        StoreFault.DAMAGED,
    )
