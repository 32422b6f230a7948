"""The summaries of one series in the file: by five minutes, and by the hour.

They lie in spans of fixed length, so where a bucket belongs does not depend on what came before it.
"""

from __future__ import annotations

import logging
import sqlite3
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from store.base import StoreError
from store.embedded.bucket_codec import decode_buckets, encode_buckets
from store.embedded.buckets import Bucket, buckets_of, coarser, join_into
from store.embedded.database import LEAST_INTEGER
from store.embedded.events import clamp

log = logging.getLogger(__name__)

_DOUBLE = struct.Struct("<d")
_MINUTE_US, DAY_US = 60_000_000, 86_400_000_000


@dataclass(frozen=True, slots=True)
class Level:
    """How wide its buckets are, and how many of them lie in one row."""

    number: int
    width_us: int
    span_us: int


MINUTES = Level(1, 5 * _MINUTE_US, DAY_US)
HOURS = Level(2, 60 * _MINUTE_US, 16 * DAY_US)
LEVELS = (MINUTES, HOURS)
_PER_HOUR = HOURS.width_us // MINUTES.width_us


@dataclass(frozen=True, slots=True)
class Borders:
    """µs; samples before `full_from` are summarised, those before `minutes_from` by the hour. Both are midnights UTC,
    or the beginning of all time."""

    full_from: int
    minutes_from: int


NO_BORDERS = Borders(LEAST_INTEGER, LEAST_INTEGER)


