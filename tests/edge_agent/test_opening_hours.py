"""When an office is open, against the standard library's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_agent import opening_hours
from edge_agent.opening_hours import ALWAYS, parse

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DA_NANG = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = datetime(2026, 10, 5, tzinfo=DA_NANG)


def us(local: datetime) -> int:
    return round(local.astimezone(UTC).timestamp() * 1e6)


def at(day: str, time: str) -> int:
    """Wall time of a day of the first week of October 2026, in Da Nang."""
    hour, minute, second = ([int(part) for part in time.split(":")] + [0])[:3]
    return us(MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute, seconds=second))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (("Mon", "07:29:59"), False), (("Mon", "07:30"), True), (("Mon", "11:29:59"), True), (("Mon", "11:30"), False),
        (("Wed", "12:00"), False), (("Fri", "13:30"), True), (("Fri", "17:00"), False), (("Sat", "09:00"), False),
        (("Sun", "23:59:59"), False), (("Mon", "00:00"), False),
    ],
)  # fmt: skip
def test_the_default_hours(moment: tuple[str, str], is_open: bool) -> None:
    assert parse(opening_hours.DEFAULT).is_open(at(*moment)) is is_open


def test_how_long_it_has_been_open() -> None:
    hours = parse("Mon-Fri 07:30-11:30; Sat 08:00-11:00")
    assert hours.open_seconds(at("Tue", "07:35:30")) == 330
    assert hours.open_seconds(at("Sat", "08:00")) == 0
    assert hours.open_seconds(at("Sun", "08:00")) is None


def test_a_night_that_is_written_as_two_days_is_one_span() -> None:
    hours = parse("Tue 00:00-06:00; Mon 22:00-24:00")
    assert hours.open_seconds(at("Tue", "00:10")) == 2 * 3600 + 600


def test_the_night_from_sunday_to_monday_is_one_span() -> None:
    hours = parse("Sun 22:00-24:00; Mon 00:00-06:00")
    assert hours.open_seconds(at("Sun", "23:00")) == 3600
    assert hours.open_seconds(at("Mon", "01:00")) == 3 * 3600
    assert hours.open_seconds(at("Mon", "06:00")) is None
    assert hours.open_seconds(at("Sun", "21:59")) is None


def test_an_office_that_never_closes_has_always_been_open() -> None:
    assert parse("Mon-Sun 00:00-24:00") == ALWAYS
    assert ALWAYS.open_seconds(at("Mon", "00:00")) == float("inf")


def test_days_may_run_over_the_end_of_the_week() -> None:
    hours = parse("Sat-Mon 08:00-09:00")
    assert [day for day in DAYS if hours.is_open(at(day, "08:30"))] == ["Mon", "Sat", "Sun"]


TIMES = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted)


@st.composite
def groups(draw: st.DrawFn) -> tuple[str, set[tuple[int, int]]]:
    """A group as text, and each minute (weekday, minute of day) that it means."""
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    times = draw(TIMES)
    spans = list(zip(times[::2], times[1::2], strict=False))
    text = ",".join(DAYS[day] for day in sorted(days))
    text += " " + ",".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)
    return text, {(day, minute) for day in days for a, b in spans for minute in range(a, b)}


@given(st.lists(groups(), min_size=1, max_size=3), st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))
@example([("Sun 00:00-24:00", {(6, minute) for minute in range(1440)})], datetime(2026, 10, 12))  # Monday, midnight
@example([("Thu 00:00-00:01", {(3, 0)})], datetime(2026, 10, 8))
def test_it_is_open_in_the_minutes_that_are_written(
    written: list[tuple[str, set[tuple[int, int]]]], local: datetime
) -> None:
    hours = parse("; ".join(text for text, _ in written))
    minutes = set().union(*(meant for _, meant in written))
    aware = local.replace(tzinfo=DA_NANG)
    assert hours.is_open(us(aware)) is ((local.weekday(), local.hour * 60 + local.minute) in minutes)


@given(st.lists(groups(), min_size=1, max_size=3), st.integers(0, 7 * 1440 - 1))
def test_it_was_open_ever_since_and_not_a_moment_before(
    written: list[tuple[str, set[tuple[int, int]]]], minute: int
) -> None:
    hours = parse("; ".join(text for text, _ in written))
    now = us(MONDAY + timedelta(minutes=minute))
    since = hours.open_seconds(now)
    if since is None or since == float("inf"):
        return
    opened = now - round(since * 1e6)
    assert hours.open_seconds(opened) == 0
    assert not hours.is_open(opened - 1)
    assert all(hours.is_open(moment) for moment in range(opened, now, 60_000_000))
