"""The invariants of a journal, checked entry by entry in the order of writing.

Where entries were pruned, what they would have shown cannot be checked any more; `checked` tells how often an
invariant could be.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from functools import partial

from journal import spans
from journal.database import COMMITTED, LOST, place
from journal.merkle import Tree
from telemetry import invariants
from telemetry.entry import Checkpoint, EntryError, Lifecycle, LifecycleEvent, Readings, Tombstone, decode, leaf_hash
from telemetry.intervals import IntervalSet

INVARIANTS = ("J1", "J2", "J3", "J4", "J5", "J6", "J7", "J8", "J9")

_ALL = "SELECT id, wall_us, entry, 0 FROM readings UNION ALL SELECT id, wall_us, entry, 1 FROM others ORDER BY id"
_READINGS, _OTHERS = 0, 1


@dataclass(slots=True)
class Report(invariants.Report):
    """What was found. `entries` and `readings` are those held and read now."""

    incarnations: int = 0
    entries: int = 0
    readings: int = 0


@dataclass(slots=True)
class _Passing:
    """One incarnation while its entries pass by. `tree` holds the leaves since the last checkpoint, and is None
    when one of them is not held; `point` is the place and leaf hash of that checkpoint (0 before the first)."""

    number: int
    name: bytes
    head: int
    head_hash: bytes
    gone_readings: int
    gone_others: int
    excused: IntervalSet = field(kw_only=True)
    last: int = 0
    last_hash: bytes = b""
    missing: IntervalSet = field(default_factory=IntervalSet)
    count: int = 0
    tree: Tree | None = field(default_factory=Tree)
    point: tuple[int, bytes] = (0, b"")

    @property
    def label(self) -> str:
        return self.name.hex()[:8]


class Audit:
    """One pass over a journal's file, within the reader's transaction."""

    def __init__(self, connection: sqlite3.Connection, report: Report) -> None:
        self._db = connection
        self._report = report
        self._rules = report.invariants
        rows = connection.execute(
            "SELECT number, incarnation, head, head_hash, gone_readings, gone_others FROM incarnations ORDER BY number"
        ).fetchall()
        self._passing = {row[0]: _Passing(*row, excused=self._excused(row[0])) for row in rows}
        self._complete = [row[0] for row in rows] == list(range(1, len(rows) + 1))  # none was forgotten
        self._point: bytes | None = b"" if self._complete else None  # newest checkpoint; None: it may be one not held
        self._named: dict[bytes, IntervalSet] = {}  # by tombstones

    def _excused(self, number: int) -> IntervalSet:
        either = spans.load(self._db, number, COMMITTED)
        either.update(spans.load(self._db, number, LOST))
        return either

    def run(self) -> None:
        """Check everything but J1, which is the file's."""
        rows = iter(self._db.execute(_ALL))
        row = next(rows, None)
        for incarnation in self._passing.values():
            while row is not None and place(row[0])[0] == incarnation.number:
                self._entry(incarnation, *row)
                row = next(rows, None)
            self._end(incarnation)
        self._rules["J2"].check(row is None, lambda: "there are entries of an incarnation that is not listed")
        self._report.incarnations = len(self._passing)
        self._losses()
        self._totals()

    def _entry(self, incarnation: _Passing, identity: int, wall_us: int, data: bytes, table: int) -> None:
        position = place(identity)[1]
        self._report.entries += 1
        self._skip(incarnation, position - 1)
        where = f"{incarnation.label}:{position}"
        leaf = leaf_hash(data)
        try:
            entry = decode(data)
        except EntryError as error:
            self._rules["J2"].refute(f"{where} {error}")
        else:
            readings = isinstance(entry.payload, Readings)
            self._rules["J2"].check(
                entry.incarnation == incarnation.name
                and (entry.position, entry.wall_time_us) == (position, wall_us)
                and readings == (table == _READINGS),
                lambda: f"{where} lies in another entry's place",
            )
            self._payload(incarnation, position, entry.payload, leaf)
        if incarnation.tree is not None:
            incarnation.tree.add(leaf)
        incarnation.last, incarnation.last_hash = position, leaf
        incarnation.count += 1

    def _payload(self, incarnation: _Passing, position: int, payload: object, leaf: bytes) -> None:
        if isinstance(payload, Readings):
            self._report.readings += len(payload.readings)
        elif isinstance(payload, Checkpoint):
            self._checkpoint(incarnation, position, payload, leaf)
        elif isinstance(payload, Tombstone):
            named = self._named.setdefault(payload.incarnation, IntervalSet())
            for first, last in payload.ranges:
                named.add(first, max(first, last))
        started = isinstance(payload, Lifecycle) and payload.event == LifecycleEvent.STARTED
        self._rules["J4"].check(
            started == (position == 1), lambda: f"{incarnation.label}:{position} begins in the wrong place"
        )
        if isinstance(payload, Lifecycle) and position == 1:
            self._predecessor(incarnation, payload)

    def _skip(self, incarnation: _Passing, until: int) -> None:
        """Positions before `until` that did not come are not held; that must have its reason."""
        first = incarnation.last + 1
        if first > until:
            return
        incarnation.missing.add(first, until)
        incarnation.tree = None
        self._point = None
        holes = list(incarnation.excused.missing(first, until))
        self._rules["J3"].check(not holes, lambda: f"{incarnation.label}: {holes[:5]} are not there, and none says why")

    def _predecessor(self, incarnation: _Passing, started: Lifecycle) -> None:
        told = (started.previous_incarnation, started.previous_position, started.previous_hash)
        before = self._passing.get(incarnation.number - 1)
        if before is not None:
            was = (before.name, before.head, before.head_hash)
        elif incarnation.number == 1:
            was = (b"", 0, b"")
        else:
            return  # all of it was pruned
        self._rules["J4"].check(told == was, lambda: f"{incarnation.label} names another predecessor than the file")

    def _checkpoint(self, incarnation: _Passing, position: int, point: Checkpoint, leaf: bytes) -> None:
        where = f"the checkpoint {incarnation.label}:{position}"
        before_at, before_hash = incarnation.point
        first = point.first_position
        gap = first > 1 and first in incarnation.missing  # the checkpoint before lay there, and is not held
        self._rules["J5"].check(
            point.last_position == position - 1 and (gap or first == max(before_at, 1)),
            lambda: f"{where} covers {first}..{point.last_position}",
        )
        if incarnation.tree is not None and not gap:
            root = incarnation.tree.root()
            self._rules["J6"].check(root == point.root, lambda: f"{where} has another root than its entries")
        if first > 1 and not gap:
            self._rules["J7"].check(point.previous == before_hash, lambda: f"{where} names another before it")
        elif first == 1 and self._point is not None:
            newest = self._point
            self._rules["J7"].check(point.previous == newest, lambda: f"{where} names another before it")
        incarnation.tree = Tree()
        incarnation.point = (position, leaf)
        self._point = leaf

    def _end(self, incarnation: _Passing) -> None:
        newest, newest_hash = incarnation.last, incarnation.last_hash
        self._skip(incarnation, incarnation.head)
        gone = incarnation.gone_readings + incarnation.gone_others
        self._rules["J3"].check(
            newest <= incarnation.head and incarnation.count + gone == incarnation.head,
            lambda: f"{incarnation.label}: {incarnation.count} held and {gone} pruned are not {incarnation.head}",
        )
        self._rules["J3"].check(
            newest != incarnation.head or newest_hash == incarnation.head_hash,
            lambda: f"{incarnation.label}: the newest entry is not the one that was written",
        )
        claimed = spans.load(self._db, incarnation.number, COMMITTED)
        beyond = any(last > incarnation.head for _, last in claimed)
        self._rules["J9"].check(not beyond, lambda: f"{incarnation.label}: the district has more than was written")

    def _losses(self) -> None:
        others_gone = not self._complete or any(item.gone_others for item in self._passing.values())
        for incarnation in self._passing.values():
            named = self._named.get(incarnation.name, IntervalSet())
            lost = spans.load(self._db, incarnation.number, LOST)
            unnamed = [hole for first, last in lost for hole in named.missing(first, last)]
            # Tombstones themselves are pruned in the end.
            self._rules["J8"].check(
                not unnamed or others_gone, partial(_words, incarnation, "no tombstone names what was lost:", unnamed)
            )
            held = [hole for first, last in named for hole in incarnation.missing.missing(first, last)]
            self._rules["J8"].check(not held, partial(_words, incarnation, "held, but named by a tombstone:", held))
            kept = [hole for first, last in named for hole in lost.missing(first, last)]
            self._rules["J8"].check(not kept, partial(_words, incarnation, "a tombstone, but no loss:", kept))

    def _totals(self) -> None:
        entries, readings, lost = self._db.execute("SELECT entries, readings, lost FROM totals").fetchone()
        heads = sum(item.head for item in self._passing.values())
        losses = sum(len(spans.load(self._db, number, LOST)) for number in self._passing)
        gone = not self._complete or any(item.gone_readings for item in self._passing.values())
        held = self._report.readings
        self._rules["J9"].check(
            (entries == heads and lost == losses) if self._complete else (entries >= heads and lost >= losses),
            lambda: f"the totals say {entries} entries and {lost} lost, the file {heads} and {losses}",
        )
        self._rules["J9"].check(
            readings >= held if gone else readings == held,
            lambda: f"the totals say {readings} readings, the file holds {held}",
        )


def _words(incarnation: _Passing, what: str, ranges: list[tuple[int, int]]) -> str:
    return f"{incarnation.label}: {what} {ranges[:5]}"
