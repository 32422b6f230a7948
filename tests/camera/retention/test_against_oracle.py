"""Coverage by interval arithmetic, against one that counts minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from camera.retention.index import Index, Recorded
from camera.retention.judge import Circumstances, Deletes, Settings, judge
from camera.retention.office import Office
from camera.retention.spans import DAY_US, MINUTE_US, Span, clipped, common, holes, merged
from telemetry.evidence import Verdict
from tests.camera.retention.calendar import NOW, VIETNAM, WEEKDAYS

DAYS = 5
WINDOW = DAYS * 1440
ASKED = Settings(days=DAYS, margin_seconds=15 * 60)
MARGIN = 15
minutes = st.integers(-2000, WINDOW + 2000)
entries = st.lists(st.tuples(minutes, st.integers(-5, 4000)), max_size=25)
hours = st.sampled_from([tuple(WEEKDAYS), ((0, 7 * 1440),), ((6 * 1440 + 1300, 7 * 1440 + 100),), ((2000, 2003),)])


@dataclass
class Oracle:
    """Minute m lies m minutes after the window's begin; a set knows nothing of intervals."""

    entries: list[tuple[int, int]]
    weekly: tuple[tuple[int, int], ...]

    def recorded(self) -> set[int]:
        found: set[int] = set()
        for begin, length in self.entries:
            found |= {minute for minute in range(begin, begin + length) if minute < WINDOW}
        return found

    def day(self, minute: int) -> str:
        return (self._moment(minute)).date().isoformat()

    def is_open(self, minute: int) -> bool:
        moment = self._moment(minute)
        of_week = moment.weekday() * 1440 + moment.hour * 60 + moment.minute
        return any(begin <= at < end for begin, end in self.weekly for at in (of_week, of_week + 7 * 1440))

    def longest_open_hole(self) -> int:
        recorded, longest, run = self.recorded(), 0, 0
        for minute in range(WINDOW - MARGIN):
            run = run + 1 if self.is_open(minute) and minute not in recorded else 0
            longest = max(longest, run)
        return longest

    def percents(self, *, only_open: bool) -> dict[str, float | None]:
        recorded = self.recorded()
        shown: dict[str, list[int]] = {}
        for minute in range(WINDOW - MARGIN):
            day = shown.setdefault(self.day(minute), [0, 0])
            if only_open and not self.is_open(minute):
                continue
            day[0] += minute in recorded
            day[1] += 1
        return {day: None if owed == 0 else covered * 10_000 // owed / 100 for day, (covered, owed) in shown.items()}

    def is_met(self) -> bool:
        recorded = self.recorded()
        missing: dict[str, int] = {}
        owed: dict[str, int] = {}
        for minute in range(-1440, WINDOW + 1440):  # whole days: what may be missing is a share of those
            if self.is_open(minute):
                day = self.day(minute)
                owed[day] = owed.get(day, 0) + 1
                missing[day] = missing.get(day, 0) + (0 <= minute < WINDOW - MARGIN and minute not in recorded)
        within = {self.day(minute) for minute in range(WINDOW - MARGIN)}
        good = all(100 * missing[day] <= owed[day] for day in owed if day in within)
        return good and self.longest_open_hole() <= 10

    def _moment(self, minute: int) -> datetime:
        return datetime.fromtimestamp((NOW - DAYS * DAY_US) / 1e6, VIETNAM) + timedelta(minutes=minute)


def span(begin: int, length: int) -> tuple[int, int]:
    at = NOW - DAYS * DAY_US + begin * MINUTE_US
    return at, at + length * MINUTE_US


@settings(max_examples=60, deadline=None)
@given(entries, hours, st.lists(st.booleans(), min_size=25, max_size=25), st.sampled_from([None, False, True]))
def test_coverage_and_verdict_are_those_of_counting_minute_by_minute(
    given_entries: list[tuple[int, int]],
    weekly: tuple[tuple[int, int], ...],
    on_motion: list[bool],
    told: bool | None,
) -> None:
    oracle = Oracle(given_entries, weekly)
    recorded = [Recorded(*span(*entry), motion=motion) for entry, motion in zip(given_entries, on_motion, strict=False)]
    known = Circumstances(NOW, since_us=NOW - 100 * DAY_US, deletes=Deletes.YES, records_on_motion=told)
    found = judge(Index(recorded), Office(weekly), ASKED, known)
    opened = oracle.percents(only_open=True)
    assert {day.date: day.open_percent for day in found.days} == opened
    assert {day.date: day.whole_percent for day in found.days} == oracle.percents(only_open=False)
    assert bool(found.gaps) == (oracle.longest_open_hole() > 10)
    if told is False or any(percent is not None for percent in opened.values()):  # whatever its entries are called
        assert (found.verdict is Verdict.MET) == oracle.is_met()
    assert found.verdict in (Verdict.MET, Verdict.NOT_MET) or told is not False


numbers = st.integers(0, 60)
pairs = st.lists(st.tuples(numbers, numbers), max_size=12)


def members(spans: list[Span]) -> set[int]:
    return {number for begin, end in spans for number in range(begin, end)}


def are_apart(spans: list[Span]) -> bool:
    return all(left.end_us < right.begin_us for left, right in pairwise(spans))


@given(pairs, pairs, numbers, numbers)
def test_interval_arithmetic_is_that_of_sets(
    left: list[tuple[int, int]], right: list[tuple[int, int]], low: int, high: int
) -> None:
    ours, theirs = merged(left), merged(right)
    within = set(range(low, high))
    assert members(ours) == {number for begin, end in left for number in range(begin, end)}
    assert are_apart(ours)
    assert members(list(common(ours, theirs))) == members(ours) & members(theirs)
    assert members(clipped(ours, low, high)) == members(ours) & within
    assert members(holes(ours, low, high)) == within - members(ours)
    assert are_apart(holes(ours, low, high))
