"""What was saved out of a damaged journal: a file of its own, that only gives, and goes when the district has it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

from journal.database import POSITION_BITS, place, row_id
from journal.model import Held, JournalError, JournalFault
from telemetry.intervals import IntervalSet
from telemetry.sqlite_files import connect, connect_for_reading

_DONE = 1  # user_version of a file that is whole
_SCHEMA = """
CREATE TABLE incarnations (number INTEGER PRIMARY KEY, incarnation BLOB NOT NULL UNIQUE);
CREATE TABLE entries (id INTEGER PRIMARY KEY, entry BLOB NOT NULL, sure INTEGER NOT NULL);
"""


class SalvagedFile:
    """Its writing side, while the damaged file is read. Raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)  # of an attempt that was broken off
        self._db = connect(path)
        self._db.execute("PRAGMA journal_mode = MEMORY")  # begun anew after a crash; the damaged file stays
        self._db.executescript(_SCHEMA)
        self._numbers: dict[bytes, int] = {}

    def put(self, entries: Iterable[tuple[bytes, int, bytes, bool]]) -> None:
        """Incarnation, position, entry, whether it is sure by itself; one that is there already stays."""
        rows = [(row_id(self._number(name), position), entry, sure) for name, position, entry, sure in entries]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def incarnations(self) -> list[tuple[int, bytes]]:
        return [(number, name) for name, number in self._numbers.items()]

    def entries(self, number: int) -> Iterable[tuple[int, bytes]]:
        """Position and entry, in order."""
        low, high = row_id(number, 0), row_id(number + 1, 0) - 1
        cursor = self._db.execute("SELECT id, entry FROM entries WHERE id BETWEEN ? AND ? ORDER BY id", (low, high))
        return ((place(identity)[1], entry) for identity, entry in cursor)

    def drop(self, number: int, first: int, last: int, *, but_sure: bool) -> int:
        """These cannot be trusted, or only those that are sure by themselves; how many went."""
        place = (row_id(number, first), row_id(number, last), but_sure)
        return self._db.execute("DELETE FROM entries WHERE id BETWEEN ? AND ? AND NOT (? AND sure)", place).rowcount

    def count(self) -> int:
        found: int = self._db.execute("SELECT count(*) FROM entries").fetchone()[0]
        return found

    def close(self, *, done: bool) -> None:
        if done:
            self._db.execute(f"PRAGMA user_version = {_DONE}")
        self._db.close()

    def _number(self, name: bytes) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._numbers) + 1
            self._db.execute("INSERT INTO incarnations VALUES (?, ?)", (number, name))
        return number


class Salvaged:
    """Its reading side. Safe for threads. A file that is not whole is JournalError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._committed: dict[bytes, IntervalSet] = {}
        try:
            self._db = connect_for_reading(path)
            if self._db.execute("PRAGMA user_version").fetchone()[0] != _DONE:
                raise JournalError(JournalFault.NOT_A_JOURNAL, path, "is not finished")
            self._numbers = {bytes(name): number for number, name in self._db.execute("SELECT * FROM incarnations")}
            self._present = {name: self._positions(number) for name, number in self._numbers.items()}
        except sqlite3.Error as error:
            raise JournalError(JournalFault.DAMAGED, path, f"cannot be read: {error}") from error

    def held(self) -> list[Held]:
        """Of each incarnation the first and last position."""
        found = []
        for name, positions in self._present.items():
            ranges = list(positions)
            if ranges:
                found.append(Held(name, ranges[0][0], ranges[-1][1]))
        return found

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> list[tuple[int, bytes]]:
        """As Journal.read."""
        number = self._numbers.get(incarnation)
        if number is None or last < first:
            return []
        most = (1 << POSITION_BITS) - 1
        ends = (row_id(number, min(first, most)), row_id(number, min(last, most)))
        found: list[tuple[int, bytes]] = []
        size = 0
        try:
            with self._lock:
                rows = self._db.execute("SELECT id, entry FROM entries WHERE id BETWEEN ? AND ? ORDER BY id", ends)
                for identity, entry in rows:
                    size += len(entry)
                    if found and size > max_bytes:
                        break
                    found.append((place(identity)[1], entry))
                rows.close()
        except sqlite3.Error as error:
            raise JournalError(JournalFault.UNREADABLE, self._path, f"cannot be read: {error}") from error
        return found

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None:
        """The district has these. Kept in memory: it tells again after a start."""
        if incarnation in self._present:
            with self._lock:
                self._committed.setdefault(incarnation, IntervalSet()).update(positions)

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None:
        """The district has these no longer."""
        with self._lock:
            if incarnation in self._committed:
                self._committed[incarnation] = self._committed[incarnation].without(positions)

    def committed(self) -> dict[bytes, IntervalSet]:
        """What the district was said to have since this was opened."""
        with self._lock:
            return {name: positions.copy() for name, positions in self._committed.items()}

    def unconfirmed(self) -> int:
        """How many entries the district was not said to have."""
        with self._lock:
            return sum(
                len(present.without(self._committed.get(name, IntervalSet())))
                for name, present in self._present.items()
            )

    def is_committed(self) -> bool:
        """Whether the district has all of it."""
        return not self.unconfirmed()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _positions(self, number: int) -> IntervalSet:
        ends = (row_id(number, 0), row_id(number + 1, 0) - 1)
        found = IntervalSet()
        for (identity,) in self._db.execute("SELECT id FROM entries WHERE id BETWEEN ? AND ? ORDER BY id", ends):
            position = place(identity)[1]
            found.add(position, position)
        return found
