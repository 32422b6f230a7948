"""Report by exception: of each poll, only what is news goes into the journal.

A reading is news when it moved beyond its catalogue dead-band since it was last written, or when it would otherwise
be older than 60 s by the next poll. `reachable` is one of the readings; a text is news when it changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from telemetry.catalogue import Metric, metrics
from telemetry.entry import Facts, Readings
from telemetry.readings import REACHABLE, Fact, PollResult, Reading, Reason

MAX_AGE_SECONDS = 60.0
MOST_READINGS = 2000  # in one entry, which may not pass 256 kB
_SLACK_SECONDS = 0.25  # polls come a little late

# What was last written of a series: the band within which nothing is news (both ends included), and when
# (monotonic) it was written. A tuple, because this is looked at for each reading of each poll.
_Written = tuple[float, float, float]


class DeviceReport:
    """What was last written of one device."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], _Written] = {}
        self._facts: dict[str, str] = {}
        self._reason: Reason | None = None  # the last one written
        self._partial: Reason | None = None  # why the last whole poll was not complete
        self._catalogue = metrics()

    def readings(self, result: PollResult, now: float, gap: float, *, vital: bool = False) -> list[Readings]:
        """The entries that one poll is worth; none when there is no news.

        `now` is monotonic, `gap` the seconds until the next poll of this sort.
        """
        reason = self._reason_of(result, vital)
        changed = _code(reason) != _code(self._reason)
        if not result.reachable:
            self._written = {key: at for key, at in self._written.items() if key[0] == REACHABLE}
        news = self._news(result, now, now - MAX_AGE_SECONDS + gap + _SLACK_SECONDS, changed)
        self._reason = reason
        return [Readings(news[at : at + MOST_READINGS], reason) for at in range(0, len(news), MOST_READINGS)]

    def facts(self, result: PollResult) -> Facts | None:
        """The texts that changed, or None."""
        known = self._facts
        news: list[Fact] = []
        for fact in result.facts:
            if known.get(fact.name) != fact.text:
                known[fact.name] = fact.text
                news.append(fact)
        return Facts(tuple(news)) if news else None

    def _reason_of(self, result: PollResult, vital: bool) -> Reason | None:
        """A vital poll that went well does not make the last whole poll complete."""
        if result.reachable and vital:
            return result.reason or self._partial
        self._partial = result.reason if result.reachable else None
        return result.reason

    def _news(self, result: PollResult, now: float, stale: float, changed: bool) -> list[Reading]:
        """`stale`: what was written before this moment is written again."""
        written = self._written
        news: list[Reading] = []
        up = 1.0 if result.reachable else 0.0
        state = written.get((REACHABLE, ""))
        if changed or state is None or state[0] != up or state[2] < stale:
            written[REACHABLE, ""] = (up, up, now)
            news.append(Reading(REACHABLE, up))
        for reading in result.readings:
            metric, value, instance = reading
            key = (metric, instance)
            state = written.get(key)
            if state is not None and state[0] <= value <= state[1] and state[2] >= stale:
                continue
            if not math.isfinite(value) or metric == REACHABLE:
                continue  # neither is a reading: a collector that lets one through is mistaken
            written[key] = self._band(metric, value, now)
            news.append(reading)
        return news

    def _band(self, metric: str, value: float, now: float) -> _Written:
        line: Metric | None = self._catalogue.get(metric)
        if line is None:
            return (value, value, now)
        band = line.dead_band * abs(value) if line.relative else line.dead_band
        return (value - band, value + band, now)


class ExceptionReport:
    """The reports of all devices of a ward."""

    def __init__(self, devices: Sequence[str]) -> None:
        self._devices = {device: DeviceReport() for device in devices}

    def __getitem__(self, device: str) -> DeviceReport:
        return self._devices[device]


def _code(reason: Reason | None) -> str:
    return "" if reason is None else reason.code