class Summaries:
    """Calls are made within the caller's transaction, and raise sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection, series: int) -> None:
        self._db = connection
        self._series = series

    def add_samples(self, times_us: Sequence[int], values: Sequence[float], borders: Borders) -> None:
        """Samples before `borders.full_from`, times strictly increasing."""
        for level, buckets in _by_level(times_us, values, borders):
            self.add(level, buckets)

    def add(self, level: Level, buckets: dict[int, Bucket]) -> None:
        """Join them to what is there."""
        for span, more in _by_span(level, buckets).items():
            row = self._db.execute(
                "SELECT data FROM summaries WHERE series = ? AND level = ? AND span = ?",
                (self._series, level.number, span),
            ).fetchone()
            held = self._read(level, span, row[0]) if row else {}
            join_into(held, more)
            self._db.execute(
                "INSERT OR REPLACE INTO summaries VALUES (?, ?, ?, ?, ?, ?)", (self._series, *_row(level, span, held))
            )

    def to_hours(self, before_us: int, limit: int) -> int | None:
        """Join five-minute buckets before `before_us` (a midnight) to hours, at most `limit` days of them. Returns the
        new border where some remain, else None."""
        end = before_us // MINUTES.span_us
        rows = self._db.execute(
            "SELECT span, data FROM summaries WHERE series = ? AND level = ? AND span < ? ORDER BY span LIMIT ?",
            (self._series, MINUTES.number, end, limit + 1),
        ).fetchall()
        hours: dict[int, Bucket] = {}
        for span, data in rows[:limit]:
            join_into(hours, coarser(self._read(MINUTES, span, data), _PER_HOUR))
            self._db.execute(
                "DELETE FROM summaries WHERE series = ? AND level = ? AND span = ?",
                (self._series, MINUTES.number, span),
            )
        if hours:
            self.add(HOURS, hours)
        return rows[limit][0] * MINUTES.span_us if len(rows) > limit else None

    def _read(self, level: Level, span: int, data: bytes) -> dict[int, Bucket]:
        """Nothing where it is damaged: then it is set aside, since it must not keep others from their place."""
        try:
            return decode_buckets(data, level.width_us)
        except StoreError as error:
            log.error("series %d, the summary of span %d: %s", self._series, span, error)
        self._db.execute(
            "INSERT INTO set_aside SELECT series, ?, end_us, samples, data FROM summaries"
            " WHERE series = ? AND level = ? AND span = ?",
            (clamp(span * level.span_us), self._series, level.number, span),
        )
        self._db.execute(
            "DELETE FROM summaries WHERE series = ? AND level = ? AND span = ?", (self._series, level.number, span)
        )
        return {}


Row = tuple[int, int, int, int, bytes]  # level, span, end_us, samples, data


def _by_level(
    times_us: Sequence[int], values: Sequence[float], borders: Borders
) -> Iterator[tuple[Level, dict[int, Bucket]]]:
    middle = bisect_left(times_us, borders.minutes_from)
    for level, part in ((HOURS, slice(0, middle)), (MINUTES, slice(middle, None))):
        if times_us[part]:
            yield level, buckets_of(times_us[part], values[part], level.width_us)


def _by_span(level: Level, buckets: dict[int, Bucket]) -> dict[int, dict[int, Bucket]]:
    spans: dict[int, dict[int, Bucket]] = {}
    for number, bucket in buckets.items():
        spans.setdefault(number * level.width_us // level.span_us, {})[number] = bucket
    return spans


def _row(level: Level, span: int, buckets: dict[int, Bucket]) -> Row:
    end_us = max(bucket.last_us for bucket in buckets.values())
    samples = sum(bucket.samples for bucket in buckets.values())
    return level.number, span, end_us, samples, encode_buckets(buckets, level.width_us)


@dataclass(frozen=True, slots=True)
class Summarised:
    """The summaries of a series, to be brought to another store."""

    borders: Borders
    last_us: int
    last: float
    rows: list[Row]

    @property
    def samples(self) -> int:
        return sum(row[3] for row in self.rows)


def summarised_of(connection: sqlite3.Connection, series: int) -> Summarised | None:
    """Raises sqlite3.Error, StoreError."""
    borders = connection.execute("SELECT full_from_us, minutes_from_us FROM series WHERE id = ?", (series,)).fetchone()
    rows = connection.execute(
        "SELECT level, span, end_us, samples, data FROM summaries WHERE series = ? ORDER BY level, span", (series,)
    ).fetchall()
    return with_newest(Borders(*borders), rows) if rows else None


def with_late(summarised: Summarised, stretches: Iterable[tuple[Sequence[int], Sequence[float]]]) -> Summarised:
    """With samples from before the border that came after it was drawn, each stretch in order of time: what a store
    that summarises them would have made of them. Raises StoreError where a summary that they belong to is damaged."""
    rows = {(row[0], row[1]): row for row in summarised.rows}
    late: dict[Level, dict[int, Bucket]] = {level: {} for level in LEVELS}
    for times_us, values in stretches:
        for level, buckets in _by_level(times_us, values, summarised.borders):
            join_into(late[level], buckets)
    for level, buckets in late.items():
        for span, more in _by_span(level, buckets).items():
            row = rows.get((level.number, span))
            held = decode_buckets(row[-1], level.width_us) if row else {}
            join_into(held, more)
            rows[level.number, span] = _row(level, span, held)
    return with_newest(summarised.borders, [rows[place] for place in sorted(rows)])


def with_newest(borders: Borders, rows: list[Row]) -> Summarised:
    """Raises StoreError where a row is damaged."""
    widths = {level.number: level.width_us for level in LEVELS}
    level, _, _, _, data = max(rows, key=lambda row: row[2])
    newest = max(decode_buckets(data, widths[level]).values(), key=lambda each: each.last_us)
    return Summarised(borders, newest.last_us, newest.last, rows)


def adopt(connection: sqlite3.Connection, series: int, summarised: Summarised) -> None:
    """Into a series that has none; within a transaction. Raises sqlite3.Error."""
    connection.executemany(
        "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?)", [(series, *row) for row in summarised.rows]
    )
    connection.execute(
        "UPDATE series SET full_from_us = ?, minutes_from_us = ? WHERE id = ?",
        (summarised.borders.full_from, summarised.borders.minutes_from, series),
    )
    connection.execute(
        "UPDATE series SET last_us = ?, last_value = ? WHERE id = ? AND (last_us IS NULL OR last_us < ?)",
        (summarised.last_us, _DOUBLE.pack(summarised.last), series, summarised.last_us),
    )


def moment_of(level: Level, number: int, bucket: Bucket) -> int:
    """Where it stands in time: in the middle; what is one sample, at its own time."""
    return bucket.last_us if bucket.samples == 1 else number * level.width_us + level.width_us // 2
