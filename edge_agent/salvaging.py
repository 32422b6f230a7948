"""A journal that was set aside because it is damaged: what it still holds is saved and offered to the district, and
people are told until the district has it. The ward goes on meanwhile, with a new journal."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.recorder import Appender
from edge_agent.uplink.journal_view import JournalView
from journal import aside
from journal.model import Held, JournalError, JournalFault
from journal.salvage import salvage
from journal.salvaged import Salvaged
from telemetry.clock import Clock, may_judge_age
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.intervals import IntervalSet
from telemetry.readings import Reason

RULE = "journal_damaged"
PAUSE_SECONDS = 0.002  # a machine of one core has devices to poll
KEEP_DAYS = 35.0  # what the district has, then the files go; as long as readings are kept
UNCONFIRMED_DAYS = 400.0  # what it does not have; as long as anything is kept. That is a loss then
_LOOK_SECONDS = 1.0
_DAY_US = 86_400_000_000

log = logging.getLogger(__name__)


class WithSalvaged:
    """A JournalView of the journal and of what was saved out of damaged ones before it. Safe for threads.

    `reading`: the journal beside which damaged files are not read yet, or could not be. Until it is None nobody can say
    of an incarnation that is not known that nothing of it is held."""

    def __init__(self, journal: JournalView) -> None:
        self._journal = journal
        self._salvaged: tuple[Salvaged, ...] = ()
        self.reading: Path | None = None

    def add(self, salvaged: Salvaged) -> None:
        self._salvaged = (*self._salvaged, salvaged)

    def remove(self, salvaged: Salvaged) -> None:
        """It goes: nothing of it is held any more."""
        self._salvaged = tuple(each for each in self._salvaged if each is not salvaged)
        salvaged.close()

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

    def is_whole(self) -> bool:
        return self.reading is None and self._journal.is_whole()

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> Sequence[tuple[int, bytes]]:
        reading = self.reading  # first: what is saved while we look may not be in what we find
        unknown = reading is not None and all(each.incarnation != incarnation for each in self.held())
        found = self._journal.read(incarnation, first, last, max_bytes)
        for each in self._salvaged:
            found = found or each.read(incarnation, first, last, max_bytes)
        if unknown and reading is not None and not found:
            raise JournalError(JournalFault.UNREADABLE, reading, "a damaged file beside it is still to be read")
        return found

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None:
        self._journal.mark_committed(incarnation, positions)
        for each in self._salvaged:
            each.mark_committed(incarnation, positions)

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None:
        self._journal.take_back(incarnation, positions)
        for each in self._salvaged:
            each.take_back(incarnation, positions)

    def committed(self) -> Mapping[bytes, IntervalSet]:
        found: dict[bytes, IntervalSet] = {}
        for told in [*(each.committed() for each in self._salvaged), self._journal.committed()]:
            for incarnation, positions in told.items():
                found.setdefault(incarnation, IntervalSet()).update(positions)
        return found

    def trouble(self) -> Reason | None:
        return self._journal.trouble()


@dataclass(slots=True)
class _Aside:
    """A damaged file; `salvaged` is None where the disk refused to have it read, `raised` where nobody is told."""

    file: Path
    salvaged: Salvaged | None = None
    raised: Condition | None = None
    since_us: int | None = None  # as aside.since_us

    def is_committed(self) -> bool:
        return self.salvaged is not None and self.salvaged.is_committed()


class Salvaging:
    """A thread that reads the damaged files beside a journal, watches until the district has what they gave, and lets
    go of them in the end."""

    def __init__(self, file: Path, journal: Appender, view: WithSalvaged, clock: Clock) -> None:
        self._file, self._journal, self._view, self._clock = file, journal, view, clock
        self._ending = threading.Event()
        self._kept: list[_Aside] = []
        self._tell: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="salvaging", daemon=True)
        if aside.set_aside_before(file):
            view.reading = file  # before anybody asks the view

    def start(self, tell: Callable[[], None] | None = None) -> None:
        """`tell` is called when all is saved that can be."""
        self._tell = tell or self._tell
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        if self._kept:
            self._view.reading = self._file  # the uplink may say a last word, without what was saved
        self._view.close()

    def _run(self) -> None:
        try:
            self.read()
        except _EndingError:
            return
        while self._kept and not self._ending.wait(_LOOK_SECONDS):
            self.look()
            self._note_whole()

    def _note_whole(self) -> None:
        """All was read. Where the disk refused one, what it holds is not known before the next start."""
        if (
            self._view.reading is not None
            and not self._ending.is_set()
            and all(each.salvaged is not None for each in self._kept)
        ):
            self._view.reading = None
            self._tell()

    def read(self) -> None:
        """Save what the damaged files still hold and offer it to the district, oldest first."""
        for file in aside.set_aside_before(self._file):
            if self._ending.is_set():
                return
            kept = _Aside(file)
            self._kept.append(kept)
            try:
                self._save(kept)
                log.warning("%s and what was saved of it take %.1f MB", file, aside.size(file) / 1e6)
            except (JournalError, OSError) as error:  # the rest of the ward goes on
                log.error("%s: %s", file, error)
            self.look()
        self._note_whole()

    def look(self) -> None:
        """Whether the district has all that could be saved, and whether something may go."""
        for kept in list(self._kept):
            if kept.is_committed():
                self._tell_over(kept)
            try:
                self._let_go(kept)
            except OSError as error:
                log.error("%s: %s", kept.file, error)

    def _save(self, kept: _Aside) -> None:
        since_us = round(kept.file.stat().st_mtime * 1e6)
        kept.raised = Condition(  # of the ward itself
            *("", RULE, aside.label(kept.file), ConditionState.RAISED, Severity.ATTENTION, since_us)
        )
        self._journal.append(kept.raised, urgent=True)
        target = aside.salvaged_of(kept.file)
        try:
            kept.salvaged = Salvaged(target)
        except JournalError:
            salvage(kept.file, target, self._pause)
            kept.salvaged = Salvaged(target)
        self._view.add(kept.salvaged)

    def _let_go(self, kept: _Aside) -> None:
        """What is old enough by a clock that may judge that; what the district lacks is kept much longer."""
        if not may_judge_age(self._clock):
            return
        if kept.since_us is None:
            kept.since_us = aside.since_us(kept.file, self._clock)
            return
        age_us = self._clock.wall_us() - kept.since_us
        if age_us <= (KEEP_DAYS if kept.is_committed() else UNCONFIRMED_DAYS) * _DAY_US:
            return
        if kept.salvaged is None:
            log.error("%s goes after %.0f days; nothing could be read of it", kept.file, UNCONFIRMED_DAYS)
        elif lost := kept.salvaged.unconfirmed():
            log.error("%s goes after %.0f days; %d entries of it are lost", kept.file, UNCONFIRMED_DAYS, lost)
        if kept.salvaged is not None:
            self._view.remove(kept.salvaged)
        self._tell_over(kept)
        self._kept.remove(kept)
        aside.remove(kept.file)

    def _tell_over(self, kept: _Aside) -> None:
        raised, kept.raised = kept.raised, None
        if raised is not None:
            cleared = ConditionState.CLEARED
            self._journal.append(
                Condition("", RULE, raised.instance, cleared, raised.severity, raised.since_us), urgent=True
            )

    def _pause(self) -> None:
        if self._ending.wait(PAUSE_SECONDS):
            raise _EndingError


class _EndingError(Exception):
    """The agent ends; the next start begins again."""
