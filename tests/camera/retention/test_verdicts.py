"""Verdicts in words: each way in which a recorder deceives, or is wrongly blamed, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from camera.retention.age import Traces, deletes
from camera.retention.index import Index, Recorded, zone_of, zone_shift_seconds
from camera.retention.judge import Circumstances, Deletes, Judged, Settings, judge, with_replay
from camera.retention.office import Office
from camera.retention.spans import DAY_US, HOUR_US, MINUTE_US, US
from telemetry.evidence import Verdict
from tests.camera.retention.calendar import ALWAYS, NOW, OFFICE, before, files, index, local, said

ASKED = Settings()
FULL_DISK = Circumstances(NOW, deletes=Deletes.YES)


def verdict(found: Index, known: Circumstances = FULL_DISK, settings: Settings = ASKED) -> Verdict:
    return judge(found, OFFICE, settings, known).verdict


def judged(found: Index, office: Office = OFFICE) -> Judged:
    return judge(found, office, ASKED, FULL_DISK)


def gaps(found: Judged) -> list[tuple[str, str]]:
    return [(said(gap.from_us), said(gap.to_us)) for gap in found.gaps]


def test_thirty_days_without_a_gap_are_met() -> None:
    found = judged(index(files(before(40), NOW)))
    assert found.verdict is Verdict.MET
    assert (found.open_percent, found.whole_percent, found.gaps) == (100.0, 100.0, ())
    assert found.oldest_us == before(40)
    assert len(found.days) == 31
    assert (found.days[0].date, found.days[-1].date) == ("2026-10-26", "2026-11-25")


def test_a_recorder_that_keeps_exactly_thirty_days_is_not_blamed_for_the_minutes_it_takes_to_ask() -> None:
    assert verdict(index(files(before(30) + 3 * MINUTE_US, NOW))) is Verdict.MET


def test_one_locked_clip_of_two_months_ago_hides_no_missing_day() -> None:
    clip = Recorded(before(62), before(62) + 2 * MINUTE_US, locked=True)
    found = judged(index([clip], files(before(13), NOW)))
    assert found.verdict is Verdict.NOT_MET
    assert found.oldest_us == before(13)
    assert gaps(found) == [(said(before(30)), said(before(13)))]


def test_a_locked_clip_is_no_help_where_nothing_says_that_the_disk_is_full() -> None:
    """The clip itself shows that the camera is not new."""
    clip = Recorded(before(62), before(62) + 2 * MINUTE_US)
    assert verdict(index([clip], files(before(13), NOW)), Circumstances(NOW)) is Verdict.NOT_MET


def test_a_recorder_that_keeps_twelve_days_is_short() -> None:
    assert verdict(index(files(before(12), NOW))) is Verdict.NOT_MET


def test_a_recorder_that_stopped_when_its_disk_filled() -> None:
    found = judged(index(files(before(40), before(2))))
    assert found.verdict is Verdict.NOT_MET
    assert gaps(found) == [(said(before(2)), said(NOW - 15 * MINUTE_US))]
    assert found.oldest_us == before(40)


def test_a_new_camera_is_not_yet_provable() -> None:
    new = index(files(before(10), NOW))
    assert verdict(new, Circumstances(NOW)) is Verdict.NOT_YET_PROVABLE
    assert verdict(new, Circumstances(NOW, deletes=Deletes.NO)) is Verdict.NOT_YET_PROVABLE
    assert verdict(new, replace(FULL_DISK, since_us=before(10.5))) is Verdict.NOT_YET_PROVABLE
    assert verdict(new, Circumstances(NOW, since_us=before(31))) is Verdict.NOT_MET


def test_of_a_new_camera_only_its_own_days_are_told() -> None:
    found = judge(index(files(before(10), before(5)), files(before(4), NOW)), OFFICE, ASKED, Circumstances(NOW))
    assert found.verdict is Verdict.NOT_YET_PROVABLE
    assert (len(found.days), found.days[0].date) == (11, "2026-11-15")
    assert gaps(found) == [(said(before(5)), said(before(4)))]


def test_a_camera_that_the_recorder_never_recorded_is_not_new() -> None:
    assert verdict(Index()) is Verdict.NOT_MET
    assert verdict(Index(), Circumstances(NOW, since_us=before(3))) is Verdict.NOT_YET_PROVABLE


@pytest.mark.parametrize(
    ("traces", "found"),
    [
        (Traces(before(12)), Deletes.UNKNOWN),
        (Traces(before(12), disk_full=True), Deletes.YES),
        (Traces(before(12), disk_full=False), Deletes.NO),
        (Traces(before(12), disk_full=True, others_us=(before(12.2), before(40))), Deletes.NO),
        (Traces(before(12), disk_full=True, others_us=(before(12.2), before(3))), Deletes.YES),
        (Traces(before(12), disk_full=False, limit_days=14), Deletes.YES),
        (Traces(before(12), disk_full=False, limit_days=60), Deletes.NO),
        (Traces(before(12), seen_us=before(14)), Deletes.YES),
        (Traces(before(12), seen_us=before(12)), Deletes.UNKNOWN),
    ],
)
def test_what_tells_a_new_camera_from_a_recorder_that_forgets(traces: Traces, found: Deletes) -> None:
    assert deletes(traces, 30) is found


def test_motion_only_by_what_the_index_calls_its_entries() -> None:
    clips = [Recorded(at, at + 4 * MINUTE_US, motion=True) for at in range(before(40), NOW - HOUR_US, 20 * MINUTE_US)]
    assert verdict(index(clips)) is Verdict.MOTION_ONLY
    assert verdict(index(clips, files(before(40), NOW))) is Verdict.MET
    assert verdict(index(clips), replace(FULL_DISK, records_on_motion=True)) is Verdict.MOTION_ONLY


@pytest.mark.parametrize("told", [None, False, True])
def test_footage_without_a_hole_is_met_whatever_its_files_are_called(told: bool | None) -> None:
    known = replace(FULL_DISK, records_on_motion=told)
    assert verdict(index(files(before(40), NOW, motion=True)), known) is Verdict.MET
    busy = [Recorded(at, at + 35 * MINUTE_US, motion=True) for at in range(before(40), NOW, HOUR_US)]
    quiet = [Recorded(at + 35 * MINUTE_US, at + HOUR_US) for at in range(before(40), NOW, HOUR_US)]
    assert verdict(index(busy, quiet), known) is Verdict.MET
    assert verdict(index(busy), known) is (Verdict.NOT_MET if told is False else Verdict.MOTION_ONLY)


def test_clips_of_a_recorder_that_is_told_to_record_all_the_time_are_no_motion_recording() -> None:
    holed = files(before(40), before(9), motion=True), files(before(8), NOW, motion=True)
    found = judge(index(*holed), OFFICE, ASKED, replace(FULL_DISK, records_on_motion=False))
    assert (found.verdict, gaps(found)) == (Verdict.NOT_MET, [(said(before(9)), said(before(8)))])
    assert not any(day.motion_only for day in found.days)
    assert verdict(index(*holed)) is Verdict.MOTION_ONLY


def test_motion_only_by_the_pattern_where_the_index_names_no_sort() -> None:
    clips = [Recorded(at, at + 90 * US) for at in range(before(40), NOW - HOUR_US, 37 * MINUTE_US)]
    assert verdict(index(clips)) is Verdict.MOTION_ONLY
    assert verdict(index(clips), replace(FULL_DISK, records_on_motion=False)) is Verdict.NOT_MET


def test_motion_recording_at_night_beside_continuous_recording_by_day_is_met() -> None:
    parts: list[Recorded] = []
    for day in range(41):
        morning = local("2026-11-25 07:00") - day * DAY_US
        parts += files(morning, min(NOW, morning + 11 * HOUR_US))
        parts += [Recorded(at, at + US, motion=True) for at in range(morning - 6 * HOUR_US, morning, HOUR_US)]
    found = judged(index(parts))
    assert (found.verdict, found.open_percent) == (Verdict.MET, 100.0)
    assert found.whole_percent is not None
    assert found.whole_percent < 60


def test_recording_that_rests_over_the_weekend_goes_on() -> None:
    parts: list[Recorded] = []
    for day in range(45):
        morning = local("2026-11-25 07:30") - day * DAY_US
        if OFFICE.opened(morning, morning + HOUR_US):
            parts += files(morning, min(NOW, morning + 10 * HOUR_US))
    found = judged(index(parts))
    assert found.verdict is Verdict.MET
    assert found.oldest_us == local("2026-10-12 07:30")


@pytest.mark.parametrize(
    ("begin", "end", "is_met"),
    [
        ("2026-11-10 09:00", "2026-11-10 09:04", True),  # less than 1 % of the day's 7.5 hours
        ("2026-11-10 09:00", "2026-11-10 09:05", False),
        ("2026-11-10 11:28", "2026-11-10 13:32", True),  # over lunch
        ("2026-11-10 17:00", "2026-11-11 07:30", True),  # a night
        ("2026-11-14 00:00", "2026-11-16 00:00", True),  # a weekend
        ("2026-11-10 16:50", "2026-11-11 07:31", False),
    ],
)
def test_a_day_may_miss_one_percent_of_its_opening_hours(begin: str, end: str, is_met: bool) -> None:
    found = judged(index(files(before(40), local(begin)), files(local(end), NOW)))
    assert (found.verdict is Verdict.MET) == is_met


def test_a_gap_over_ten_minutes_fails_where_a_percent_of_a_long_day_would_not() -> None:
    nearly = judged(index(files(before(40), local("2026-11-10 09:00")), files(local("2026-11-10 09:12"), NOW)), ALWAYS)
    assert gaps(nearly) == [("2026-11-10 09:00", "2026-11-10 09:12")]
    assert nearly.verdict is Verdict.NOT_MET
    short = judged(index(files(before(40), local("2026-11-10 09:00")), files(local("2026-11-10 09:10"), NOW)), ALWAYS)
    assert (short.verdict, short.gaps) == (Verdict.MET, ())


def test_days_begin_at_the_wards_midnight_also_where_a_month_has_thirty_one() -> None:
    found = judge(index(files(before(40), NOW)), ALWAYS, ASKED, Circumstances(local("2026-11-01 00:20")))
    assert [day.date for day in found.days][-3:] == ["2026-10-30", "2026-10-31", "2026-11-01"]
    dark = index(files(before(60), local("2026-10-31 23:00")), files(local("2026-11-01 00:00"), NOW))
    days = {day.date: day.open_percent for day in judged(dark, ALWAYS).days}
    assert (days["2026-10-30"], days["2026-10-31"], days["2026-11-01"]) == (100.0, 95.83, 100.0)


def test_a_day_that_has_just_begun_owes_nothing_yet() -> None:
    early = local("2026-11-25 07:40")
    found = judge(index(files(before(40), local("2026-11-25 07:20"))), OFFICE, ASKED, replace(FULL_DISK, now_us=early))
    assert found.verdict is Verdict.MET


def test_the_figures_are_settings() -> None:
    twelve = index(files(before(12), NOW))
    assert verdict(twelve, settings=Settings(days=10)) is Verdict.MET
    holed = index(files(before(40), before(1.0)), files(before(0.98), NOW))
    assert verdict(holed) is Verdict.NOT_MET
    assert verdict(holed, settings=Settings(percent=90, max_gap_seconds=3600)) is Verdict.MET


def test_overlapping_repeated_and_future_entries_add_nothing() -> None:
    twice = files(before(40), before(5)) * 2 + files(before(39.99), before(5), 45)
    future = [Recorded(NOW + DAY_US, NOW + 400 * DAY_US), Recorded(before(1), before(2)), Recorded(NOW, NOW)]
    found = judged(index(twice, future))
    assert found.verdict is Verdict.NOT_MET
    assert gaps(found) == [(said(before(5)), said(NOW - 15 * MINUTE_US))]
    assert verdict(index([Recorded(before(40), NOW + 90 * DAY_US)])) is Verdict.MET


def test_an_index_that_was_not_read_to_its_end_is_not_judged() -> None:
    found = judged(Index(files(before(40), NOW), complete=False))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "index_unreadable")


def test_what_is_met_is_met_only_if_the_oldest_moment_replays() -> None:
    met, short = judged(index(files(before(40), NOW))), judged(index(files(before(12), NOW)))
    assert with_replay(met, True).verdict is Verdict.MET
    assert with_replay(met, False, "replay_empty").verdict is Verdict.NOT_MET
    assert with_replay(met, None, "port_closed").verdict is Verdict.UNKNOWN
    assert with_replay(short, True).verdict is Verdict.NOT_MET


def test_a_recorder_that_calls_its_local_time_utc_is_found_out_by_what_it_records_now() -> None:
    local_as_utc = index(files(before(40), NOW)).shifted(-7 * 3600)
    zones = [7 * 3600.0]
    assert zone_shift_seconds([local_as_utc], NOW, zones) == 7 * 3600
    assert verdict(local_as_utc.shifted(7 * 3600)) is Verdict.MET
    assert zone_shift_seconds([index(files(before(40), NOW))], NOW, zones) == 0
    assert zone_shift_seconds([index(files(before(40), before(3)))], NOW, zones) == 0  # it does not record: as written
    assert zone_shift_seconds([index(files(before(40), before(3))), local_as_utc], NOW, zones) == 7 * 3600


@pytest.mark.parametrize(
    ("offset", "zone"),
    [(0, 0), (25_200, 25_200), (25_170, 25_200), (-25_260, -25_200), (20_700, 20_700), (25_500, 0), (90, 0), (1e9, 0)],
)
def test_a_clock_that_is_a_whole_zone_off_takes_its_local_time_for_utc(offset: float, zone: float) -> None:
    assert zone_of(offset, 120) == zone
