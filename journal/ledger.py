"""One incarnation's part of the file: gives entries their place and writes them, a transaction at a time.

Used by one thread, the writer's; `state` and `incarnation` may be read by any. Everything that a transaction changes
is worked out on a copy of the state, which becomes the state only when the commit returned.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from journal import database, pruning, spans
from journal.database import COMMITTED, POSITION_BITS, TABLES, row_id
from journal.merkle import Tree
from journal.model import Durable, Held
from journal.waiting import Item
from telemetry.clock import Clock
from telemetry.entry import (
    INCARNATION_BYTES,
    Checkpoint,
    Lifecycle,
    LifecycleEvent,
    Payload,
    Stamp,
    Tombstone,
    encode_content,
    encode_place,
    leaf_hash,
)
from telemetry.intervals import IntervalSet
from telemetry.sqlite_files import DamagedError

log = logging.getLogger(__name__)

_RANGES_IN_A_TOMBSTONE = 8_000  # 24 bytes each at most: well within one entry
_FREE_SHARE = 0.05  # more free pages than this are given back to the disk; fewer are soon used again
_VACUUM_PAGES = 1_000


def stamp(clock: Clock) -> Stamp:
    """Now, by the ward's clocks."""
    return Stamp(clock.wall_us(), clock.boot_id(), round(clock.monotonic() * 1e6), clock.state())


@dataclass(slots=True)
class State:
    """What is durable. `tree` holds the entries after `covered`, the last position under a checkpoint; `checkpoint`
    is the leaf hash of the newest checkpoint entry, of whatever incarnation; the rest are totals of the file."""

    checkpoint: bytes
    entries: int
    readings: int
    lost: int
    dropped: int
    head: int = 0
    head_hash: bytes = b""
    covered: int = 0
    tree: Tree = field(default_factory=Tree)


class Change:
    """What one transaction will have written."""

    def __init__(self, state: State, number: int, incarnation: bytes) -> None:
        self.state = replace(state, tree=state.tree.copy())
        self.rows: dict[str, list[tuple[int, int, bytes]]] = {table: [] for table in TABLES}
        self.entries: list[bytes] = []
        self._number = number
        self._incarnation = incarnation

    def add(self, wall_us: int, content: bytes, readings: int | None) -> bytes:
        """Give an entry the next position; returns its leaf hash."""
        state = self.state
        state.head += 1
        entry = encode_place(self._incarnation, state.head) + content
        state.head_hash = leaf_hash(entry)
        state.tree.add(state.head_hash)
        state.entries += 1
        state.readings += readings or 0
        table = TABLES[1] if readings is None else TABLES[0]
        self.rows[table].append((row_id(self._number, state.head), wall_us, entry))
        self.entries.append(entry)
        return state.head_hash


