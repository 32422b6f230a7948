"""The ward's calendar: its days, and when in them footage is owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from camera.retention.spans import DAY_US, MINUTE_US, Span, clipped, merged

_EPOCH = date(1970, 1, 1)
_EPOCH_WEEKDAY = 3  # a Thursday
_WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Office:
    """`weekly`: spans of minutes from Monday's midnight on, the second number not included; one that runs over
    Sunday's midnight ends after the week does (edge_agent.opening_hours). `utc_offset_minutes`: the ward's time, which
    has no summer time."""

    weekly: Sequence[tuple[int, int]]
    utc_offset_minutes: int = 7 * 60

    def day_of(self, at_us: int) -> int:
        """The ward's day in which a moment lies, counted from 1970-01-01."""
        return (at_us + self._offset_us) // DAY_US

    def day_span(self, day: int) -> Span:
        begin = day * DAY_US - self._offset_us
        return Span(begin, begin + DAY_US)

    def date_of(self, day: int) -> date:
        return _EPOCH + timedelta(days=day)

    def midnight_us(self, of: date) -> int:
        """When that day begins."""
        return self.day_span((of - _EPOCH).days).begin_us

    def opened(self, begin_us: int, end_us: int) -> list[Span]:
        """When the office is open from `begin_us` to `end_us`."""
        if end_us <= begin_us:
            return []
        first = self.day_of(begin_us)
        monday = first - (first + _EPOCH_WEEKDAY) % _WEEK_DAYS - _WEEK_DAYS  # the week before may reach into this one
        found: list[Span] = []
        while (week_us := monday * DAY_US - self._offset_us) < end_us:
            found += [Span(week_us + start * MINUTE_US, week_us + end * MINUTE_US) for start, end in self.weekly]
            monday += _WEEK_DAYS
        return clipped(merged(found), begin_us, end_us)

    @property
    def _offset_us(self) -> int:
        return self.utc_offset_minutes * MINUTE_US
