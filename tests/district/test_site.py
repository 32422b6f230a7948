"""What the console is handed: the newest, whatever order it came in, and the same after a restart."""

from __future__ import annotations

import random

import pytest

from dashboards.console.site import UnknownPlaceError
from telemetry import wire_pb2 as wire
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Facts, Readings
from telemetry.readings import REACHABLE, DeviceInfo, Fact, Inventory, Reading, Reason, ReasonCode
from tests.district.conftest import Desk
from tests.district.fakes import START_US, ScriptedWard

NO_ANSWER = Reason(ReasonCode.NO_ANSWER, "3 requests in 5 s")


def _dead(reason: Reason = NO_ANSWER) -> Readings:
    return Readings([Reading(REACHABLE, 0.0)], reason)


def _condition(state: ConditionState, device: str = "ups-1", since_us: int = START_US) -> Condition:
    return Condition(device, "ups_on_battery", "", state, Severity.FAILURE, since_us)


def _hear_all(desk: Desk, ward: ScriptedWard, order: list[int] | None = None) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    for position in order or range(1, len(ward.entries) + 1):
        desk.hear((ward.topic("entries"), ward.batch(position, position)))


def test_a_device_is_shown_with_its_newest_readings_and_facts(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(battery_charge_percent=99.0, load_percent=20.0)
    ward.write(Facts([Fact("model", "Smart-UPS 1500")]), "ups-1", "ups")
    ward.poll(load_percent=25.0)
    _hear_all(desk, ward)
    device = desk.site.device("hai-chau-1", "ups-1")
    shown = {each.metric: each.value for each in device.readings}
    assert shown == {"battery_charge_percent": 99.0, "load_percent": 25.0, "reachable": 1.0}
    assert device.facts == (Fact("model", "Smart-UPS 1500"),)
    assert device.reachable is True
    assert device.last_reading_us == ward.wall_us
    assert [each.info.id for each in desk.site.devices("hai-chau-1")] == ["ups-1", "printer-1"]


@pytest.mark.parametrize("restarted", [False, True])
def test_an_old_entry_that_comes_late_overwrites_nothing_newer(
    desk: Desk, ward: ScriptedWard, seed: int, restarted: bool
) -> None:
    chance = random.Random(seed)
    for number in range(60):
        device = chance.choice(("ups-1", "printer-1"))
        if chance.random() < 0.3:
            ward.write(_dead(), device, device.partition("-")[0])
        else:
            ward.poll(device, load_percent=float(number))
        if chance.random() < 0.3:
            ward.write(_condition(chance.choice(list(ConditionState)), device), device)
    in_order, disordered = Desk(desk.folder / "b", type(desk.store)()), desk
    order = list(range(1, len(ward.entries) + 1))
    _hear_all(in_order, ward, order)
    chance.shuffle(order)
    _hear_all(disordered, ward, order)
    if restarted:
        disordered.start()
    expected = in_order.site.devices("hai-chau-1")
    for before, after in zip(expected, disordered.site.devices("hai-chau-1"), strict=True):
        assert after.readings == before.readings
        assert (after.reachable, after.reachable_since_us) == (before.reachable, before.reachable_since_us)
        assert (after.reason and after.reason.code) == (before.reason and before.reason.code)
    open_now = {each.condition for each in disordered.site.open_conditions()}
    assert open_now == {each.condition for each in in_order.site.open_conditions()}


def test_the_reason_of_an_outage_and_its_begin_survive_a_restart(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(load_percent=1.0)
    ward.write(_dead(), "ups-1", "ups")
    began_us = ward.wall_us
    for _ in range(5):
        ward.write(_dead(), "ups-1", "ups", seconds=60)
    _hear_all(desk, ward)
    desk.start()
    device = desk.site.device("hai-chau-1", "ups-1")
    assert (device.reachable, device.reachable_since_us) == (False, began_us)
    assert device.reason == NO_ANSWER
    assert device.last_reading_us == began_us - 1_000_000  # the last that it said itself
    assert len(desk.store.events("hai-chau-1", payload="readings")) == 2  # up, down: not each poll


def test_a_poll_that_repeats_only_what_changed_says_nothing_about_reachability(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(load_percent=1.0)
    began_us = ward.wall_us
    ward.write(Readings([Reading("load_percent", 2.0)]), "ups-1", "ups")
    _hear_all(desk, ward)
    desk.start()
    position = ward.write(Readings([Reading("load_percent", 3.0)]), "ups-1", "ups")
    desk.hear((ward.topic("entries"), ward.batch(position)))
    desk.start()
    device = desk.site.device("hai-chau-1", "ups-1")
    assert (device.reachable, device.reachable_since_us) == (True, began_us)
    assert len(desk.store.events("hai-chau-1", payload="readings")) == 1


def test_an_outage_that_began_while_the_hub_was_away_is_as_old_as_it_is(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(load_percent=1.0)
    ward.write(_dead(), "ups-1", "ups")
    began_us = ward.wall_us
    ward.write(_dead(), "ups-1", "ups", seconds=60)
    ward.write(_dead(), "ups-1", "ups", seconds=60)
    _hear_all(desk, ward, [1, 2, 3, 6])  # live first
    assert desk.site.device("hai-chau-1", "ups-1").reachable_since_us == ward.wall_us
    desk.hear((ward.topic("replay"), ward.batch(4, 5)))
    assert desk.site.device("hai-chau-1", "ups-1").reachable_since_us == began_us


def test_a_condition_opens_changes_and_clears(desk: Desk, ward: ScriptedWard) -> None:
    ward.write(_condition(ConditionState.RAISED), "ups-1", "ups")
    raised_us = ward.wall_us
    _hear_all(desk, ward)
    (opened,) = desk.site.open_conditions("hai-chau-1")
    assert (opened.condition.since_us, opened.raised_us) == (START_US, raised_us)
    position = ward.write(_condition(ConditionState.CLEARED), "ups-1", "ups")
    desk.hear((ward.topic("entries"), ward.batch(position)))
    assert desk.site.open_conditions() == []
    (span,) = desk.site.condition_spans("hai-chau-1", "ups-1", START_US, ward.wall_us + 1)
    assert (span.start_us, span.end_us) == (START_US, ward.wall_us)


def test_an_agent_that_starts_again_ends_no_condition(desk: Desk, ward: ScriptedWard) -> None:
    ward.write(_condition(ConditionState.RAISED), "ups-1", "ups")
    _hear_all(desk, ward)
    again = ScriptedWard(incarnation=bytes(reversed(range(16))), wall_us=ward.wall_us).started(ward)
    _hear_all(desk, again)
    assert len(desk.site.open_conditions("hai-chau-1")) == 1
    again.write(_condition(ConditionState.CLEARED), "ups-1", "ups")
    desk.hear((again.topic("entries"), again.batch(3)))
    assert desk.site.open_conditions("hai-chau-1") == []


@pytest.mark.parametrize("restarted", [False, True])
def test_the_conditions_of_a_device_that_is_no_longer_there_are_closed(
    desk: Desk, ward: ScriptedWard, restarted: bool
) -> None:
    ward.write(_condition(ConditionState.RAISED), "ups-1", "ups")
    ward.write(_condition(ConditionState.RAISED, "printer-1"), "printer-1", "printer")
    ward.write(Inventory("Phường Hải Châu 1", [DeviceInfo("printer-1", "printer")]))
    _hear_all(desk, ward)
    if restarted:
        desk.start()
    assert [each.condition.device for each in desk.site.open_conditions("hai-chau-1")] == ["printer-1"]
    with pytest.raises(UnknownPlaceError):
        desk.site.device("hai-chau-1", "ups-1")


def test_a_ward_whose_clock_is_set_back_is_still_shown_as_it_is_now(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(load_percent=1.0)
    ward.wall_us -= 3_600_000_000
    ward.poll(load_percent=2.0)
    _hear_all(desk, ward)
    shown = {each.metric: each.value for each in desk.site.device("hai-chau-1", "ups-1").readings}
    assert shown["load_percent"] == 2.0


def test_spans_are_those_that_touch_the_time_asked_for(desk: Desk, ward: ScriptedWard) -> None:
    times = []
    for _ in range(3):
        ward.write(_condition(ConditionState.RAISED, since_us=ward.wall_us + 1_000_000), "ups-1", "ups")
        began_us = ward.wall_us
        ward.write(_condition(ConditionState.CLEARED), "ups-1", "ups", seconds=100)
        times.append((began_us, ward.wall_us))
    ward.write(_condition(ConditionState.RAISED, since_us=ward.wall_us + 1_000_000), "ups-1", "ups")
    _hear_all(desk, ward)
    found = desk.site.condition_spans("hai-chau-1", "ups-1", times[1][0] + 1, times[2][0] + 1)
    assert [(span.start_us, span.end_us) for span in found] == times[1:]
    found = desk.site.condition_spans("hai-chau-1", "ups-1", ward.wall_us + 1, ward.wall_us + 2)
    assert [span.end_us for span in found] == [None]


def test_a_poll_is_asked_of_the_ward_and_places_must_exist(desk: Desk, ward: ScriptedWard) -> None:
    _hear_all(desk, ward)
    desk.sent.clear()
    desk.site.poll_now("hai-chau-1", "ups-1")
    ((name, request),) = desk.sent
    assert (name, request.WhichOneof("what"), request.poll) == ("hai-chau-1", "poll", wire.PollNow(device="ups-1"))
    for ward_id, device in (("hai-chau-1", "nothing"), ("nowhere", "ups-1")):
        with pytest.raises(UnknownPlaceError):
            desk.site.poll_now(ward_id, device)
        with pytest.raises(UnknownPlaceError):
            desk.site.history(ward_id, device, "load_percent", "", 0, 1, 600)
    with pytest.raises(UnknownPlaceError):
        desk.site.devices("nowhere")


def test_history_is_what_the_store_has(desk: Desk, ward: ScriptedWard) -> None:
    for number in range(5):
        ward.poll(load_percent=float(number))
    _hear_all(desk, ward)
    found = desk.site.history("hai-chau-1", "ups-1", "load_percent", "", 0, 2**60, 600)
    assert found.values == [0.0, 1.0, 2.0, 3.0, 4.0]
