"""The ward's clock: the system's, but never behind what the journal already knows.

A small machine without a battery boots in 1970, or with the date of its last shutdown, and has it until a time server
answers. Until then wall time goes on from the newest entry of the journal, at the pace of the monotonic clock; where
there is no journal, from the date of this program's own files. Nothing is stamped into a past that it does not belong
to; how much too early it is (the time that the machine was off) nobody can tell, so the clock says that it runs free.
"""

from __future__ import annotations

from pathlib import Path

from journal.events import newest_wall_us
from journal.model import JournalError
from telemetry.clock import Clock, ClockState

SET_SECONDS = 2.0  # the system clock moved against the monotonic one by more: somebody set it


class SteadyClock:
    """A Clock. Begins held where the system's is behind; once it was let go it is the system's for good, also when
    that is set back: then somebody did so."""

    def __init__(self, system: Clock, known_us: int, released_us: int) -> None:
        """`known_us`: the newest wall time that the journal knows (0: none). `released_us`: when this program was
        made or put here; a clock before that is wrong, whatever the kernel says of it."""
        self._system = system
        self._released_us = released_us
        self._floor_us = max(known_us, released_us)
        self._began = system.monotonic()
        self._offset = self._measure()
        wall_us = system.wall_us()
        trusted = system.state() is ClockState.SYNCHRONISED and wall_us >= released_us
        self._held = wall_us < self._floor_us and not trusted

    def wall_us(self) -> int:
        wall_us = self._system.wall_us()
        if not self._held:
            return wall_us
        line_us = self._line_us()
        if wall_us >= line_us or (wall_us >= self._released_us and self._was_set()):
            self._held = False
            return wall_us
        return line_us

    def monotonic(self) -> float:
        return self._system.monotonic()

    def boot_id(self) -> bytes:
        return self._system.boot_id()

    def state(self) -> ClockState:
        return ClockState.FREE_RUNNING if self._held else self._system.state()

    def tells_the_hour(self) -> bool:
        return not self._held

    def behind_us(self) -> int:
        """How far the system clock is behind (µs); 0 when it is not held."""
        return self._line_us() - self._system.wall_us() if self._held else 0

    def _line_us(self) -> int:
        return self._floor_us + round((self._system.monotonic() - self._began) * 1e6)

    def _was_set(self) -> bool:
        """By a time server or by hand."""
        moved = abs(self._measure() - self._offset) > SET_SECONDS
        return moved or self._system.state() is ClockState.SYNCHRONISED

    def _measure(self) -> float:
        return self._system.wall_us() / 1e6 - self._system.monotonic()


def steady_clock(system: Clock, journal: Path) -> SteadyClock:
    """For an agent whose journal is, or will be, at `journal`."""
    try:
        known_us = newest_wall_us(journal) if journal.exists() else 0
    except JournalError:  # it is set aside when it is opened
        known_us = 0
    return SteadyClock(system, known_us, _installed_us())


def _installed_us() -> int:
    try:
        return int(Path(__file__).stat().st_mtime * 1e6)
    except OSError:
        return 0
