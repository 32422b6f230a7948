"""Chance with a seed: the same ward file lives the same day twice."""

from __future__ import annotations

import math
import random


def dice(seed: str, *names: str) -> random.Random:
    """A generator of its own for each thing, so that one more draw here changes nothing there."""
    return random.Random("/".join((seed, *names)))


class Wander:
    """A number that wanders around its mean (an Ornstein-Uhlenbeck process, stepped exactly).

    `spread` is the standard deviation it settles to, `settle_seconds` how long it remembers.
    """

    def __init__(self, chance: random.Random, mean: float, spread: float, settle_seconds: float) -> None:
        self._chance, self.mean, self._spread, self._settle = chance, mean, spread, settle_seconds
        self.value = chance.gauss(mean, spread)

    def advance(self, seconds: float) -> None:
        kept = math.exp(-seconds / self._settle)
        fresh = self._spread * math.sqrt(1.0 - kept * kept)
        self.value = self.mean + (self.value - self.mean) * kept + self._chance.gauss(0.0, fresh)
