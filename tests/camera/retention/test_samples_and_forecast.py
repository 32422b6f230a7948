"""Which moments are replayed, and how long a recorder will keep."""

from __future__ import annotations

import random

import pytest

from camera.retention.forecast import Disks, daily_bytes, forecast
from camera.retention.index import Index, Recorded
from camera.retention.judge import Circumstances, Deletes, Settings, judge
from camera.retention.sample import EDGE_US, moments
from camera.retention.spans import DAY_US
from tests.camera.retention.calendar import NOW, OFFICE, before, files, index

KNOWN = Circumstances(NOW, deletes=Deletes.YES)
TB = 1e12


def test_the_oldest_moment_is_always_asked_and_the_others_are_where_footage_is(seed: int) -> None:
    found = judge(index(files(before(40), before(20)), files(before(19), NOW)), OFFICE, Settings(), KNOWN)
    for number in range(50):
        asked = moments(found, 6, random.Random(seed + number))
        assert asked[0] == before(40) + EDGE_US
        assert len(asked) == 6
        assert all(before(30) <= at < NOW for at in asked[1:])
        assert all(any(span.begin_us < at < span.end_us for span in found.covered) for at in asked)
        assert asked[1] < before(24) and asked[-1] > before(7)  # a month is looked at all over


def test_nobody_can_foresee_the_others(seed: int) -> None:
    found = judge(index(files(before(40), NOW)), OFFICE, Settings(), KNOWN)
    chance = random.Random(seed)
    seen = {at for _ in range(200) for at in moments(found, 4, chance)[1:]}
    assert len(seen) > 590  # of 600; a month has seconds enough that two seldom meet, but now and then they do


def test_of_a_locked_clip_and_thirteen_days_the_oldest_is_thirteen_days_old() -> None:
    clip = Recorded(before(62), before(62) + 60_000_000)
    found = judge(index([clip], files(before(13), NOW)), OFFICE, Settings(), KNOWN)
    assert moments(found, 1, random.Random(1)) == [before(13) + EDGE_US]


def test_where_nothing_is_recorded_nothing_is_asked() -> None:
    assert moments(judge(Index(), OFFICE, Settings(), KNOWN), 4, random.Random(1)) == []


def test_the_write_rate_is_that_of_the_last_day_over_all_channels() -> None:
    hourly = [each._replace(size_bytes=10**9) for each in files(before(3), NOW)]
    assert daily_bytes([Index(hourly), Index(hourly)], NOW) == pytest.approx(48e9)
    assert daily_bytes([index(files(before(3), NOW))], NOW) is None


def test_days_kept_are_the_disk_by_the_rate() -> None:
    found = forecast(Disks(4 * TB, 0), before(40), NOW, 30, 0.1 * TB)
    assert found is not None
    assert (found.kept_days, found.short_in_days) == (40, None)


def test_without_a_rate_it_is_what_was_written_until_now() -> None:
    found = forecast(Disks(4 * TB, 2 * TB), before(10), NOW, 30, None)
    assert found is not None
    assert (found.kept_days, found.short_in_days) == (20, 10)  # full in ten days, and then it holds twenty


def test_a_camera_more_on_a_full_disk_eats_into_the_old_days_of_all() -> None:
    """40 days at 0.1 TB a day; at 0.2 TB a day two old days go for each new one, and in ten days thirty are left."""
    found = forecast(Disks(4 * TB, 0), before(40), NOW, 30, 0.2 * TB)
    assert found is not None
    assert (found.kept_days, found.short_in_days) == (20, 10)


def test_a_recorder_that_is_short_already_is_short_today() -> None:
    found = forecast(Disks(1.2 * TB, 0), before(12), NOW, 30, 0.1 * TB)
    assert found is not None
    assert (found.kept_days, found.short_in_days) == (12, 0)


def test_an_empty_or_unknown_disk_gives_no_forecast() -> None:
    assert forecast(Disks(0, 0), before(12), NOW, 30, 0.1 * TB) is None
    assert forecast(Disks(4 * TB, 4 * TB), None, NOW, 30, None) is None
    assert forecast(Disks(4 * TB, TB), NOW - DAY_US // 10, NOW, 30, None) is None
