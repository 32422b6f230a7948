"""Whether a room's cooling works, judged over time from the room's temperature alone, so that a split unit without a
network socket counts, with a cheap sensor beside it. What the unit itself says (running or not) is used where it does.

Pure: no clock, no I/O; whoever has a temperature says when it was and whether the office was open. Durations are by
monotonic time, so that a wall clock that jumps changes nothing but the office's hours.

What temperature cannot tell: a room that cools by itself in the evening looks like one that is cooled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from statistics import median

_SAMPLES = 300  # kept of one window; more often is no better


class Cooling(IntEnum):
    """The values of cooling_state."""

    NOT_NEEDED = 0
    WORKS = 1
    FAILS = 2


@dataclass(frozen=True, slots=True)
class CoolingSettings:
    """The thresholds; kelvin above the target, and seconds."""

    near: float = 1.5  # up to here a cooled room holds its target
    too_hot: float = 2.0  # above this it should be getting cooler
    after: float = 1800.0  # how long it may stay too hot without getting cooler
    fall: float = 0.5  # how much cooler counts, within that time
    smooth: float = 180.0  # a median over this time stands for the room: a sensor that flaps is no room that does
    gap: float = 900.0  # after a longer silence nothing that was before counts

    @property
    def spacing(self) -> float:
        """Seconds between two samples that are kept."""
        return self.after / _SAMPLES


@dataclass(slots=True)
class CoolingJudge:
    """One room. Knows nothing at first and after each closing; says nothing while it does not know."""

    target: float  # °C
    settings: CoolingSettings = field(default_factory=CoolingSettings)
    _samples: deque[tuple[float, float]] = field(default_factory=deque)  # (monotonic seconds, °C)
    _newest: float | None = None
    _hot_since: float | None = None
    _was_warm: bool = False  # it has been above its target since the office opened
    _state: Cooling | None = None

    def observe(self, now: float, temperature: float | None, running: bool | None, is_open: bool) -> Cooling | None:
        """What is known of the cooling now. `temperature` None: not known; `running` None: the unit does not say."""
        if not is_open or (self._newest is not None and not 0 <= now - self._newest <= self.settings.gap):
            self._forget()
        if not is_open or temperature is None:
            return None
        self._keep(now, temperature)
        self._state = self._judged(now, running)
        return self._state

    def _judged(self, now: float, running: bool | None) -> Cooling | None:
        settings = self.settings
        above = self._level(now) - self.target
        self._was_warm = self._was_warm or above > 0
        if above <= settings.too_hot:
            self._hot_since = None
        if above <= 0:
            alone = not running and (running is False or not self._was_warm)
            return Cooling.NOT_NEEDED if alone else Cooling.WORKS
        if above <= settings.near:
            return Cooling.WORKS if running is not False else self._unless(Cooling.FAILS)
        if above <= settings.too_hot:
            return Cooling.WORKS if self._falls(now) else self._unless(Cooling.NOT_NEEDED)
        return self._judged_hot(now)

    def _judged_hot(self, now: float) -> Cooling | None:
        if self._hot_since is None:
            self._hot_since = now
        if self._falls(now):
            return Cooling.WORKS
        if now - self._hot_since >= self.settings.after:
            return Cooling.FAILS
        return self._unless(Cooling.NOT_NEEDED)

    def _unless(self, state: Cooling) -> Cooling | None:
        """What was known stays known, except this."""
        return None if self._state is state else self._state

    def _level(self, now: float) -> float:
        return median(value for at, value in self._samples if now - at <= self.settings.smooth or at == self._newest)

    def _falls(self, now: float) -> bool:
        """Whether the last quarter of the window is cooler than the first by enough. A third of it must be there."""
        first = self._samples[0][0]
        length = now - first
        if length < self.settings.after / 3:
            return False
        early = _values(self._samples, first, first + length / 4)
        late = _values(self._samples, now - length / 4, now)
        return median(early) - median(late) >= self.settings.fall

    def _keep(self, now: float, temperature: float) -> None:
        samples = self._samples
        if len(samples) > 1 and now - samples[-2][0] < self.settings.spacing:
            samples.pop()  # the newest is always kept, those before it no closer than the spacing
        samples.append((now, temperature))
        self._newest = now
        while now - samples[0][0] > self.settings.after:
            samples.popleft()

    def _forget(self) -> None:
        self._samples.clear()
        self._newest = self._hot_since = self._state = None
        self._was_warm = False


def _values(samples: Sequence[tuple[float, float]], start: float, end: float) -> list[float]:
    return [value for at, value in samples if start <= at <= end]