class Ledger:
    """The writing side of the file, and the place of the current incarnation in it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Clock) -> None:
        """Raises sqlite3.Error where the file's own accounts cannot be read."""
        self._path = path
        self._db = connection
        self._clock = clock
        self._registered = False
        self.incarnation = os.urandom(INCARNATION_BYTES)
        before = connection.execute(
            "SELECT number, incarnation, head, head_hash FROM incarnations ORDER BY number DESC LIMIT 1"
        ).fetchone()
        self.number = before[0] + 1 if before else 1
        self._previous: tuple[bytes, int, bytes] = before[1:] if before else (b"", 0, b"")
        totals = connection.execute("SELECT checkpoint, entries, readings, lost, dropped FROM totals").fetchone()
        if totals is None:
            raise DamagedError("the totals are empty")
        if not 0 <= self._previous[1] < 1 << POSITION_BITS:
            raise DamagedError(f"the newest position is {self._previous[1]}")
        self.state = State(*totals)

    def started(self, agent_version: str) -> Lifecycle:
        """The first entry: it names where the journal ended before."""
        return Lifecycle(LifecycleEvent.STARTED, agent_version, *self._previous)

    def commit(
        self,
        items: Sequence[Item],
        committed: Mapping[bytes, IntervalSet],
        taken_back: Mapping[bytes, IntervalSet] | None = None,
    ) -> Durable | None:
        """Make entries durable, and with them what the district said it no longer has, and then what it has. Raises
        sqlite3.Error: nothing is."""
        with self._transaction() as change:
            for item in items:
                change.add(item.wall_us, item.content, item.readings)
            for incarnation, positions in (taken_back or {}).items():
                self._unmark(incarnation, positions)
            for incarnation, positions in committed.items():
                self._mark(change, incarnation, positions)
        return self._durable(change)

    def checkpoint(self, last: Lifecycle | None = None) -> Durable | None:
        """Prove the entries since the last checkpoint with a new one; `last` is written after it, if given. A
        checkpoint alone since then is not worth another."""
        with self._transaction() as change:
            state = change.state
            if state.tree.size > 1 or (state.tree.size == 1 and state.covered == 0):
                point = Checkpoint(state.covered + 1, state.head, state.tree.root(), state.checkpoint)
                state.tree, state.covered = Tree(), state.head
                state.checkpoint = self._add(change, point)
            if last is not None:
                self._add(change, last)
        return self._durable(change)

    def prune_by_age(self, readings_before_us: int, others_before_us: int) -> bool:
        """Remove what the district has and is older (wall time, µs). Whether there is more of it."""
        with self._transaction():
            removed = pruning.by_age(self._db, readings_before_us, others_before_us)
            pruning.forget_empty(self._db, self.number)
        return removed.more

    def prune_for_room(self, most_bytes: int) -> tuple[Durable | None, bool]:
        """Remove until the file fits; what is lost by it is named in tombstones. And whether there is more to do."""
        with self._transaction() as change:
            removed = pruning.for_room(self._db, most_bytes)
            change.state.lost += pruning.note_lost(self._db, removed)
            for number, positions in removed.lost.items():
                incarnation = self._name_of(number)
                ranges = tuple(positions)
                for at in range(0, len(ranges), _RANGES_IN_A_TOMBSTONE):
                    self._add(change, Tombstone(incarnation, ranges[at : at + _RANGES_IN_A_TOMBSTONE], "journal_full"))
            pruning.forget_empty(self._db, self.number)
        return self._durable(change), removed.more

    def give_back(self) -> bool:
        """Return some free pages to the disk where there are many. Whether there are more."""
        pages = int(self._db.execute("PRAGMA page_count").fetchone()[0])
        free = int(self._db.execute("PRAGMA freelist_count").fetchone()[0])
        if free < pages * _FREE_SHARE:
            return False
        # As a script: `execute` would stop after the first page, since this pragma brings no columns.
        self._db.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES});")
        if free <= _VACUUM_PAGES:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()  # the file itself shrinks only now
        return free > _VACUUM_PAGES

    def used_bytes(self) -> int:
        """The size of the pages in use."""
        return pruning.used_bytes(self._db)

    def note_dropped(self, entries: int) -> None:
        """Entries that never became durable; the next commit writes the total down."""
        self.state = replace(self.state, dropped=self.state.dropped + entries)

    def close(self) -> None:
        try:
            # The file alone is the journal then: what is left in a WAL would spoil a backup put in its place.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            log.warning("%s: closed without moving its last commits into the file: %s", self._path, error)
        self._db.close()

    def _add(self, change: Change, payload: Payload) -> bytes:
        now = stamp(self._clock)
        return change.add(now.wall_time_us, encode_content(now, "", "", payload), None)

    def _durable(self, change: Change) -> Durable | None:
        if not change.entries:
            return None
        return Durable(self.incarnation, change.state.head - len(change.entries) + 1, change.entries)

    def _mark(self, change: Change, incarnation: bytes, positions: IntervalSet) -> None:
        row = self._db.execute("SELECT number, head FROM incarnations WHERE incarnation = ?", (incarnation,)).fetchone()
        if row is None:
            log.info("the district has entries of incarnation %s, of which nothing is held here", incarnation.hex())
            return
        number, head = row
        if number == self.number:
            head = change.state.head
        # A district may claim what was never written here (a restored backup): that must not prune what will be.
        known = [(first, min(last, head)) for first, last in positions if first <= head]
        spans.add(self._db, number, COMMITTED, known)

    def _unmark(self, incarnation: bytes, positions: IntervalSet) -> None:
        """Only what is held: of what was pruned the mark tells why it is not there."""
        row = self._db.execute("SELECT number FROM incarnations WHERE incarnation = ?", (incarnation,)).fetchone()
        if row is None:
            return
        here = [each for ends in positions for each in pruning.held_ranges(self._db, row[0], *ends)]
        spans.remove(self._db, row[0], COMMITTED, here)

    def _name_of(self, number: int) -> bytes:
        found: bytes = self._db.execute("SELECT incarnation FROM incarnations WHERE number = ?", (number,)).fetchone()[
            0
        ]
        return found

    @contextmanager
    def _transaction(self) -> Iterator[Change]:
        change = Change(self.state, self.number, self.incarnation)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if not self._registered:
                self._db.execute(
                    "INSERT INTO incarnations VALUES (?, ?, 0, x'', 0, 0)", (self.number, self.incarnation)
                )
            yield change
            self._write(change)
            self._db.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self._registered = True
        self.state = change.state

    def _write(self, change: Change) -> None:
        for table, rows in change.rows.items():
            if rows:
                self._db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
        if not change.entries:
            return
        state = change.state
        self._db.execute(
            "UPDATE incarnations SET head = ?, head_hash = ? WHERE number = ?",
            (state.head, state.head_hash, self.number),
        )
        self._db.execute(
            "UPDATE totals SET checkpoint = ?, entries = ?, readings = ?, lost = ?, dropped = ?",
            (state.checkpoint, state.entries, state.readings, state.lost, state.dropped),
        )

    def _roll_back(self) -> None:
        if not self._db.in_transaction:
            return  # SQLite rolls back by itself where the disk is full
        try:
            self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            log.warning("%s: a transaction that failed could not be rolled back: %s", self._path, error)


def committed(connection: sqlite3.Connection) -> dict[bytes, IntervalSet]:
    """What the district was said to have, by incarnation, oldest first."""
    names = connection.execute("SELECT number, incarnation FROM incarnations ORDER BY number").fetchall()
    return {incarnation: spans.load(connection, number, COMMITTED) for number, incarnation in names}


def held(connection: sqlite3.Connection) -> list[Held]:
    """What the file holds of each incarnation, oldest first; incarnations without entries are left out."""
    found: list[Held] = []
    for number, incarnation in connection.execute(
        "SELECT number, incarnation FROM incarnations ORDER BY number"
    ).fetchall():
        ends = [ends for table in TABLES if (ends := pruning.held_ids(connection, table, number)) is not None]
        if ends:
            first = database.place(min(first for first, _ in ends))[1]
            found.append(Held(incarnation, first, database.place(max(last for _, last in ends))[1]))
    return found
