"""How the example's numbers move: each is a function of time alone, so that now and the past agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

_DAY_SECONDS = 86_400.0
_ZONE_SECONDS = 7 * 3600.0  # Asia/Ho_Chi_Minh


class Shape(StrEnum):
    """How a number moves over a day."""

    STEADY = "steady"  # base with noise
    OFFICE = "office"  # rises by `swing` while the office is open
    SUN = "sun"  # a sine over the day
    COUNT = "count"  # grows by `swing` per day, in office hours
    DRAIN = "drain"  # falls by `swing` per day, in office hours
    CLOCK = "clock"  # grows a second per second


@dataclass(frozen=True, slots=True)
class Signal:
    """One metric of one device. `noise` is the most that it strays; `digits` how it is rounded."""

    metric: str
    base: float
    swing: float = 0.0
    noise: float = 0.0
    shape: Shape = Shape.STEADY
    instance: str = ""
    digits: int = 0
    least: float = 0.0
    most: float = math.inf

    def value(self, seconds: float, started: float, seed: int) -> float:
        """The number at a time; both times are seconds since 1970 UTC."""
        value = self.base + self._moved(seconds, started)
        if self.noise:
            value += self.noise * (2 * _noise(seed, int(seconds // 10)) - 1)
        return round(min(max(value, self.least), self.most), self.digits)

    def _moved(self, seconds: float, started: float) -> float:
        match self.shape:
            case Shape.OFFICE:
                return self.swing * office(seconds)
            case Shape.SUN:
                day = ((seconds + _ZONE_SECONDS) % _DAY_SECONDS) / _DAY_SECONDS
                return self.swing * math.sin(2 * math.pi * (day - 0.375))
            case Shape.COUNT:
                return self.swing * (_work_days(seconds) - _work_days(started))
            case Shape.DRAIN:
                return -self.swing * (_work_days(seconds) - _work_days(started))
            case Shape.CLOCK:
                return seconds - started
            case Shape.STEADY:
                return 0.0


def office(seconds: float) -> float:
    """0 at night, 1 while the office is open, with soft edges (07:30-11:30, 13:30-17:00)."""
    hour = ((seconds + _ZONE_SECONDS) % _DAY_SECONDS) / 3600.0
    return max(_plateau(hour, 7.5, 11.5), _plateau(hour, 13.5, 17.0))


def _plateau(hour: float, opens: float, closes: float) -> float:
    return min(1.0, max(0.0, (hour - opens) * 4)) * min(1.0, max(0.0, (closes - hour) * 4))


def _work_days(seconds: float) -> float:
    """Days since 1970, each spent evenly between 07:30 and 17:00."""
    whole, part = divmod(seconds + _ZONE_SECONDS, _DAY_SECONDS)
    return whole + min(1.0, max(0.0, (part / 3600.0 - 7.5) / 9.5))


def _noise(seed: int, step: int) -> float:
    """0..1, smooth enough for the eye: the mean of two neighbours of a hash (SplitMix64's finaliser)."""
    return (_hash(seed, step) + _hash(seed, step // 3) + _hash(seed, step // 9)) / 3


def _hash(seed: int, step: int) -> float:
    mixed = (seed * 0x9E3779B97F4A7C15 + step * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return ((mixed ^ (mixed >> 31)) >> 11) / float(1 << 53)
