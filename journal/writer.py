"""The one thread that writes: group commit, checkpoints, pruning, and patience with a disk that refuses."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from journal.database import writing_reason
from journal.ledger import Ledger, stamp
from journal.model import Durable, JournalError, JournalFault, JournalSettings
from journal.waiting import Dropped, Item, Waiting
from telemetry.clock import Clock, may_judge_age
from telemetry.entry import (
    EntryTooLongError,
    Lifecycle,
    LifecycleEvent,
    Payload,
    Readings,
    Stamp,
    encode_content,
)
from telemetry.intervals import IntervalSet
from telemetry.readings import Reason, ReasonCode
from telemetry.sqlite_files import is_damage

log = logging.getLogger(__name__)

_ENTRIES_AT_ONCE = 5_000
_BYTES_AT_ONCE = 4_000_000
_FIRST_RETRY_SECONDS = 0.5
_LONGEST_RETRY_SECONDS = 30.0
_LONGEST_WAIT_SECONDS = 30.0
_FIRST_PRUNE_SECONDS = 60.0  # soon after the start, or an agent that restarts every hour would never prune
_LOW_WATER = 0.99  # of max_bytes: how far a full journal is emptied
_DAY_US = 86_400_000_000

Listener = Callable[[Durable], None]


class Writer:
    """Takes entries from any thread and makes them durable in its own."""

    def __init__(self, path: Path, ledger: Ledger, clock: Clock, settings: JournalSettings, agent_version: str) -> None:
        self._path = path
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._agent_version = agent_version
        self.trouble: Reason | None = None
        self.damage: sqlite3.Error | None = None
        self.generation = 0  # counts the passes after which what is held may have changed
        self._listeners: tuple[Listener, ...] = ()
        self._wake = threading.Condition()
        self._waiting = Waiting(settings.max_waiting, settings.max_waiting_bytes)
        self._marks: dict[bytes, IntervalSet] = {}
        self._taken_back: dict[bytes, IntervalSet] = {}  # written before the marks
        self._sequence = 0
        self._urgent = False
        self._closing = False
        self._prune_asked = False
        self._asked = self._served = self._done = 0  # passes asked for, made, and made with success
        now = clock.monotonic()
        self._oldest_at = self._retry_at = now
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._checkpoint_at = now + settings.checkpoint_interval_seconds
        self._prune_at = now + min(_FIRST_PRUNE_SECONDS, settings.prune_interval_seconds)
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    # ---- called from any thread -----------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def subscribe(self, listener: Listener) -> None:
        with self._wake:
            self._listeners = (*self._listeners, listener)

    def append(self, payload: Payload, kind: str, device: str, urgent: bool) -> None:
        """Let an entry wait for the next commit. Raises EntryError, JournalError after stop()."""
        self._encode(stamp(self._clock), kind, device, payload, urgent)

    def mark(self, incarnation: bytes, positions: IntervalSet) -> None:
        """What the district has; written with the next commit, since it only ever allows to forget."""
        with self._wake:
            self._marks.setdefault(incarnation, IntervalSet()).update(positions)

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None:
        """What the district no longer has; written with the next commit, which is asked for at once."""
        with self._wake:
            if incarnation in self._marks:
                self._marks[incarnation] = self._marks[incarnation].without(positions)
            self._taken_back.setdefault(incarnation, IntervalSet()).update(positions)
            self._asked += 1
            self._wake.notify_all()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def waiting(self) -> int:
        with self._wake:
            return len(self._waiting)

    def ask(self, timeout: float, *, prune: bool = False) -> bool:
        """Have a pass made now, and wait for it. Whether it succeeded within `timeout` seconds."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a listener cannot wait for the thread that it runs in")
        with self._wake:
            self._asked += 1
            ticket = self._asked
            self._prune_asked |= prune
            self._wake.notify_all()
            self._wake.wait_for(lambda: self._served >= ticket or not self._thread.is_alive(), timeout)
            return self._done >= ticket

    def stop(self, timeout: float) -> bool:
        """Write what waits, a last checkpoint and STOPPED. Whether the thread ended with nothing left waiting."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join(timeout)
        left = self.waiting()
        if left:
            log.error("%s: %d entries could not be written before the end (%s)", self._path, left, self.trouble)
        return not self._thread.is_alive() and not left

    def _encode(self, now: Stamp, kind: str, device: str, payload: Payload, urgent: bool) -> None:
        try:
            content = encode_content(now, kind, device, payload)
        except EntryTooLongError:
            if not isinstance(payload, Readings) or len(payload.readings) < 2:
                raise
            # One poll in two entries says the same as in one.
            half = len(payload.readings) // 2
            for part in (payload.readings[:half], payload.readings[half:]):
                self._encode(now, kind, device, Readings(part, payload.reason), urgent)
            return
        with self._wake:
            if self._closing:
                raise JournalError(JournalFault.CLOSED, self._path, "is closed")
            readings = len(payload.readings) if isinstance(payload, Readings) else None
            first = self._queue(now.wall_time_us, content, readings)
            self._urgent |= urgent
            if first or urgent:
                self._wake.notify_all()

    def _queue(self, wall_us: int, content: bytes, readings: int | None) -> bool:
        """Let it wait; whether it is the first to. Called with the lock held."""
        first = not self._waiting
        if first:
            self._oldest_at = self._clock.monotonic()
        self._sequence += 1
        self._waiting.put(Item(self._sequence, wall_us, content, readings))
        return first

    # ---- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        closing = False
        while not closing:
            with self._wake:
                while (wait := self._seconds_until_due()) > 0:
                    self._wake.wait(min(wait, _LONGEST_WAIT_SECONDS))
                asked, closing = self._asked, self._closing
            succeeded = self._pass(closing)
            with self._wake:
                self._served = asked
                if succeeded:
                    self._done = asked
                self._wake.notify_all()

    def _seconds_until_due(self) -> float:
        if self._closing or self._asked > self._served:
            return 0.0
        now = self._clock.monotonic()
        if self.trouble is not None:
            return self._retry_at - now
        due = min(self._checkpoint_at, self._prune_at)
        if self._waiting:
            due = min(due, now if self._urgent else self._oldest_at + self._settings.commit_interval_seconds)
        return due - now

    def _pass(self, closing: bool) -> bool:
        """Do all that is due. Whether the disk took it."""
        try:
            self._commit_waiting()
            self._keep_house(closing)
        except sqlite3.Error as error:
            self.damage = error if is_damage(error) else None
            self._refused(writing_reason(self._path, error))
            return False
        except Exception as error:  # a defect here must not end the thread: nothing would be kept
            log.exception("%s: writing failed by our own fault", self._path)
            self._refused(Reason(ReasonCode.AGENT_FAULT, repr(error)))
            return False
        return True

    def _commit_waiting(self) -> None:
        while True:
            with self._wake:
                items = self._waiting.take(_ENTRIES_AT_ONCE, _BYTES_AT_ONCE)
                marks, self._marks = self._marks, {}
                taken_back, self._taken_back = self._taken_back, {}
                self._urgent &= bool(self._waiting)
            if not items and not marks and not taken_back:
                return
            try:
                durable = self._ledger.commit(items, marks, taken_back)
            except BaseException:
                with self._wake:
                    self._waiting.put_back(items)
                    for incarnation, positions in taken_back.items():
                        self._taken_back.setdefault(incarnation, IntervalSet()).update(positions)
                for incarnation, positions in marks.items():
                    self.mark(incarnation, positions)
                raise
            self._tell(durable)
            self._recovered()

    def _keep_house(self, closing: bool) -> None:
        now = self._clock.monotonic()
        if closing:
            self._tell(self._ledger.checkpoint(Lifecycle(LifecycleEvent.STOPPED, self._agent_version)))
            return
        if now >= self._checkpoint_at:
            self._tell(self._ledger.checkpoint())
            self._checkpoint_at = now + self._settings.checkpoint_interval_seconds
        while self._ledger.used_bytes() >= self._settings.max_bytes:
            durable, more = self._ledger.prune_for_room(round(self._settings.max_bytes * _LOW_WATER))
            self.generation += 1
            self._tell(durable)
            if not more:
                break
            self._commit_waiting()
        if self._prune_asked or now >= self._prune_at:
            self._prune_by_age()
            self._prune_asked = False
            self._prune_at = now + self._settings.prune_interval_seconds

    def _prune_by_age(self) -> None:
        if not may_judge_age(self._clock):
            log.info("%s: nothing is pruned by age while the clock runs free", self._path)
            return
        now_us = self._clock.wall_us()
        readings_before = now_us - self._settings.readings_days * _DAY_US
        others_before = now_us - self._settings.other_days * _DAY_US
        while self._ledger.prune_by_age(readings_before, others_before):
            self.generation += 1
            self._commit_waiting()
        self.generation += 1
        while self._ledger.give_back():
            self._commit_waiting()

    def _tell(self, durable: Durable | None) -> None:
        if durable is None:
            return
        for listener in self._listeners:
            try:
                listener(durable)
            except Exception:  # whoever listens is not the journal's to judge, and must not stop it
                log.exception("a listener failed on entries from %d", durable.first_position)

    def _refused(self, reason: Reason) -> None:
        log.warning("the journal cannot be written: %s; %d entries wait in memory", reason.detail, self.waiting())
        began = self.trouble is None
        self.trouble = reason
        self._retry_seconds = _FIRST_RETRY_SECONDS if began else min(self._retry_seconds * 2, _LONGEST_RETRY_SECONDS)
        self._retry_at = self._clock.monotonic() + self._retry_seconds
        if began:
            self._note(LifecycleEvent.JOURNAL_FULL, f"{reason.code}: {reason.detail}")

    def _recovered(self) -> None:
        """Say so where the disk took what it had refused, and name what could not wait for it."""
        with self._wake:
            dropped, self._waiting.dropped = self._waiting.dropped, Dropped()
        if self.trouble is None and not dropped.entries:
            return
        log.warning("the journal can be written again; %d entries were dropped meanwhile", dropped.entries)
        self.trouble = None
        self._ledger.note_dropped(dropped.entries)
        self._note(
            LifecycleEvent.JOURNAL_RECOVERED,
            f"dropped_entries={dropped.entries} dropped_readings={dropped.readings} "
            f"first_us={dropped.first_us} last_us={dropped.last_us}",
        )

    def _note(self, event: LifecycleEvent, detail: str) -> None:
        now = stamp(self._clock)
        content = encode_content(now, "", "", Lifecycle(event, self._agent_version, detail=detail))
        with self._wake:
            self._queue(now.wall_time_us, content, None)
