"""A network video recorder: two mirrored disks, how long it keeps what it records, and what may befall it."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.model.machine import Plate
from simulator.model.own_clock import ClockedMachine

_USUAL_DAYS, _SHORT_DAYS = 34, 12


@dataclass(frozen=True, slots=True)
class Disk:
    """`number` from 1 on. The disks are mirrored, so each holds everything, and one may fail at no loss yet."""

    number: int
    model: str
    serial: str
    capacity_bytes: int
    failed: bool


class Recorder(ClockedMachine):
    """Records the cameras whose ward file lines name it."""

    disk_bytes = 4 * 10**12

    def __init__(self, plate: Plate) -> None:
        super().__init__(plate, idle_watts=28.0, boot_seconds=40.0)
        self.stopped = False  # fault recorder-stop
        self.gap = False  # fault recorder-gap
        self.short = False  # fault recorder-short
        self.locked_clip = False  # fault recorder-locked-clip
        self.disk_failed = False  # fault disk-fail

    @property
    def kept_days(self) -> int:
        """How many days back its footage reaches: what is older was written over."""
        return _SHORT_DAYS if self.short or self.locked_clip else _USUAL_DAYS

    @property
    def recording(self) -> bool:
        return self.running and not self.stopped

    def disks(self) -> list[Disk]:
        failing = {1} if self.disk_failed else set()
        return [
            Disk(number, "WD40PURX-64GVNY0", f"WD-{self.plate.serial}{number}", self.disk_bytes, number in failing)
            for number in (1, 2)
        ]
