"""A district's whole store in one file, to be brought to another store: samples by series, events, positions.

Made series by series, each in a transaction of its own with the hash of what it holds, so that what was interrupted
goes on where it was. The hash of a series is SHA-256 over its samples in order, each as a 64-bit time (µs) and a
double, little-endian.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store.base import READINGS, Event, SeriesKey, StoreCounts, StoreError, StoreFault
from store.embedded.codec import decode, encode
from store.embedded.database import translated
from store.embedded.summaries import Borders, Summarised, with_newest
from telemetry.intervals import IntervalSet
from telemetry.sqlite_files import connect

_APPLICATION_ID = 0x57574131  # "WWA1"
_PIECE = 4096  # samples of one row
_SCHEMA = f"""
BEGIN;
CREATE TABLE wards (
    name TEXT PRIMARY KEY, samples INTEGER NOT NULL, events INTEGER NOT NULL, positions INTEGER NOT NULL,
    events_done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE series (
    id INTEGER PRIMARY KEY, ward TEXT NOT NULL, device TEXT NOT NULL, metric TEXT NOT NULL, instance TEXT NOT NULL,
    kind TEXT NOT NULL, count INTEGER NOT NULL, sha256 BLOB NOT NULL, UNIQUE (ward, device, metric, instance)
);
CREATE TABLE samples (series INTEGER NOT NULL, start_us INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (series, start_us)) WITHOUT ROWID;
CREATE TABLE positions (id INTEGER PRIMARY KEY, ward TEXT NOT NULL, incarnation BLOB NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE events (ward TEXT NOT NULL, incarnation BLOB NOT NULL, position INTEGER NOT NULL,
    wall_time_us INTEGER NOT NULL, device TEXT NOT NULL, payload TEXT NOT NULL, entry BLOB NOT NULL);
CREATE INDEX events_by_position ON events (ward, incarnation, position);
PRAGMA application_id = {_APPLICATION_ID};
COMMIT;
"""

# Archives made before there were summaries have none of these.
_MORE = """
CREATE TABLE IF NOT EXISTS borders (series INTEGER PRIMARY KEY, full_from_us INTEGER NOT NULL,
    minutes_from_us INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS summaries (series INTEGER NOT NULL, level INTEGER NOT NULL, span INTEGER NOT NULL,
    end_us INTEGER NOT NULL, samples INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (series, level, span)) WITHOUT ROWID;
"""

Stretch = tuple[list[int], list[float]]  # times (µs), values


class Digest:
    """The hash and number of a series' samples, stretch by stretch."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, times_us: list[int], values: list[float]) -> None:
        self.count += len(times_us)
        for pair in zip(times_us, values, strict=True):
            self._hash.update(_PAIR.pack(*pair))

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()


_PAIR = struct.Struct("<qd")


@dataclass(frozen=True, slots=True)
class ArchivedSeries:
    """One series in an archive."""

    id: int
    key: SeriesKey
    kind: str
    count: int
    sha256: bytes


class Archive:
    """The file; close it after use. Every method raises StoreError."""

    def __init__(self, path: Path, *, make: bool) -> None:
        self.path = path
        if not make and not path.is_file():
            raise StoreError(f"there is no {path}", StoreFault.NOT_OPENED)
        with translated(path, opening=True):
            self._db = connect(path)
            (application,) = self._db.execute("PRAGMA application_id").fetchone()
            (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != _APPLICATION_ID:
                if tables or application or not make:
                    raise StoreError(f"{path} is no archive of a store", StoreFault.NOT_A_STORE)
                self._db.executescript(_SCHEMA)
            self._db.executescript(_MORE)
            self._db.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        self._db.close()

    # ---- in ----------------------------------------------------------------------------------------------------

    def begin(self, ward: str, counts: StoreCounts) -> None:
        """A ward's part begins, or goes on. Raises StoreError where the store has other content than it had then."""
        now = (counts.samples_committed, counts.events_committed, counts.positions)
        with self._transaction():
            then = self._db.execute("SELECT samples, events, positions FROM wards WHERE name = ?", (ward,)).fetchone()
            if then is None:
                self._db.execute("INSERT INTO wards VALUES (?, ?, ?, ?, 0)", (ward, *now))
            elif then != now:
                raise StoreError(f"{ward} has got new entries since {self.path} was begun: remove it and begin again")

    def has(self, key: SeriesKey) -> bool:
        return self._find(key) is not None

    def put_series(
        self, key: SeriesKey, kind: str, stretches: Iterable[Stretch], summarised: Summarised | None = None
    ) -> int:
        """All of a series; how many samples."""
        digest = Digest()
        with self._transaction():
            id = self._db.execute(
                "INSERT INTO series (ward, device, metric, instance, kind, count, sha256) VALUES (?, ?, ?, ?, ?, 0, ?)",
                (*key, kind, b""),
            ).lastrowid
            for times_us, values in stretches:
                digest.add(times_us, values)
                for at in range(0, len(times_us), _PIECE):
                    piece = slice(at, at + _PIECE)
                    data = encode(times_us[piece], values[piece])
                    self._db.execute("INSERT INTO samples VALUES (?, ?, ?)", (id, times_us[at], data))
            self._db.execute("UPDATE series SET count = ?, sha256 = ? WHERE id = ?", (digest.count, digest.sha256, id))
            if summarised is not None:
                borders = summarised.borders
                self._db.execute("INSERT INTO borders VALUES (?, ?, ?)", (id, borders.full_from, borders.minutes_from))
                self._db.executemany(
                    "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?)", [(id, *row) for row in summarised.rows]
                )
        return digest.count + (summarised.samples if summarised else 0)

    def put_events(self, ward: str, held: dict[bytes, IntervalSet], events: Iterable[Event]) -> None:
        """A ward's positions by incarnation (oldest first) and its events; the last of it."""
        with self._transaction():
            for incarnation, positions in held.items():
                self._db.executemany(
                    "INSERT INTO positions (ward, incarnation, first, last) VALUES (?, ?, ?, ?)",
                    [(ward, incarnation, first, last) for first, last in positions],
                )
            self._db.executemany(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(e.ward, e.incarnation, e.position, e.wall_time_us, e.device, e.payload, e.entry) for e in events],
            )
            self._db.execute("UPDATE wards SET events_done = 1 WHERE name = ?", (ward,))

    # ---- out ---------------------------------------------------------------------------------------------------

    def wards(self) -> dict[str, bool]:
        """Its wards, and whether all of each is here."""
        with translated(self.path):
            return {name: bool(done) for name, done in self._db.execute("SELECT name, events_done FROM wards")}

    def series(self) -> list[ArchivedSeries]:
        with translated(self.path):
            rows = self._db.execute(
                "SELECT id, ward, device, metric, instance, kind, count, sha256 FROM series ORDER BY id"
            )
            return [ArchivedSeries(row[0], SeriesKey(*row[1:5]), *row[5:]) for row in rows]

    def stretches(self, series: ArchivedSeries) -> Iterator[Stretch]:
        """Its samples in order. Raises StoreError at the end where they are not what was written."""
        digest = Digest()
        with translated(self.path):
            rows = self._db.execute(
                "SELECT start_us, data FROM samples WHERE series = ? ORDER BY start_us", (series.id,)
            )
            for start_us, data in rows:
                stretch = decode(data, start_us)
                digest.add(*stretch)
                yield stretch
        if (digest.count, digest.sha256) != (series.count, series.sha256):
            raise StoreError(f"{series.key} in {self.path} is not what was written", StoreFault.DAMAGED)

    def summarised(self, series: ArchivedSeries) -> Summarised | None:
        """None where it has none. Raises StoreError where the newest is damaged."""
        with translated(self.path):
            borders = self._db.execute(
                "SELECT full_from_us, minutes_from_us FROM borders WHERE series = ?", (series.id,)
            ).fetchone()
            rows = self._db.execute(
                "SELECT level, span, end_us, samples, data FROM summaries WHERE series = ? ORDER BY level, span",
                (series.id,),
            ).fetchall()
        return with_newest(Borders(*borders), rows) if rows else None

    def positions(self, ward: str) -> dict[bytes, IntervalSet]:
        """By incarnation, oldest first."""
        held: dict[bytes, IntervalSet] = {}
        with translated(self.path):
            rows = self._db.execute(
                "SELECT incarnation, first, last FROM positions WHERE ward = ? ORDER BY id", (ward,)
            )
            for incarnation, first, last in rows:
                held.setdefault(incarnation, IntervalSet()).add(first, last)
        return held

    def events(self, ward: str, incarnation: bytes, first: int, last: int) -> list[Event]:
        """Those at positions first..last."""
        with translated(self.path):
            rows = self._db.execute(
                "SELECT ward, incarnation, position, wall_time_us, device, payload, entry FROM events"
                " WHERE ward = ? AND incarnation = ? AND position BETWEEN ? AND ?",
                (ward, incarnation, first, last),
            )
            return [Event(*row) for row in rows]

    def event_count(self, ward: str) -> int:
        """Of its events, those that lie at positions held, as all do but readings that a ward was asked for again."""
        with translated(self.path):
            (count,) = self._db.execute(
                "SELECT count(*) FROM events AS e WHERE ward = ? AND (payload != ? OR EXISTS ("
                "SELECT 1 FROM positions AS p WHERE p.ward = e.ward AND p.incarnation = e.incarnation"
                " AND e.position BETWEEN p.first AND p.last))",
                (ward, READINGS),
            ).fetchone()
            return int(count)

    # ---- inside ------------------------------------------------------------------------------------------------

    def _find(self, key: SeriesKey) -> int | None:
        with translated(self.path):
            row = self._db.execute(
                "SELECT id FROM series WHERE (ward, device, metric, instance) = (?, ?, ?, ?)", key
            ).fetchone()
            return None if row is None else int(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
