"""Any collector of a room with a target temperature, with what is known of the room's cooling beside its readings."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from statistics import median

from collectors.base import Collector, turn_of
from edge_agent.cooling import CoolingJudge
from edge_agent.opening_hours import OpeningHours
from telemetry.clock import Clock
from telemetry.readings import PollResult, Reading

_LOG = logging.getLogger(__name__)
# Of several temperatures (supply air, compressor, fluid) those that are the room's; what a unit draws in is its room.
_ROOM = re.compile(r"(?i)room|return|ambient|indoor|phòng|average input")


class CooledRoom:
    """collectors.base.Collector and TakesTurns. `sensor`: which of several temperatures is the room's."""

    def __init__(self, inner: Collector, judge: CoolingJudge, hours: OpeningHours, clock: Clock, sensor: str) -> None:
        self._inner = inner
        self._judge = judge
        self._hours = hours
        self._clock = clock
        self._sensor = sensor
        self._told = False
        self.has_vital = inner.has_vital

    def turn(self) -> AbstractAsyncContextManager[None]:
        return turn_of(self._inner)

    async def poll(self) -> PollResult:
        result = await self._inner.poll()
        temperature = self._room(result.readings)
        # While nobody knows the hour, no room is called warm for being left to itself at night.
        is_open = self._clock.tells_the_hour() and self._hours.is_open(self._clock.wall_us())
        state = self._judge.observe(self._clock.monotonic(), temperature, _running(result.readings), is_open)
        if state is None:
            return result
        return replace(result, readings=[*result.readings, Reading("cooling_state", float(state))])

    async def poll_vital(self) -> PollResult:
        return await self._inner.poll_vital()

    async def close(self) -> None:
        await self._inner.close()

    def _room(self, readings: Sequence[Reading]) -> float | None:
        found = [reading for reading in readings if reading.metric == "temperature_celsius"]
        if self._sensor:
            found = [reading for reading in found if reading.instance == self._sensor]
        elif len(found) > 1:
            several, found = found, [reading for reading in found if _ROOM.search(reading.instance)]
            if not found and not self._told:
                self._told = True
                names = ", ".join(reading.instance for reading in several)
                _LOG.warning("which of its temperatures is the room's? Name it as target_sensor: %s", names)
        return median(reading.value for reading in found) if found else None


def _running(readings: Sequence[Reading]) -> bool | None:
    said = [reading.value for reading in readings if reading.metric == "aircon_running"]
    return any(value == 1 for value in said) if said else None
