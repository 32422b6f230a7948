"""When a ward office works: the pattern behind pages, processor load and traffic."""

from __future__ import annotations

from itertools import pairwise

HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
NIGHT = 0.03  # servers, updates, the odd late worker

# Share of full activity at (hour of day), linear between: Mon-Fri 07:30-11:30 and 13:30-17:00.
_PROFILE = (
    (0.0, NIGHT),
    (7.0, NIGHT),
    (7.75, 0.7),
    (9.0, 1.0),
    (10.5, 1.0),
    (11.4, 0.6),
    (11.75, 0.1),
    (13.25, 0.1),
    (13.75, 0.7),
    (14.5, 0.9),
    (16.25, 0.7),
    (17.0, 0.3),
    (17.5, NIGHT),
    (24.0, NIGHT),
)


def activity(moment: float) -> float:
    """Share (0..1) of a busy hour's work at `moment`, seconds since Monday 00:00 of the ward's own time."""
    moment %= WEEK
    day, second = divmod(moment, DAY)
    if day >= 5:
        return NIGHT
    hour = second / HOUR
    for (start, low), (end, high) in pairwise(_PROFILE):
        if hour < end:
            return low + (high - low) * (hour - start) / (end - start)
    return NIGHT


def moment_of(text: str) -> float:
    """Seconds since Monday 00:00 for "HH:MM" of a Monday. Raises ValueError for anything else."""
    hours, _, minutes = text.partition(":")
    hour, minute = int(hours), int(minutes)
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise ValueError(f"{text} is no time of day")
    return hour * HOUR + minute * 60.0


def moment_now(wall_us: int) -> float:
    """Seconds since Monday 00:00 in Vietnam (UTC+7, no summer time) at a wall time in µs since 1970 UTC."""
    seconds = wall_us / 1e6 + 7 * HOUR
    return (seconds + 3 * DAY) % WEEK  # 1970-01-01 was a Thursday
