"""The city's power as it comes out of the ward's wall sockets."""

from __future__ import annotations

import random

from simulator.model.chance import Wander


class Mains:
    """230 V, 50 Hz, with the noise that a meter shows; off during a power cut."""

    def __init__(self, chance: random.Random) -> None:
        self.on = True
        self._volts = Wander(chance, mean=228.0, spread=1.2, settle_seconds=120.0)
        self._hertz = Wander(chance, mean=50.0, spread=0.03, settle_seconds=30.0)

    @property
    def volts(self) -> float:
        return self._volts.value if self.on else 0.0

    @property
    def hertz(self) -> float:
        return self._hertz.value if self.on else 0.0

    def advance(self, seconds: float) -> None:
        self._volts.advance(seconds)
        self._hertz.advance(seconds)
