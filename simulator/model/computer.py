"""Workstations, kiosks and the like: processor, memory, disk and people in front of them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from simulator.model.chance import Wander
from simulator.model.machine import Machine, Plate
from simulator.model.workday import activity

GIB = 1024**3
DISK_FULL = 0.97


@dataclass(frozen=True, slots=True)
class Hardware:
    """What is inside. Bytes; watts when idle and what full load adds."""

    processors: int
    memory_bytes: int
    disk_bytes: int
    idle_watts: float
    busy_watts: float
    boot_seconds: float = 20.0


class Computer(Machine):
    """A computer whose load follows the working day."""

    def __init__(self, plate: Plate, hardware: Hardware, chance: random.Random) -> None:
        super().__init__(plate, idle_watts=hardware.idle_watts, boot_seconds=hardware.boot_seconds)
        self.hardware = hardware
        self._loads = [Wander(chance, 0.0, 6.0, 45.0) for _ in range(hardware.processors)]
        self._memory = Wander(chance, chance.uniform(0.42, 0.62), 0.02, 900.0)
        self._processes = Wander(chance, 138.0, 6.0, 600.0)
        self._disk_used = chance.uniform(0.35, 0.6) * hardware.disk_bytes
        self._activity = 0.0

    @property
    def processor_loads(self) -> list[float]:
        """Percent of each processor, over about the last minute."""
        base = 4.0 + 22.0 * self._activity
        return [min(100.0, max(0.0, base + load.value)) for load in self._loads]

    @property
    def memory_used_bytes(self) -> int:
        share = min(0.97, max(0.1, self._memory.value + 0.12 * self._activity))
        return int(share * self.hardware.memory_bytes)

    @property
    def disk_used_bytes(self) -> int:
        return int(self._disk_used)

    @property
    def disk_full(self) -> bool:
        return self._disk_used > DISK_FULL * self.hardware.disk_bytes

    def set_disk_full(self, full: bool) -> None:
        """Somebody copied too much onto it; or cleaned up."""
        self._disk_used = (0.985 if full else 0.5) * self.hardware.disk_bytes

    @property
    def processes(self) -> int:
        return max(40, round(self._processes.value))

    @property
    def users(self) -> int:
        return 1 if self._activity > 0.08 else 0

    @property
    def draw_watts(self) -> float:
        if not self.link:
            return 0.0
        loads = self.processor_loads
        return self.hardware.idle_watts + self.hardware.busy_watts * sum(loads) / len(loads) / 100.0

    def work(self, seconds: float, moment: float) -> None:
        self._activity = activity(moment)
        for load in self._loads:
            load.advance(seconds)
        self._memory.advance(seconds)
        self._processes.advance(seconds)
        # About 300 MB of scans and documents in a working day.
        grown = self._disk_used + 300e6 / (7.5 * 3600.0) * self._activity * seconds
        self._disk_used = min(grown, 0.99 * self.hardware.disk_bytes)
