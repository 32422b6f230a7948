"""When a ward's office is open, as its configuration writes it.

Vietnam keeps one time, UTC+7, without summer time, so wall time and the hours of a week map onto each other by
arithmetic (and need no time zone database, which Windows does not have).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

DEFAULT = "Mon-Fri 07:30-11:30,13:30-17:00"

_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = f"(?:{'|'.join(_NAMES)})"
_DAYS = re.compile(rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*")
_SPAN = re.compile(r"(\d{2}):([0-5]\d)-(\d{2}):([0-5]\d)")
_DAY_MINUTES = 24 * 60
_WEEK = 7 * _DAY_MINUTES
_UTC_OFFSET = 7 * 60  # Asia/Ho_Chi_Minh, minutes
_EPOCH_IN_WEEK = _NAMES.index("Thu") * _DAY_MINUTES  # 1970-01-01 was a Thursday
_MINUTE_US = 60_000_000

Span = tuple[int, int]  # minutes of a week that begins on Monday at midnight, the second one not included


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The weekly spans in which the office is open: in order, none touching the next. One that runs over Sunday's
    midnight ends after the week does."""

    spans: tuple[Span, ...]

    def is_open(self, wall_us: int) -> bool:
        """Whether the office is open at this wall time (µs since 1970, UTC)."""
        return self.open_seconds(wall_us) is not None

    def open_seconds(self, wall_us: int) -> float | None:
        """For how long it has been open; None while it is closed, infinite where it never closes."""
        if self.spans == ((0, _WEEK),):
            return float("inf")
        since_epoch, within = divmod(wall_us, _MINUTE_US)
        minute = (since_epoch + _UTC_OFFSET + _EPOCH_IN_WEEK) % _WEEK
        for at in (minute, minute + _WEEK):  # the second: early on Monday, in a span that began on Sunday
            number = bisect_right(self.spans, (at, 2 * _WEEK)) - 1
            if number >= 0 and at < self.spans[number][1]:
                return (at - self.spans[number][0]) * 60 + within / 1e6
        return None


ALWAYS = OpeningHours(((0, _WEEK),))


@lru_cache(maxsize=8)
def parse(text: str) -> OpeningHours:
    """Groups of days separated by ";", each with its spans: "Mon-Fri 07:30-11:30,13:30-17:00; Sat 07:30-11:30".

    A day may run to 24:00. Raises ValueError, also for a span that does not end after it begins or begins before the
    last one ended.
    """
    found: list[Span] = []
    for group in text.split(";"):
        days, _, spans = group.strip().partition(" ")
        if not _DAYS.fullmatch(days) or not spans:
            raise ValueError(group.strip())
        of_a_day = _spans(spans)
        for day in _days(days):
            found += [(day * _DAY_MINUTES + start, day * _DAY_MINUTES + end) for start, end in of_a_day]
    return OpeningHours(_merged(found))


def check(text: str) -> None:
    """Raises ValueError where `parse` would."""
    parse(text)


def _spans(text: str) -> list[Span]:
    found: list[Span] = []
    last = -1
    for span in text.split(","):
        match = _SPAN.fullmatch(span.strip())
        if match is None:
            raise ValueError(span.strip())
        start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if not last < start < end <= _DAY_MINUTES:
            raise ValueError(span.strip())
        last = end
        found.append((start, end))
    return found


def _days(text: str) -> set[int]:
    """ "Mon-Wed,Sat" → {0, 1, 2, 5}; "Sat-Mon" runs over the week's end."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin = _NAMES.index(first)
        length = (_NAMES.index(last or first) - begin) % 7
        found |= {(begin + step) % 7 for step in range(length + 1)}
    return found


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    if len(merged) > 1 and merged[0][0] == 0 and merged[-1][1] == _WEEK:
        _, end = merged.pop(0)
        merged[-1] = (merged[-1][0], _WEEK + end)
    return tuple(merged)
