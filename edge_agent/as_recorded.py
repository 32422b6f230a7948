"""Whether a camera's main stream is what its recorder is set to record: what the recorder told, beside what came."""

from __future__ import annotations

from dataclasses import dataclass, replace

from camera.recorders.record_settings import RATES, RecordSettings, Sent, differences
from camera.watch.stream_watch import WatchState
from telemetry.readings import Fact, Reading

KEPT_SECONDS = 1800.0  # what a recorder told counts for; it is asked every ten minutes
RATES_SECONDS = 540.0  # three looks at a main stream: one of few seconds may have met a busy network
METRIC, FACT = "recorded_as_set", "recorder_setting"


class AsRecorded:
    """One camera. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._told: _Told | None = None
        self._sent: Sent | None = None
        self._rates_since: float | None = None  # when a rate was first seen to differ, without a good one since

    def told(self, settings: RecordSettings, now: float) -> None:
        """What its recorder is set to record of it."""
        self._told = _Told(settings, now)

    def facts(self, now: float) -> list[Fact]:
        return [Fact(FACT, str(told.settings))] if (told := self._fresh(now)) is not None else []

    def readings(self, main: WatchState | None, now: float) -> list[Reading]:
        """`recorded_as_set`; nothing where one side is not known, or the stream is gone."""
        self._sent = None if main is None or main.up is False else self._newest(main)
        told = self._fresh(now)
        found = differences(told.settings, self._sent) if told is not None and self._sent is not None else None
        if found is None:
            self._rates_since = None
            return []
        rates = RATES.intersection(found)
        self._rates_since = (now if self._rates_since is None else self._rates_since) if rates else None
        counts = self._rates_since is not None and now - self._rates_since >= RATES_SECONDS
        return [Reading(METRIC, float(not (counts or set(found) - RATES)))]

    def _fresh(self, now: float) -> _Told | None:
        return self._told if self._told is not None and now - self._told.at <= KEPT_SECONDS else None

    def _newest(self, main: WatchState) -> Sent | None:
        """Of a connection that is too young for its rates, or that brought none, what the one before it did."""
        facts, figures, before = main.facts, main.figures, self._sent
        if facts is None or not main.settled:
            return before
        rate, bits = figures.frame_rate_hz, figures.bits_per_second
        sent = Sent(facts.codec, facts.width, facts.height, rate, bits)
        if before is not None and rate is None:
            old = replace(before, frame_rate_hz=None, bits_per_second=None)
            return before if old == sent else sent
        return sent


@dataclass(frozen=True, slots=True)
class _Told:
    settings: RecordSettings
    at: float
