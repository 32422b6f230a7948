"""Whether a store's file keeps its promises: every invariant, on the real file, without writing to it.

The invariants are worded for people in telemetry/texts under "store.invariant".
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from store.base import READINGS, StoreError
from store.embedded.bucket_codec import decode_buckets
from store.embedded.buckets import Bucket
from store.embedded.codec import decode
from store.embedded.database import VICTORIA_ID, open_for_reading, translated
from store.embedded.merge import is_increasing
from store.embedded.state import DOUBLE
from store.embedded.summaries import LEVELS, MINUTES, Borders, Level
from store.embedded.tail import unpack
from telemetry import invariants
from telemetry.invariants import Invariant

INVARIANTS = ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12")


@dataclass(slots=True)
class Report(invariants.Report):
    """What was found. `samples` are those in chunks, in summaries and in the tail."""

    wards: int = 0
    series: int = 0
    samples: int = 0
    events: int = 0


def verify(path: Path) -> Report:
    """Check every invariant of the store's file at `path`, which may be in use. Raises StoreError where it cannot be
    read at all."""
    connection = open_for_reading(path)
    try:
        with translated(path):
            report = Report(str(path), {name: Invariant(name) for name in INVARIANTS})
            connection.execute("BEGIN")  # one view of the file, while a store may be writing to it
            sound = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            report.invariants["S1"].check(sound == ["ok"], lambda: "; ".join(sound[:5]))
            if report.ok:  # what a damaged file says of the rest would mislead
                _Audit(connection, report).run()
            return report
    finally:
        connection.close()


@dataclass(slots=True)
class _Series:
    id: int
    ward: int
    packed_through: int
    last: tuple[int, bytes] | None
    borders: Borders


class _Audit:
    """One pass over a store's file, within the reader's transaction."""

    def __init__(self, connection: sqlite3.Connection, report: Report) -> None:
        self._db = connection
        self._report = report
        self._rules = report.invariants
        self._series = {
            id: _Series(id, ward, through, _sample(last_us, last_value), Borders(*borders))
            for id, ward, through, last_us, last_value, *borders in connection.execute(
                "SELECT id, ward, packed_through, last_us, last_value, full_from_us, minutes_from_us FROM series"
            )
        }
        self._newest: dict[int, tuple[int, bytes]] = {}  # of what is packed
        self._held: dict[int, int] = {}  # samples by ward
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        self._elsewhere = kind == VICTORIA_ID  # VictoriaMetrics has the samples that it can keep
        self._again: set[int] = set()  # wards that were asked again for what VictoriaMetrics lost
        if self._elsewhere:
            again = connection.execute("SELECT id FROM wards WHERE name IN (SELECT ward FROM taken_back)")
            self._again = {id for (id,) in again}
            self._held = dict(connection.execute("SELECT id, samples_shipped FROM shipped").fetchall())

    def run(self) -> None:
        self._references()
        self._chunks()
        self._summaries()
        self._newest_noted()
        self._set_aside()
        self._tail()
        self._counters()
        self._positions()
        self._events()
        self._report.series = len(self._series)
        self._report.samples = sum(self._held.values())

    def _references(self) -> None:
        for table, column, other in (
            ("series", "ward", "wards"),
            ("incarnations", "ward", "wards"),
            ("chunks", "series", "series"),
            ("summaries", "series", "series"),
            ("set_aside", "series", "series"),
            ("positions", "incarnation", "incarnations"),
            ("events", "incarnation", "incarnations"),
        ):
            for (id,) in self._db.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall():
                found = self._db.execute(f"SELECT 1 FROM {other} WHERE id = ?", (id,)).fetchone()
                words = f"{table} name {id}, which is not among the {other}"
                self._rules["S10"].check(found is not None, words.__str__)

    def _chunks(self) -> None:
        rows = self._db.execute("SELECT series, start_us, end_us, count, data FROM chunks ORDER BY series, start_us")
        for id, chunks in groupby(rows, key=itemgetter(0)):
            before: int | None = None
            for _, start_us, end_us, count, data in chunks:
                place = f"the chunk of series {id} from {start_us}"
                self._rules["S3"].check(before is None or start_us > before, f"{place} overlaps".__str__)
                before = end_us
                last = self._chunk(place, start_us, end_us, count, data)
                if last is not None:
                    self._newest[id] = last
                if id in self._series:
                    self._count(self._series[id].ward, count)
                    self._rules["S12"].check(
                        self._elsewhere or start_us >= self._series[id].borders.full_from,
                        f"{place} is of a time that is summarised".__str__,
                    )

    def _summaries(self) -> None:
        rows = self._db.execute(
            "SELECT series, level, span, end_us, samples, data FROM summaries ORDER BY series, span"
        )
        for id, number, span, end_us, samples, data in rows:
            place = f"the summary {number} of series {id}, span {span}"
            level = next((each for each in LEVELS if each.number == number), None)
            self._rules["S11"].check(level is not None, f"{place} is of no level known".__str__)
            series = self._series.get(id)
            if level is None or series is None:
                continue
            self._count(series.ward, samples)
            try:
                buckets = decode_buckets(data, level.width_us)
            except StoreError as error:
                self._rules["S11"].check(False, f"{place}: {error}".__str__)
                continue
            said = (max(each.last_us for each in buckets.values()), sum(each.samples for each in buckets.values()))
            sound = all(_is_sound(level, span, *each) for each in buckets.items())
            self._rules["S11"].check(sound and said == (end_us, samples), f"{place} is not what it says".__str__)
            apart = _lies_within(level, buckets, series.borders)
            self._rules["S12"].check(apart, f"{place} is beyond its border".__str__)
            if end_us > self._newest.get(id, (end_us - 1,))[0]:
                last = max(buckets.values(), key=lambda each: each.last_us)
                self._newest[id] = last.last_us, DOUBLE.pack(last.last)

    def _newest_noted(self) -> None:
        for series in self._series.values():
            found = self._newest.get(series.id)
            words = f"series {series.id} names {series.last} as newest, what is packed {found}"
            holds = self._elsewhere or series.last == found or _only_by_sign(series.last, found)
            self._rules["S5"].check(holds, words.__str__)

    def _chunk(self, place: str, start_us: int, end_us: int, count: int, data: bytes) -> tuple[int, bytes] | None:
        """Check one chunk; its newest sample, or None where it cannot be read."""
        try:
            times, values = decode(data, start_us)
        except StoreError as error:
            self._rules["S2"].check(False, f"{place}: {error}".__str__)
            return None
        fits = (times[0], times[-1], len(times), len(values)) == (start_us, end_us, count, count)
        self._rules["S2"].check(fits, f"{place} is not what its row says".__str__)
        self._rules["S3"].check(is_increasing(times), f"{place} is out of order".__str__)
        return times[-1], DOUBLE.pack(values[-1])

    def _set_aside(self) -> None:
        for id, start_us, count in self._db.execute("SELECT series, start_us, count FROM set_aside"):
            words = f"the chunk of series {id} from {start_us} was damaged and is set aside"
            self._rules["S2"].check(False, words.__str__)
            if id in self._series:
                self._count(self._series[id].ward, count)

    def _tail(self) -> None:
        for row, data in self._db.execute("SELECT id, data FROM tail ORDER BY id"):
            try:
                samples = list(unpack(data))
            except StoreError as error:
                self._rules["S4"].check(False, f"row {row}: {error}".__str__)
                continue
            readable = not any(math.isnan(value) for _, _, value in samples)
            self._rules["S4"].check(readable, f"row {row} holds what is not a number".__str__)
            for id, _, _ in samples:
                series = self._series.get(id)
                if series is not None and row > series.packed_through:
                    self._count(series.ward, 1)

    def _count(self, ward: int, samples: int) -> None:
        self._held[ward] = self._held.get(ward, 0) + samples

    def _counters(self) -> None:
        for id, name, committed, merged, pruned, events, events_pruned in self._db.execute(
            "SELECT id, name, samples_committed, samples_merged, samples_pruned, events_committed, events_pruned"
            " FROM wards"
        ).fetchall():
            self._report.wards += 1
            held = self._held.get(id, 0)
            words = f"{name}: {committed} committed, {merged} merged, {pruned} pruned, but {held} held"
            self._rules["S6"].check(committed - merged - pruned == held, words.__str__)
            (there,) = self._db.execute("SELECT count(*) FROM events WHERE ward = ?", (id,)).fetchone()
            words = f"{name}: {events} events committed, {events_pruned} pruned, but {there} held"
            self._rules["S9"].check(events - events_pruned == there, words.__str__)
            self._report.events += there

    def _positions(self) -> None:
        rows = self._db.execute("SELECT incarnation, first, last FROM positions ORDER BY incarnation, first")
        for id, intervals in groupby(rows, key=itemgetter(0)):
            for words, holds in _disjoint(intervals):
                self._rules["S7"].check(holds, f"incarnation {id}: {words}".__str__)

    def _events(self) -> None:
        rows = self._db.execute(
            "SELECT e.incarnation, e.position, e.payload, i.ward, e.ward = i.ward, count(*), ("
            " SELECT p.last FROM positions AS p WHERE p.incarnation = e.incarnation AND p.first <= e.position"
            " ORDER BY p.first DESC LIMIT 1)"
            " FROM events AS e JOIN incarnations AS i ON i.id = e.incarnation GROUP BY e.incarnation, e.position"
        )
        for incarnation, position, payload, ward, same_ward, times, held_to in rows:
            held = held_to is not None and position <= held_to
            asked_again = payload == READINGS and ward in self._again  # for its samples
            holds = bool(same_ward) and times == 1 and (held or asked_again)
            words = f"the event at {position} of incarnation {incarnation} is not held once by its own ward"
            self._rules["S8"].check(holds, words.__str__)


def _sample(time_us: int | None, value: bytes | None) -> tuple[int, bytes] | None:
    return None if time_us is None or value is None else (time_us, value)


def _only_by_sign(one: tuple[int, bytes] | None, other: tuple[int, bytes] | None) -> bool:
    """A negative zero becomes zero in a summary."""
    return (
        one is not None
        and other is not None
        and (one[0], *DOUBLE.unpack(one[1]))
        == (
            other[0],
            *DOUBLE.unpack(other[1]),
        )
    )


def _is_sound(level: Level, span: int, number: int, bucket: Bucket) -> bool:
    in_span = number * level.width_us // level.span_us == span
    in_bucket = bucket.last_us // level.width_us == number
    finite = 0 <= bucket.infinite < bucket.samples
    mean = not finite or bucket.infinite > 0 or bucket.low <= bucket.mean <= bucket.high
    return in_span and in_bucket and bucket.samples >= 1 and mean and bucket.low <= bucket.last <= bucket.high


def _lies_within(level: Level, buckets: dict[int, Bucket], borders: Borders) -> bool:
    first, last = min(buckets) * level.width_us, (max(buckets) + 1) * level.width_us
    least, most = (borders.minutes_from, borders.full_from) if level is MINUTES else (None, borders.minutes_from)
    return (least is None or first >= least) and last <= most


def _disjoint(intervals: Iterator[tuple[int, int, int]]) -> Iterator[tuple[str, bool]]:
    before = -2
    for _, first, last in intervals:
        yield f"{first}..{last} after {before}", 0 <= first <= last and first > before + 1
        before = last
