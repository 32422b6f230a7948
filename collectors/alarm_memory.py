"""Alarms of a device as readings: 1 while one is active, 0 once it is over."""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.readings import Reading

METRIC = "alarm_active"
MOST = 64  # different ones of a device


class AlarmMemory:
    """Which alarms a device has had. One that never was active is not told of; one that was is 0 from then on."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    def readings(self, active: Iterable[str]) -> list[Reading]:
        """`active`: the names (telemetry/texts "alarm") of those that the device complains of now."""
        now = set(active)
        for name in sorted(now - self._seen.keys()):
            if len(self._seen) < MOST:
                self._seen[name] = None
        return [Reading(METRIC, float(name in now), name) for name in self._seen]
