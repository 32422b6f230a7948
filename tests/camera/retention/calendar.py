"""Days and hours of a ward in Vietnam, for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from camera.retention.index import Index, Recorded
from camera.retention.office import Office
from camera.retention.spans import DAY_US, HOUR_US, MINUTE_US

WEEKDAYS = [(day * 1440 + start, day * 1440 + end) for day in range(5) for start, end in ((450, 690), (810, 1020))]
OFFICE = Office(WEEKDAYS)  # Mon-Fri 07:30-11:30, 13:30-17:00
ALWAYS = Office([(0, 7 * 1440)])
VIETNAM = timezone(timedelta(hours=7))


def local(text: str) -> int:
    """ "2026-11-25 10:00" in the ward → µs."""
    return int(datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp() * 1e6)


def said(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M")


NOW = local("2026-11-25 10:00")  # a Wednesday


def before(days: float = 0, hours: float = 0) -> int:
    return NOW - round(days * DAY_US) - round(hours * HOUR_US)


def files(begin_us: int, end_us: int, minutes: int = 60, *, motion: bool = False) -> list[Recorded]:
    """Recording without a gap, a file for every so many minutes."""
    step = minutes * MINUTE_US
    return [Recorded(at, min(at + step, end_us), motion=motion) for at in range(begin_us, end_us, step)]


def index(*parts: list[Recorded]) -> Index:
    return Index([each for part in parts for each in part])
