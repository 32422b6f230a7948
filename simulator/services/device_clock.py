"""The time as one device has it."""

from __future__ import annotations

from simulator.model.own_clock import ClockedMachine
from telemetry.clock import Clock, ClockState


class DeviceClock:
    """The true clock, as far off as the device's is."""

    def __init__(self, clock: Clock, machine: ClockedMachine) -> None:
        self._clock, self._machine = clock, machine

    def wall_us(self) -> int:
        return self._clock.wall_us() + round(self._machine.clock_off_seconds * 1e6)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def boot_id(self) -> bytes:
        return self._clock.boot_id()

    def state(self) -> ClockState:
        return self._clock.state()

    def tells_the_hour(self) -> bool:
        return self._clock.tells_the_hour()
