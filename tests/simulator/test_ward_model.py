"""The ward as a whole: cables and plugs decide who can be reached, and packets are neither made nor lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import faults, wardfile
from simulator.build import ward_of
from simulator.model.network import Switch
from simulator.model.ups import Source, Ups
from simulator.model.ward import Ward
from simulator.model.workday import moment_of

ON_THE_WALL = {"printer-1", "printer-2", "printer-3", "scanner-1", "aircon-1", "sensor-2", "sensor-3"}
ON_THE_WALL |= {"display-1", "signboard-1"}
BESIDE_THE_AGENT = {"aircon-2", "sensor-1"}  # told of by its Zigbee stick
BEYOND_THE_ROUTER = {"uplink-man", "uplink-backup", "service-1", "service-2", "service-3", "service-4"}


def new_ward(seed: str = "1") -> Ward:
    file = wardfile.read(None)
    file = file.model_copy(update={"ward": file.ward.model_copy(update={"seed": seed})})
    return ward_of(file, moment_of("09:15"))


def ups(ward: Ward, device: str) -> Ups:
    found = ward.machine(device)
    assert isinstance(found, Ups)
    return found


def switch(ward: Ward) -> Switch:
    assert ward.switch is not None
    return ward.switch


def unreachable(ward: Ward) -> set[str]:
    return {device for device in ward.places if not ward.reachable(device)}


def test_everything_can_be_reached_at_first() -> None:
    ward = new_ward()
    assert unreachable(ward) == set()
    assert ward.man_open


def test_the_same_seed_lives_the_same_day() -> None:
    one, two, other = new_ward("a"), new_ward("a"), new_ward("b")
    for ward in (one, two, other):
        ward.advance(1800.0)
    assert repr(switch(one).ports) == repr(switch(two).ports) != repr(switch(other).ports)
    assert ups(one, "ups-2").load_watts == ups(two, "ups-2").load_watts != ups(other, "ups-2").load_watts


def test_a_power_cut_takes_at_once_what_hangs_on_the_wall() -> None:
    ward = new_ward()
    faults.switch(ward, "power-cut", "ward", True)
    ward.advance(2.0)
    assert unreachable(ward) == ON_THE_WALL
    assert {one.source for one in ward.upses} == {Source.BATTERY}


def test_when_the_batteries_are_empty_everything_behind_them_dies() -> None:
    ward = new_ward()
    faults.switch(ward, "power-cut", "ups-2", True)
    load = ups(ward, "ups-2").runtime_seconds
    ward.advance(2.0)
    assert ups(ward, "ups-2").runtime_seconds < load < 24 * 3600
    ward.advance(3600.0)
    behind = {"ups-2", "workstation-1", "workstation-2", "workstation-3", "kiosk-1", "queue-1", "counter-display-1"}
    assert unreachable(ward) == behind
    assert ward.man_open


def test_without_the_switchs_ups_the_ward_is_cut_off_and_comes_back() -> None:
    ward = new_ward()
    faults.switch(ward, "power-cut", "ups-1", True)
    ward.advance(3 * 3600.0)
    assert unreachable(ward) == set(ward.places) - BESIDE_THE_AGENT
    assert not ward.man_open
    faults.switch(ward, "power-cut", "ups-1", False)
    ward.advance(2.0)
    assert "switch-1" in unreachable(ward)  # it starts
    ward.advance(60.0)
    assert unreachable(ward) == set()
    assert ward.man_open


def test_more_devices_on_a_ups_empty_it_sooner() -> None:
    alone, crowded = new_ward(), new_ward()
    for device in ("workstation-1", "workstation-2", "workstation-3"):
        faults.switch(alone, "device-dead", device, True)
    for ward in (alone, crowded):
        faults.switch(ward, "power-cut", "ups-2", True)
        ward.advance(300.0)
    assert ups(alone, "ups-2").charge > ups(crowded, "ups-2").charge


def test_a_port_that_is_down_takes_what_is_behind_it_and_no_more() -> None:
    ward = new_ward()
    faults.switch(ward, "switch-port-down", "printer-1", True)
    assert unreachable(ward) == {"printer-1"}
    port = switch(ward).port_of("printer-1")
    assert port is not None
    assert not port.up
    assert faults.FAULTS["switch-port-down"].active(ward) == ["printer-1"]
    faults.switch(ward, "switch-port-down", f"switch-1:{port.number}", False)
    assert unreachable(ward) == set()


def test_the_routers_port_is_the_way_to_the_city() -> None:
    ward = new_ward()
    faults.switch(ward, "switch-port-down", "router-1", True)
    assert not ward.man_open
    assert unreachable(ward) == {"router-1"} | BEYOND_THE_ROUTER


def test_the_agents_own_port_cuts_it_from_everything_but_itself() -> None:
    ward = new_ward()
    faults.switch(ward, "switch-port-down", "server-1", True)
    assert unreachable(ward) == set(ward.places) - {"server-1"} - BESIDE_THE_AGENT
    assert not ward.man_open


def test_a_broken_device_draws_nothing_and_a_new_one_starts_from_nothing() -> None:
    ward = new_ward()
    faults.switch(ward, "device-dead", "workstation-1", True)
    ward.advance(1.0)
    assert unreachable(ward) == {"workstation-1"}
    assert ward.machine("workstation-1").draw_watts == 0.0
    faults.switch(ward, "device-dead", "workstation-1", False)
    ward.advance(5.0)
    assert unreachable(ward) == {"workstation-1"}
    ward.advance(30.0)
    assert unreachable(ward) == set()
    assert ward.machine("workstation-1").uptime_seconds < 60.0


def test_a_cut_line_shows_at_the_routers_own_port() -> None:
    ward = new_ward()
    faults.switch(ward, "man-down", "ward", True)
    assert ward.router is not None
    assert (ward.man_open, ward.router.line_up("man")) == (False, False)
    assert unreachable(ward) == BEYOND_THE_ROUTER
    wan = ward.router.lines["man"].counters.in_octets
    ward.advance(60.0)
    assert ward.router.lines["man"].counters.in_octets == wan


events = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.floats(min_value=0.1, max_value=120.0)),
        st.tuples(st.just("port"), st.integers(1, 24), st.booleans()),
        st.tuples(st.just("man"), st.booleans()),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(events)
def test_octets_into_the_switch_are_octets_out_of_it_and_counters_never_fall(events: list[tuple[str, float]]) -> None:
    ward = new_ward()
    ports = switch(ward).ports
    for event in events:
        before = [(port.counters.in_octets, port.counters.out_octets, port.counters.in_errors) for port in ports]
        if event[0] == "pass":
            ward.advance(event[1])
        elif event[0] == "man":
            faults.switch(ward, "man-down", "ward", bool(event[1]))
        else:
            faults.switch(ward, "switch-port-down", f"switch-1:{event[1]}", bool(event[2]))  # type: ignore[misc]
        after = [(port.counters.in_octets, port.counters.out_octets, port.counters.in_errors) for port in ports]
        assert all(b >= a for old, new in zip(before, after, strict=True) for a, b in zip(old, new, strict=True))
        into, out = sum(row[0] for row in after), sum(row[1] for row in after)
        assert into == pytest.approx(out, rel=1e-9)


def test_traffic_stays_below_what_a_cable_carries() -> None:
    ward = new_ward()
    before = [port.counters.in_octets for port in switch(ward).ports]
    ward.advance(600.0)
    for port, octets in zip(switch(ward).ports, before, strict=True):
        assert (port.counters.in_octets - octets) * 8 / 600.0 < port.speed_bits
    moved = [port.number for port, b in zip(switch(ward).ports, before, strict=True) if port.counters.in_octets > b]
    assert len(moved) == sum(place.port > 0 for place in ward.places.values())


def test_a_switch_that_lost_its_power_counts_from_nothing() -> None:
    ward = new_ward()
    ward.machine("switch-1").set_power(False)
    assert all(port.counters.in_octets == 0 for port in switch(ward).ports)
