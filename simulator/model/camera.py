"""A camera: it looks at the office, and its power comes over its network cable."""

from __future__ import annotations

from simulator.model.machine import Plate
from simulator.model.own_clock import ClockedMachine


class Camera(ClockedMachine):
    """`scene`: which view of the office it has."""

    def __init__(self, plate: Plate, scene: str) -> None:
        super().__init__(plate, idle_watts=6.0, boot_seconds=5.0)
        self.scene = scene
        self.unplugged = False  # fault camera-offline
        self.frozen = False  # fault camera-freeze
        self.password_changed = False  # fault camera-wrong-password
        self.covered = False  # fault camera-cover
        self.blurred = False  # fault camera-blur
        self.moved = False  # fault camera-move
        self.dark = False  # fault camera-dark
        self.hevc = False  # fault camera-h265

    @property
    def running(self) -> bool:
        return super().running and not self.unplugged

    @property
    def link(self) -> bool:
        return super().link and not self.unplugged

    @property
    def draw_watts(self) -> float:
        return self.idle_watts if self.link else 0.0

    def set_unplugged(self, unplugged: bool) -> None:
        """Its cable pulled out, or in again: without power it forgets everything."""
        if self.unplugged and not unplugged:
            self._restart()
        self.unplugged = unplugged
