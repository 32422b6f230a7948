"""A journal that was set aside because it is damaged: what it still holds is saved and offered to the district, and
people are told until the district has it. The ward goes on meanwhile, with a new journal."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_agent.recorder import Appender
from edge_agent.uplink.journal_view import JournalView
from journal.model import Held, JournalError
from journal.salvage import salvage
from journal.salvaged import Salvaged
from telemetry.clock import Clock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.intervals import IntervalSet
from telemetry.readings import Reason

DAMAGED = ".damaged-"  # as journal.journal names what it sets aside
SALVAGED = ".salvaged-"
RULE = "journal_damaged"
PAUSE_SECONDS = 0.002  # a machine of one core has devices to poll
KEEP_DAYS = 35.0  # both files, then they go; as long as readings are kept

log = logging.getLogger(__name__)


class WithSalvaged:
    """A JournalView of the journal and of what was saved out of damaged ones before it. Safe for threads."""

    def __init__(self, journal: JournalView) -> None:
        self._journal = journal
        self._salvaged: tuple[Salvaged, ...] = ()

    def add(self, salvaged: Salvaged) -> None:
        self._salvaged = (*self._salvaged, salvaged)

    def close(self) -> None:
        gone, self._salvaged = self._salvaged, ()
        for each in gone:
            each.close()

    @property
    def incarnation(self) -> bytes:
        return self._journal.incarnation

    def head(self) -> int:
        return self._journal.head()

    def held(self) -> Sequence[Held]:
        return [*(held for each in self._salvaged for held in each.held()), *self._journal.held()]

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> Sequence[tuple[int, bytes]]:
        found = self._journal.read(incarnation, first, last, max_bytes)
        for each in self._salvaged:
            found = found or each.read(incarnation, first, last, max_bytes)
        return found

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None:
        self._journal.mark_committed(incarnation, positions)
        for each in self._salvaged:
            each.mark_committed(incarnation, positions)

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None:
        self._journal.take_back(incarnation, positions)

    def committed(self) -> Mapping[bytes, IntervalSet]:
        return self._journal.committed()

    def trouble(self) -> Reason | None:
        return self._journal.trouble()


class Salvaging:
    """A thread that reads the damaged files beside a journal, and watches until the district has what they gave."""

    def __init__(self, file: Path, journal: Appender, view: WithSalvaged, clock: Clock) -> None:
        self._file, self._journal, self._view, self._clock = file, journal, view, clock
        self._ending = threading.Event()
        self._open: dict[str, tuple[Salvaged, Condition]] = {}
        self._thread = threading.Thread(target=self._run, name="salvaging", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        self._view.close()

    def _run(self) -> None:
        for damaged in self._damaged():
            if self._ending.is_set():
                return
            try:
                self._save(damaged)
            except _EndingError:
                return
            except JournalError as error:  # the rest of the ward goes on
                log.error("%s", error)
        while self._open and not self._ending.wait(1.0):
            self._settle()

    def _damaged(self) -> list[Path]:
        """The files that are worth it, oldest first; what is too old goes."""
        found = []
        for file in sorted(self._file.parent.glob(f"{self._file.name}{DAMAGED}*")):
            if file.name.endswith(("-wal", "-shm")):
                continue
            if time.time() - file.stat().st_mtime > KEEP_DAYS * 86_400:
                for each in (file, *file.parent.glob(f"{file.name}-*"), self._target(file)):
                    each.unlink(missing_ok=True)
                continue
            found.append(file)
        return found

    def _target(self, damaged: Path) -> Path:
        return damaged.with_name(damaged.name.replace(DAMAGED, SALVAGED))

    def _save(self, damaged: Path) -> None:
        name = damaged.name.rpartition(DAMAGED)[2]
        since_us = round(damaged.stat().st_mtime * 1e6)
        raised = Condition(
            *("", RULE, name, ConditionState.RAISED, Severity.ATTENTION, since_us)  # of the ward itself
        )
        self._journal.append(raised, urgent=True)
        target = self._target(damaged)
        try:
            salvaged = Salvaged(target)
        except JournalError:
            salvage(damaged, target, self._pause)
            salvaged = Salvaged(target)
        self._open[name] = salvaged, raised
        self._view.add(salvaged)
        self._settle()

    def _settle(self) -> None:
        """Over where the district has all that could be saved."""
        for name, (salvaged, raised) in list(self._open.items()):
            if salvaged.is_committed():
                cleared = ConditionState.CLEARED
                self._journal.append(Condition("", RULE, name, cleared, raised.severity, raised.since_us), urgent=True)
                del self._open[name]

    def _pause(self) -> None:
        if self._ending.wait(PAUSE_SECONDS):
            raise _EndingError


class _EndingError(Exception):
    """The agent ends; the next start begins again."""
