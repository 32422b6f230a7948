"""What a recorder keeps of one camera: spans of footage, made up from chance of the past and true from now on.

Pure: all times are true wall times in µs since 1970 UTC; what the recorder's own clock says of them is `Book`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from simulator.model.chance import dice

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
VIETNAM = timezone(timedelta(hours=7))
_INTERRUPTED = 0.12  # share of the nights in which the camera or its link starts anew
_GAP_DAYS, _LOCKED_DAYS = 9, 40


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `begin_us` up to but not including `end_us`."""

    begin_us: int
    end_us: int


def midnight(wall_us: int) -> int:
    """The beginning of that day in Vietnam."""
    day = datetime.fromtimestamp(wall_us // SECOND, VIETNAM).replace(hour=0, minute=0, second=0)
    return round(day.timestamp()) * SECOND


class Tape:
    """One camera's footage. `begun_us`: from when on we know what happened; before that chance decides."""

    def __init__(self, seed: str, camera: str, begun_us: int) -> None:
        self._seed, self._camera = seed, camera
        self._happened: list[Span] = []  # interruptions since `begun_us`
        self._since_us: int | None = None  # of the one that lasts
        self._begun_us = begun_us

    @property
    def running(self) -> bool:
        return self._since_us is None

    def note(self, recording: bool, now_us: int) -> None:
        """Whether footage is kept at this moment."""
        if recording and self._since_us is not None:
            self._happened.append(Span(self._since_us, now_us))
            self._since_us = None
        elif not recording and self._since_us is None:
            self._since_us = now_us

    def spans(self, now_us: int, days: int, gap: bool, locked_clip: bool) -> list[Span]:
        """Oldest first, never touching. `gap`, `locked_clip`: the faults of these names."""
        begin = (now_us - days * DAY) // HOUR * HOUR  # a recorder writes over whole files
        holes = [*self._nights(begin, now_us), *self._happened]
        if self._since_us is not None:
            holes.append(Span(self._since_us, now_us))
        if gap:
            holes.append(gap_of(now_us))
        kept = _without(Span(begin, now_us), sorted(holes))
        if locked_clip:
            at = midnight(now_us) - _LOCKED_DAYS * DAY + 10 * HOUR
            kept.insert(0, Span(at, at + HOUR // 3))
        return kept

    def _nights(self, begin: int, end: int) -> list[Span]:
        found = []
        for day in range(midnight(begin), min(end, self._begun_us), DAY):
            chance = dice(self._seed, self._camera, "tape", str(day))
            if chance.random() < _INTERRUPTED:
                at = day + round(chance.uniform(1.0, 5.0) * 3600) * SECOND
                hole = Span(at, at + chance.randrange(15, 150) * SECOND)
                if hole.end_us <= self._begun_us:
                    found.append(hole)
        return found


def gap_of(now_us: int) -> Span:
    """Five and a half hours of the last day of work that is nine days gone."""
    day = midnight(now_us) - _GAP_DAYS * DAY
    while datetime.fromtimestamp(day // SECOND, UTC).astimezone(VIETNAM).weekday() > 4:
        day -= DAY
    return Span(day + 8 * HOUR, day + 13 * HOUR + HOUR // 2)


def _without(whole: Span, holes: list[Span]) -> list[Span]:
    kept, at = [], whole.begin_us
    for hole in holes:
        if hole.begin_us > at:
            kept.append(Span(at, min(hole.begin_us, whole.end_us)))
        at = max(at, hole.end_us)
    if at < whole.end_us:
        kept.append(Span(at, whole.end_us))
    return [span for span in kept if span.end_us > span.begin_us]
