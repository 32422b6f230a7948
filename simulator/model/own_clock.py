"""A device whose clock nobody sets: once it goes wrong it goes on doing so."""

from __future__ import annotations

from simulator.model.machine import Machine, Plate

_FOUND_SECONDS = 420.0  # how far off it is when somebody looks
_GAINED = 1 / 30  # seconds more in each second that it runs: fast enough to be seen in a lesson


class ClockedMachine(Machine):
    """`clock_off_seconds`: what its clock shows, less the true time."""

    def __init__(self, plate: Plate, *, idle_watts: float, boot_seconds: float) -> None:
        super().__init__(plate, idle_watts=idle_watts, boot_seconds=boot_seconds)
        self.clock_off_seconds = 0.0

    @property
    def clock_drifts(self) -> bool:
        """Fault clock-drift."""
        return self.clock_off_seconds > 0.0

    def set_clock_drifts(self, drifts: bool) -> None:
        """From now on minutes fast and getting worse; off: somebody set it right."""
        if drifts is not self.clock_drifts:
            self.clock_off_seconds = _FOUND_SECONDS if drifts else 0.0

    def work(self, seconds: float, moment: float) -> None:
        if self.clock_drifts:
            self.clock_off_seconds += seconds * _GAINED
