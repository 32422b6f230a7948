"""What the ward reaches beyond its router: two lines, and the city's shared applications behind them."""

from __future__ import annotations

import random

from simulator.model.chance import Wander
from simulator.model.machine import Machine, Plate


class Uplink(Machine):
    """One line to the city as the ward sees it; its state is the router's port."""

    def __init__(self, plate: Plate, line: str) -> None:
        super().__init__(plate, idle_watts=0.0, boot_seconds=0.0)
        self.line = line


class CityService(Machine):
    """A shared application in the city's data centre. `secure`: by HTTPS."""

    def __init__(self, plate: Plate, chance: random.Random, *, secure: bool) -> None:
        super().__init__(plate, idle_watts=0.0, boot_seconds=0.0)
        self.secure = secure
        self.failing = False  # fault service-down
        self.slow = False  # fault service-slow
        self.certificate_expiring = False  # fault certificate-expiring
        self._usual = Wander(chance, 0.08, 0.025, 20.0)

    @property
    def answer_seconds(self) -> float:
        """How long an answer takes now."""
        return max(0.01, self._usual.value) + (4.0 if self.slow else 0.0)

    def work(self, seconds: float, moment: float) -> None:
        self._usual.advance(seconds)
