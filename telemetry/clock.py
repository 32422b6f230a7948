"""Time, passed in: everything that has time takes a `Clock`, so tests need never sleep for luck."""

from __future__ import annotations

import time
import uuid
from enum import IntEnum
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCHRONISED = (Path("/run/systemd/timesync/synchronized"),)
_TIME_ERROR = 5  # adjtimex(2): the kernel's clock is not disciplined


class ClockState(IntEnum):
    """Whether the wall clock may be believed. The numbers are those of wire.proto."""

    UNKNOWN = 0
    SYNCHRONISED = 1
    FREE_RUNNING = 2


class Clock(Protocol):
    """Wall time for people, monotonic time for durations."""

    def wall_us(self) -> int:
        """Microseconds since 1970-01-01 UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment of this boot; never goes back."""

    def boot_id(self) -> bytes:
        """16 bytes that name the boot `monotonic` counts from."""

    def state(self) -> ClockState:
        """Whether the wall clock is disciplined by a time server."""

    def tells_the_hour(self) -> bool:
        """False where the wall clock is known to be wrong, so that no opening hours may be read off it."""


def may_judge_age(clock: Clock) -> bool:
    """Whether what is old may be told by it: not while nobody sets it. It may be years off then, and would make all
    that is held look old."""
    return clock.state() is not ClockState.FREE_RUNNING


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self._boot_id = _read_boot_id()
        self._state = ClockState.UNKNOWN
        self._state_until = 0.0

    def wall_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    def boot_id(self) -> bytes:
        return self._boot_id

    def state(self) -> ClockState:
        # Asked for each entry; the answer changes seldom, the question costs a file look-up.
        now = time.monotonic()
        if now >= self._state_until:
            self._state = _kernel_clock_state()
            self._state_until = now + 30.0
        return self._state

    def tells_the_hour(self) -> bool:
        return True


class FakeClock:
    """A clock that stands still until told; for tests."""

    def __init__(self, wall_us: int = 1_790_000_000_000_000, monotonic: float = 1000.0) -> None:
        self._wall_us = wall_us
        self._monotonic = monotonic
        self.boot = b"\x01" * 16
        self.clock_state = ClockState.SYNCHRONISED
        self.knows_the_hour = True

    def advance(self, seconds: float) -> None:
        """Both clocks move on."""
        self._wall_us += round(seconds * 1e6)
        self._monotonic += seconds

    def step_wall(self, seconds: float) -> None:
        """The wall clock jumps, as when a time server corrects it; monotonic time does not."""
        self._wall_us += round(seconds * 1e6)

    def wall_us(self) -> int:
        return self._wall_us

    def monotonic(self) -> float:
        return self._monotonic

    def boot_id(self) -> bytes:
        return self.boot

    def state(self) -> ClockState:
        return self.clock_state

    def tells_the_hour(self) -> bool:
        return self.knows_the_hour


def _read_boot_id() -> bytes:
    try:
        return uuid.UUID(_BOOT_ID.read_text(encoding="ascii").strip()).bytes
    except (OSError, ValueError):
        return uuid.uuid4().bytes  # not Linux: each process start counts as a boot


def _kernel_clock_state() -> ClockState:
    if any(path.exists() for path in _SYNCHRONISED):
        return ClockState.SYNCHRONISED
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        # struct timex is 208 bytes on 64-bit Linux; modes = 0 only reads. The return value is the state.
        answer = libc.adjtimex(ctypes.create_string_buffer(256))
    except (OSError, AttributeError, TypeError):  # not Linux; Windows knows no CDLL(None)
        return ClockState.UNKNOWN
    if answer < 0:
        return ClockState.UNKNOWN
    return ClockState.FREE_RUNNING if answer == _TIME_ERROR else ClockState.SYNCHRONISED
