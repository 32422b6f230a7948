"""Clocks that jump, the wards' and the district's own: told, and nothing waits for a time that was never there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.console.site import Presence
from district import ward_clocks
from district.pictures.worker import PictureWorker
from store.base import SeriesKey
from telemetry.clock import ClockState
from telemetry.entry import Readings
from telemetry.readings import REACHABLE, Reading, Reason, ReasonCode
from tests.district.conftest import Desk
from tests.district.fakes import MemoryStore, ScriptedWard

WARD, SECOND = "hai-chau-1", "thach-thang"
HOUR, YEAR = 3600.0, 365 * 86_400.0


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, MemoryStore())
    made.clock.clock_state = ClockState.FREE_RUNNING
    return made


@pytest.fixture
def ward(desk: Desk) -> ScriptedWard:
    return ScriptedWard(wall_us=desk.clock.wall_us()).started()


def _speak(desk: Desk, *wards: ScriptedWard, seconds: int = 1, load: float = 5.0) -> None:
    for _ in range(seconds):
        for each in wards:
            position = each.poll(load_percent=load)
            desk.hear((each.topic("entries"), each.batch(1 if position == 3 else position)))
        desk.wait(1.0)


def _rules(desk: Desk, ward: str = WARD) -> list[tuple[str, str]]:
    return [(each.condition.rule, each.condition.instance) for each in desk.site.open_conditions(ward)]


def _load(desk: Desk) -> tuple[float, int]:
    (found,) = [each for each in desk.site.device(WARD, "ups-1").readings if each.metric == "load_percent"]
    return found.value, found.time_us


def _jump(ward: ScriptedWard, seconds: float) -> None:
    ward.wall_us += round(seconds * 1e6)


def test_a_ward_whose_clock_jumps_is_told_until_it_is_right_again(desk: Desk, ward: ScriptedWard) -> None:
    _speak(desk, ward, seconds=15)
    assert _rules(desk) == []
    _jump(ward, 2 * HOUR)
    _speak(desk, ward, seconds=5)
    assert _rules(desk) == []  # it may be put right at once
    _speak(desk, ward, seconds=10)
    ((rule, how_far),) = _rules(desk)
    assert rule == "ward_clock_off"
    assert how_far.startswith(("+2:00:", "+1:59:"))
    _jump(ward, -2 * HOUR)
    _speak(desk, ward, seconds=3)
    assert _rules(desk) == []


def test_what_was_written_in_the_future_is_kept_as_it_is_and_holds_nothing_newer_back(
    desk: Desk, ward: ScriptedWard
) -> None:
    _speak(desk, ward, load=1.0)
    right_us = ward.wall_us
    _jump(ward, 2 * YEAR)
    future_us = ward.wall_us
    _speak(desk, ward, load=2.0)
    position = ward.write(Readings([Reading(REACHABLE, 0.0)], Reason(ReasonCode.NO_ANSWER)), "printer-1", "printer")
    desk.hear((ward.topic("entries"), ward.batch(position)))
    desk.start()
    assert _load(desk) == (1.0, right_us)  # not what is of no time that there was
    _jump(ward, -2 * YEAR)
    position = ward.write(Readings([Reading(REACHABLE, 1.0)]), "printer-1", "printer")
    desk.hear((ward.topic("entries"), ward.batch(position)))
    _speak(desk, ward, load=3.0)
    assert _load(desk)[0] == 3.0
    desk.start()
    assert _load(desk)[0] == 3.0
    assert desk.site.device(WARD, "printer-1").reachable is True
    kept = desk.store.history(SeriesKey(WARD, "ups-1", "load_percent"), future_us, future_us + 10_000_000)
    assert kept.values == [2.0]
    assert desk.held(ward) == [(1, len(ward.entries))]


def test_where_the_wards_agree_on_another_time_the_district_s_clock_is_wrong_and_prunes_nothing(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ward_clocks, "MOST_OF", 2)
    second = ScriptedWard(ward=SECOND, wall_us=ward.wall_us).started()
    _speak(desk, ward, second, seconds=15)
    assert desk.ingest.may_prune()
    pictures = PictureWorker(desk.pictures, desk.shelf, desk.ingest.may_prune)
    proof = desk.shelf.put(WARD, b"a picture")
    desk.clock.step_wall(2 * YEAR)
    _speak(desk, ward, second)
    assert _rules(desk) == []  # it is not told yet
    pictures.prune()
    assert desk.shelf.has(WARD, proof)
    _speak(desk, ward, second, seconds=14)
    assert [rule for rule, _ in _rules(desk)] == [rule for rule, _ in _rules(desk, SECOND)] == ["hub_clock_off"]
    assert not desk.ingest.may_prune()
    desk.clock.step_wall(-2 * YEAR)
    _speak(desk, ward, second, seconds=3)
    assert _rules(desk) == _rules(desk, SECOND) == []
    assert desk.ingest.may_prune()
    for each in (ward, second):
        _jump(each, 2 * YEAR)
    desk.clock.step_wall(2 * YEAR)  # now two years have passed for all of them
    _speak(desk, ward, second)
    pictures.prune()
    assert not desk.shelf.has(WARD, proof)


def test_who_has_a_time_server_is_believed(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    for state, expected in ((ClockState.SYNCHRONISED, "ward_clock_off"), (ClockState.FREE_RUNNING, "hub_clock_off")):
        desk.clock.clock_state = state
        _jump(ward, 2 * HOUR)
        for _ in range(15):
            desk.hear((ward.topic("status"), ward.status(clock_state=ClockState.SYNCHRONISED)))
            _jump(ward, 1)
            desk.wait(1.0)
        assert [rule for rule, _ in _rules(desk)] == [expected]


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_presence_and_silence_are_by_monotonic_time(desk: Desk, ward: ScriptedWard, jump: float) -> None:
    desk.clock.clock_state = ClockState.SYNCHRONISED
    _speak(desk, ward, seconds=3)
    desk.clock.step_wall(jump)
    _speak(desk, ward, seconds=60)
    assert desk.site.ward(WARD).presence is Presence.ONLINE
    desk.wait(42)
    desk.clock.step_wall(-jump)
    assert desk.site.ward(WARD).presence is Presence.ONLINE
    desk.wait(4)
    assert desk.site.ward(WARD).presence is Presence.OFFLINE


def test_while_no_ward_speaks_the_district_s_clock_lets_go_of_nothing(desk: Desk, ward: ScriptedWard) -> None:
    pictures = PictureWorker(desk.pictures, desk.shelf, desk.ingest.may_prune)
    proof = desk.shelf.put(WARD, b"a picture")
    assert not desk.ingest.may_prune()  # nobody has spoken since it started
    _speak(desk, ward, seconds=5)
    assert desk.ingest.may_prune()
    for _ in range(4):  # the line is cut
        desk.wait(60.0)
    desk.clock.step_wall(2 * YEAR)
    desk.wait(1.0)
    pictures.prune()
    assert not desk.ingest.may_prune()
    assert desk.shelf.has(WARD, proof)
    desk.clock.clock_state = ClockState.SYNCHRONISED  # a time server says that the years have passed
    desk.wait(1.0)
    pictures.prune()
    assert not desk.shelf.has(WARD, proof)
