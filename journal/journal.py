"""The journal of a ward: append-only, durable before it is told to anyone.

`append` never waits for the disk: a thread of the journal's own commits what waits, once a second or at once where
it is urgent, and tells the listeners after the commit returned. Every start of the agent is a new incarnation.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from journal import aside, database, room
from journal.database import opening_error, row_id
from journal.ledger import Ledger, committed, held
from journal.model import Durable, Held, JournalCounts, JournalError, JournalFault, JournalSettings
from journal.writer import Writer
from telemetry.clock import Clock
from telemetry.conditions import Condition
from telemetry.entry import Payload
from telemetry.intervals import IntervalSet
from telemetry.readings import Reason, ReasonCode
from telemetry.sqlite_files import is_damage, rows_as_written

__all__ = ["Durable", "Held", "Journal", "JournalCounts", "JournalError", "JournalFault", "JournalSettings"]

log = logging.getLogger(__name__)
_T = TypeVar("_T")

_OPENING_SECONDS = 60.0
_CLOSING_SECONDS = 30.0
_PRUNING_SECONDS = 600.0
_RANGE = (
    "SELECT id, entry FROM readings WHERE id BETWEEN :low AND :high "
    "UNION ALL SELECT id, entry FROM others WHERE id BETWEEN :low AND :high ORDER BY id"
)


class Journal:
    """See `open`. Every method may be called from any thread; `flush`, `prune` and `close` wait for the disk."""

    def __init__(self, path: Path, lock: int, ledger: Ledger, reader: sqlite3.Connection, writer: Writer) -> None:
        self._path = path
        self._lock = lock
        self._ledger = ledger
        self._reader = reader
        self._reading = threading.Lock()
        self._writer = writer
        self._held: tuple[int, list[Held]] | None = None
        self._closed = False
        self._damaged = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        agent_version: str,
        settings: JournalSettings | None = None,
        listener: Callable[[Durable], None] | None = None,
        set_damaged_aside: bool = False,
    ) -> Journal:
        """Begin a new incarnation in the file at `path`, which is made where there is none.

        Its first entry is durable when this returns, except on a full disk: then `trouble()` says so and all entries
        wait. `set_damaged_aside` renames a file that cannot be read as a journal (`journal.aside`) and begins a new
        one. Raises JournalError.
        """
        lock = _lock(path)
        try:
            try:
                if set_damaged_aside and aside.damage_note(path).exists():
                    raise JournalError(JournalFault.DAMAGED, path, "was found to be damaged while it was in use")
                return cls._open(path, lock, clock, agent_version, settings or JournalSettings(), listener)
            except JournalError as error:
                if error.fault != JournalFault.DAMAGED or not set_damaged_aside:
                    raise
                log.error("%s; it is set aside and a new journal begun", error)
                aside.set_aside(path, clock)
                return cls._open(path, lock, clock, agent_version, settings or JournalSettings(), listener)
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def _open(
        cls,
        path: Path,
        lock: int,
        clock: Clock,
        agent_version: str,
        settings: JournalSettings,
        listener: Callable[[Durable], None] | None,
    ) -> Journal:
        connection = _opened(path)
        try:
            with rows_as_written():
                ledger = Ledger(path, connection, clock)
            reader = database.open_for_reading(path)
        except sqlite3.Error as error:
            connection.close()
            raise opening_error(path, error) from error
        except JournalError:
            connection.close()
            raise
        writer = Writer(path, ledger, clock, settings, agent_version)
        if listener is not None:
            writer.subscribe(listener)
        writer.append(ledger.started(agent_version), "", "", urgent=True)
        writer.start()
        journal = cls(path, lock, ledger, reader, writer)
        if not writer.ask(_OPENING_SECONDS) and (problem := journal._cannot_begin()):
            writer.stop(_CLOSING_SECONDS)
            reader.close()
            connection.close()
            raise problem
        if writer.trouble is None:
            room.keep(path)
        return journal

    def _cannot_begin(self) -> JournalError | None:
        damage, trouble = self._writer.damage, self._writer.trouble
        if damage is not None:
            return opening_error(self._path, damage)
        if trouble is None:
            return JournalError(JournalFault.NOT_OPENED, self._path, f"no commit within {_OPENING_SECONDS:.0f} s")
        if trouble.code != ReasonCode.DISK_FULL:
            return JournalError(JournalFault.NOT_OPENED, self._path, f"cannot be written: {trouble.detail}")
        return None

    @property
    def incarnation(self) -> bytes:
        """16 random bytes that name this run of the agent."""
        return self._ledger.incarnation

    def append(self, payload: Payload, *, kind: str = "", device: str = "", urgent: bool = False) -> None:
        """Write an entry, stamped with the clocks of now; `urgent`, and every condition, is committed at once.

        Raises EntryError for what cannot be an entry, JournalError after `close`.
        """
        self._writer.append(payload, kind, device, urgent or isinstance(payload, Condition))

    def subscribe(self, listener: Callable[[Durable], None]) -> None:
        """Have `listener` told, in the writer's thread, of all that becomes durable from now on. It should be quick:
        the next commit waits for it. What it raises is logged."""
        self._writer.subscribe(listener)

    def head(self) -> int:
        """The newest durable position of this incarnation; 0 while the disk has refused even the first."""
        return self._ledger.state.head

    def held(self) -> list[Held]:
        """All incarnations of which anything is held, oldest first. This one is the last, also while it is empty."""
        generation, head = self._writer.generation, self.head()
        if self._held is None or self._held[0] != generation:
            with self._reading:
                self._held = (generation, self._asked(lambda: held(self._reader)))
        others = [item for item in self._held[1] if item.incarnation != self.incarnation]
        first = next((item.first_position for item in self._held[1] if item.incarnation == self.incarnation), 1)
        return [*others, Held(self.incarnation, first, head)]

    def is_whole(self) -> bool:
        """Whether `held` tells of everything: a journal's does."""
        return True

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int = 256 * 1024) -> list[tuple[int, bytes]]:
        """What is held of first..last, in order, as (position, entry); stops before `max_bytes` are exceeded, but
        brings at least one. Raises JournalError where the disk fails."""
        with self._reading:
            return self._asked(lambda: self._read(incarnation, first, last, max_bytes))

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None:
        """The district holds these: they may go when they are old, and go first when room is needed."""
        self._writer.mark(incarnation, positions)

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None:
        """The district has these no longer (its files are an old backup's): what of it is held here stays held."""
        self._writer.take_back(incarnation, positions)

    def committed(self) -> dict[bytes, IntervalSet]:
        """What the district was said to have, as far as it is written down, by incarnation, oldest first. Raises
        JournalError where the disk fails."""
        with self._reading:
            return self._asked(lambda: committed(self._reader))

    def trouble(self) -> Reason | None:
        """Why nothing can be written now (DISK_FULL, DISK_FAILED), or None."""
        return self._writer.trouble

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was appended before is durable and told. False where the disk refused, or time is up."""
        return self._writer.ask(timeout)

    def prune(self) -> None:
        """Remove what is old, and what is too much, now; the journal does so by itself every hour."""
        self._writer.ask(_PRUNING_SECONDS, prune=True)

    @property
    def damaged(self) -> bool:
        """Whether the file's content turned out to be wrong, in reading or in writing. What it still holds is for
        `journal.salvage`; with `set_damaged_aside` the next `open` begins a new one."""
        if self._damaged or self._writer.damage is not None:
            aside.damage_note(self._path).touch()
            return True
        return False

    def note_damage(self) -> None:
        """Somebody else who read the file found it."""
        self._damaged = True

    def counts(self) -> JournalCounts:
        """Totals; cheap."""
        state = self._ledger.state
        try:
            size = self._path.stat().st_size
        except OSError:
            size = 0
        return JournalCounts(state.readings, state.entries, state.lost, state.dropped, self._writer.waiting(), size)

    def finish(self) -> None:
        """Write what waits, a last checkpoint and STOPPED. Nothing can be appended afterwards; all can be read, so
        that the district can be given the end too before `close`."""
        self._writer.stop(_CLOSING_SECONDS)

    def close(self) -> None:
        """Write what waits, a last checkpoint and STOPPED, then let go of the file. May be called twice."""
        if self._closed:
            return
        self._closed = True
        ended = self._writer.stop(_CLOSING_SECONDS)
        if ended or not self._writer.is_alive():
            self._ledger.close()
        # The one that only reads closes last, so SQLite leaves its two files beside the journal, one of them empty:
        # it could not make them again on a disk that is full to the last byte, and the agent could not start.
        with self._reading:
            self._reader.close()
        os.close(self._lock)

    def _read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> list[tuple[int, bytes]]:
        row = self._reader.execute("SELECT number FROM incarnations WHERE incarnation = ?", (incarnation,)).fetchone()
        if row is None or last < first or last < 1:
            return []
        ends = (1 << database.POSITION_BITS) - 1
        low, high = row_id(row[0], min(max(first, 0), ends)), row_id(row[0], min(last, ends))
        found: list[tuple[int, bytes]] = []
        size = 0
        cursor = self._reader.execute(_RANGE, {"low": low, "high": high})
        for identity, entry in cursor:
            size += len(entry)
            if found and size > max_bytes:
                break
            found.append((database.place(identity)[1], entry))
        cursor.close()  # or an open read would keep the WAL from being used again
        return found

    def _asked(self, question: Callable[[], _T]) -> _T:
        try:
            with rows_as_written():
                return question()
        except sqlite3.ProgrammingError as error:
            raise JournalError(JournalFault.CLOSED, self._path, "is closed") from error
        except sqlite3.Error as error:
            self._damaged |= is_damage(error)
            fault = JournalFault.DAMAGED if is_damage(error) else JournalFault.UNREADABLE
            raise JournalError(fault, self._path, f"cannot be read: {error}") from error


def _opened(path: Path) -> sqlite3.Connection:
    """For writing; where that fails on a full disk, with the room that is kept for this."""
    try:
        return database.open_for_writing(path)
    except JournalError as error:
        if error.fault != JournalFault.NOT_OPENED or not database.is_full(path) or not room.give_up(path):
            raise
        log.warning("%s; the room kept for this is given up, and it is tried again", error)
        return database.open_for_writing(path)


def _lock(path: Path) -> int:
    """One agent at a time: two would each tell the district of a head that the other moves."""
    beside = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(JournalFault.NOT_OPENED, path, f"cannot be opened: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise JournalError(JournalFault.IN_USE, path, "is open in another process") from error
    return handle
