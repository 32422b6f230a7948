"""The example district shows every state that the pages must be able to show, and lives."""

from __future__ import annotations

import pytest

from dashboards.console.assemble import device_out, ward_out
from dashboards.console.example import ExampleSite
from dashboards.console.models import WardOut
from dashboards.console.site import Change, Presence, Topic, UnknownPlaceError
from telemetry.catalogue import metrics
from telemetry.clock import FakeClock
from telemetry.kinds import Kind, is_id

DAY_US = 24 * 3600 * 1_000_000


@pytest.fixture
def example(clock: FakeClock) -> ExampleSite:
    return ExampleSite(clock)


def out(example: ExampleSite, ward: str) -> WardOut:
    return ward_out(example.ward(ward), example.devices(ward), example.open_conditions(ward))


def test_it_has_twelve_wards_in_every_presence(example: ExampleSite) -> None:
    states = example.wards()
    assert len(states) == 12 and {state.presence for state in states} == set(Presence)
    assert any(not out(example, state.id).conditions for state in states)
    assert {out(example, state.id).worst for state in states} == {None, "attention", "failure"}


def test_its_words_are_those_of_the_catalogues(example: ExampleSite) -> None:
    for state in example.wards():
        for device in example.devices(state.id):
            assert is_id(device.info.id) and device.info.kind in set(Kind)
            assert {reading.metric for reading in device.readings} <= set(metrics())


def test_a_dead_switch_is_the_cause_of_what_hangs_on_it(example: ExampleSite) -> None:
    causes = {each.device: each.cause_device for each in out(example, "thach-thang").conditions}
    assert causes["switch-2"] is None and causes["workstation-2"] is None
    assert causes["printer-3"] == causes["workstation-11"] == "switch-2"


def test_unreachable_partial_and_never_polled_devices_say_so(example: ExampleSite) -> None:
    devices = {device.info.id: device for device in example.devices("hoa-thuan-dong")}
    assert (devices["ups-2"].reachable, devices["workstation-3"].reachable) == (False, None)
    partly = devices["printer-1"]
    assert partly.reachable and partly.reason is not None and partly.readings
    dead = next(device for device in example.devices("thach-thang") if device.info.id == "switch-2")
    assert dead.readings and dead.last_reading_us is not None and dead.reachable_since_us is not None
    assert dead.last_reading_us < dead.reachable_since_us


def test_conditions_come_and_go_and_listeners_are_told(example: ExampleSite, clock: FakeClock) -> None:
    told: list[Change] = []
    stop = example.listen(told.append)
    seen = set()
    for _ in range(240):
        clock.advance(1)
        example.tick()
        seen.add(bool(example.open_conditions("phuoc-ninh")))
    assert seen == {True, False}
    assert Change(Topic.CONDITION, "phuoc-ninh", "printer-2") in told
    assert Change(Topic.DEVICE, "hai-chau-1", "ups-1") in told
    assert not [change for change in told if change.ward in ("thanh-binh", "hoa-thuan-tay", "thuan-phuoc")]
    stop()
    told.clear()
    clock.advance(60)
    example.tick()
    assert told == []


def test_the_past_agrees_with_the_present(example: ExampleSite, clock: FakeClock) -> None:
    now = clock.wall_us()
    for device in example.devices("hai-chau-2"):
        latest = {(each.metric, each.instance): each for each in device_out(device).readings}
        for (metric, instance), reading in latest.items():
            at = reading.time_ms * 1000
            history = example.history("hai-chau-2", device.info.id, metric, instance, at - 60_000_000, now, 600)
            nearest = min(range(len(history.times_us)), key=lambda n: abs(history.times_us[n] - at))
            close = metrics()[metric].dead_band if not metrics()[metric].relative else 0.5 * abs(reading.value)
            assert abs(history.values[nearest] - reading.value) <= max(close * 8, 5), (device.info.id, metric)


def test_a_day_of_history_is_there_and_ends_where_the_ward_fell_silent(example: ExampleSite, clock: FakeClock) -> None:
    now = clock.wall_us()
    whole = example.history("hai-chau-1", "ups-1", "output_load_percent", "", now - DAY_US, now, 600)
    assert 1000 < len(whole.values) <= 2000 and len(set(whole.values)) > 10
    silent = example.history("thanh-binh", "ups-1", "output_load_percent", "", now - DAY_US, now, 600)
    assert now - silent.times_us[-1] > 42 * 60 * 1_000_000
    spans = example.condition_spans("phuoc-ninh", "printer-2", now - DAY_US, now)
    assert spans and spans[-1].end_us is None
    with pytest.raises(UnknownPlaceError):
        example.history("hai-chau-1", "nothing", "output_load_percent", "", 0, now, 600)
