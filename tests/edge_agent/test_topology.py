"""What hangs on what: the join of LLDP, forwarding and ARP tables, and when a change of it is journaled."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.schedule import Outcome, Poll
from edge_agent.topology import Place, Topology, host_of, join
from edge_agent.topology_watch import AT_MOST_EVERY_SECONDS, SETTLES_IN_SECONDS, TopologyWatch
from telemetry.clock import FakeClock
from telemetry.entry import Payload
from telemetry.neighbours import Neighbour, Sight
from telemetry.readings import DeviceInfo, Inventory, PollResult


def mac(number: int) -> str:
    return f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"


def own(number: int, name: str = "") -> Neighbour:
    return Neighbour(Sight.SELF, mac=mac(number), name=name)


def heard(port: str, *numbers: int) -> list[Neighbour]:
    return [Neighbour(Sight.BRIDGE, port, mac(number)) for number in numbers]


def announced(port: str, number: int, name: str = "", *addresses: str) -> Neighbour:
    return Neighbour(Sight.LLDP, port, mac(number) if number else "", name, addresses)


def arp(address: str, number: int, port: str = "") -> Neighbour:
    return Neighbour(Sight.ARP, port, mac(number), addresses=(address,))


def device(name: str, kind: str, number: int = 0, parent: str = "", protocol: str = "snmp") -> DeviceInfo:
    return DeviceInfo(name, kind, parent=parent, protocol=protocol, address=f"10.0.0.{number}:161" if number else "")


# The agent (1) and a printer (20) on switch-1 (11), whose port 24 leads to switch-2 (12) with a camera (30) and, on
# port 9, an unmanaged switch with two workstations (41, 42); the router (2) is on port 23 of switch-1.
AGENT = [own(1), arp("10.0.0.20", 20), arp("10.0.0.30", 30), arp("10.0.0.41", 41), arp("10.0.0.42", 42)]
DEVICES = [
    device("server-1", "server", protocol="psutil"),
    device("switch-2", "switch", 12),
    device("switch-1", "switch", 11),
    device("router-1", "router", 2),
    device("printer-1", "printer", 20),
    device("camera-1", "camera", 30, protocol="icmp"),
    device("pc-1", "workstation", 41, protocol="icmp"),
    device("pc-2", "workstation", 42, protocol="icmp"),
]
SEEN = {
    "switch-1": [own(11, "SW1"), *heard("p1", 1), *heard("p5", 20), *heard("p23", 2), *heard("p24", 12, 30, 41, 42)],
    "switch-2": [own(12, "SW2"), *heard("p24", 1, 2, 11, 20), *heard("p3", 30), *heard("p9", 41, 42)],
    "router-1": [own(2, "RT"), arp("10.0.0.1", 1, "lan")],
}
TREE = {
    "server-1": ("switch-1", "p1"),
    "switch-2": ("switch-1", "p24"),
    "router-1": ("switch-1", "p23"),
    "printer-1": ("switch-1", "p5"),
    "camera-1": ("switch-2", "p3"),
    "pc-1": ("switch-2", "p9"),
    "pc-2": ("switch-2", "p9"),
}


def test_forwarding_tables_alone_tell_the_tree() -> None:
    assert join(DEVICES, SEEN, AGENT) == TREE


def test_seen_from_the_other_switch_the_cable_between_them_hangs_the_other_way() -> None:
    """The agent moved to switch-2: what cuts what off is another tree."""
    seen = {
        "switch-1": [own(11), *heard("p24", 1, 12), *heard("p5", 20)],
        "switch-2": [own(12), *heard("p2", 1), *heard("p24", 11, 20)],
    }
    found = join(DEVICES, seen, AGENT)
    assert found["switch-1"] == ("switch-2", "p24")
    assert found["printer-1"] == ("switch-1", "p5")
    assert "switch-2" not in found


def test_lldp_wins_over_forwarding_tables() -> None:
    seen = {"switch-1": [own(11), *heard("p1", 1), *heard("p7", 20), announced("p5", 0, "", "10.0.0.20")]}
    assert join(DEVICES, seen, AGENT)["printer-1"] == ("switch-1", "p5")


def test_a_switch_is_known_by_its_name_where_its_addresses_are_others() -> None:
    seen = {
        "switch-1": [own(11, "SW1"), *heard("p1", 1), announced("p24", 99, "sw2")],
        "switch-2": [own(12, "SW2"), announced("p1", 98, "SW1")],
    }
    found = join(DEVICES, seen, AGENT)
    assert found["switch-2"] == ("switch-1", "p24")
    assert "switch-1" not in found  # its side of the cable looks towards the agent


def test_the_configuration_wins_and_is_told_its_port() -> None:
    mine = [device("switch-1", "switch", 11), device("printer-1", "printer", 20, parent="switch-1"),
            device("camera-1", "camera", 30, parent="ups-1"), device("ups-1", "ups")]  # fmt: skip
    topology = Topology(mine)
    topology.learn("switch-1", [own(11), *heard("p1", 1), *heard("p5", 20), *heard("p6", 30)], AGENT)
    placed = {each.id: (each.parent, each.port) for each in topology.devices()}
    assert placed["printer-1"] == ("switch-1", "p5")
    assert placed["camera-1"] == ("ups-1", "")


def test_a_device_that_is_off_hangs_where_it_hung_and_one_that_moved_where_it_is() -> None:
    topology = Topology(DEVICES)
    for name, told in SEEN.items():
        topology.learn(name, told, AGENT)
    silent = [each for each in SEEN["switch-2"] if each.mac != mac(30)]
    assert not topology.learn("switch-2", silent, AGENT)
    moved = [*silent, *heard("p4", 30)]
    assert topology.learn("switch-2", moved, AGENT)
    assert next(each.port for each in topology.devices() if each.id == "camera-1") == "p4"


def test_without_the_agent_s_place_a_crowded_port_is_nobody_s_own() -> None:
    crowd = range(100, 200)
    seen = {"switch-1": [own(11), *heard("p24", 30, *crowd), *heard("p5", 20)]}
    found = join(DEVICES, seen, AGENT[1:])
    assert found == {"printer-1": ("switch-1", "p5")}


def test_two_switches_that_only_see_each_other_are_no_ring() -> None:
    topology = Topology(DEVICES)
    topology.learn("switch-1", [own(11), announced("p24", 12)], [])
    topology.learn("switch-2", [own(12), announced("p1", 11)], [])
    parents = {each.id: each.parent for each in topology.devices() if each.parent}
    assert parents == {"switch-1": "switch-2"}  # the file names switch-2 first


def test_a_router_that_answers_arp_for_others_is_not_them() -> None:
    seen = {**SEEN, "router-1": [own(2), arp("10.0.0.20", 2), arp("10.0.0.1", 1, "lan")]}
    found = join(DEVICES, seen, [own(1)])
    assert found["router-1"] == ("switch-1", "p23")
    assert "printer-1" not in found


def test_addresses_are_compared_without_their_port_and_the_loopback_is_nobody_s() -> None:
    assert host_of("10.0.0.1:161") == host_of("10.0.0.1") == "10.0.0.1"
    assert host_of("[fe80::1]:161") == host_of("fe80::1") == "fe80::1"
    assert host_of("127.0.0.1:161") == host_of("printer.local") == host_of("") == ""


ports = st.sampled_from(["", "p1", "p2", "p3"])
macs = st.sampled_from(["", *(mac(number) for number in (1, 2, 11, 12, 20, 30))])
addresses = st.lists(st.sampled_from(["10.0.0.11", "10.0.0.12", "10.0.0.20"]), max_size=2).map(tuple)
sights = st.builds(Neighbour, st.sampled_from(Sight), ports, macs, st.sampled_from(["", "SW1", "sw2"]), addresses)
told = st.lists(sights, max_size=8)


@given(st.lists(st.tuples(st.sampled_from([each.id for each in DEVICES]), told), max_size=6), told)
def test_whatever_is_told_nothing_hangs_on_itself_or_on_what_is_not_there(
    tellings: list[tuple[str, list[Neighbour]]], machine: list[Neighbour]
) -> None:
    topology = Topology(DEVICES)
    for name, neighbours in tellings:
        topology.learn(name, neighbours, machine)
    parents = {each.id: each.parent for each in topology.devices()}
    assert set(parents) == {each.id for each in DEVICES}
    for start in parents:
        way, at = {start}, parents[start]
        while at:
            assert at not in way
            way.add(at)
            at = parents[at]


# ---- the journal -----------------------------------------------------------------------------------------------


class _Journal:
    def __init__(self) -> None:
        self.written: list[Payload] = []

    def append(self, payload: Payload, *, kind: str = "", device: str = "", urgent: bool = False) -> None:
        self.written.append(payload)


def outcome(name: str, neighbours: Sequence[Neighbour] | None) -> Outcome:
    return Outcome(name, Poll.WHOLE, PollResult(True, neighbours=neighbours), 30.0)


def test_a_change_is_journaled_once_it_has_settled_and_not_too_often() -> None:
    journal, clock = _Journal(), FakeClock()
    watch = TopologyWatch(Inventory("Phường", DEVICES), journal, lambda: AGENT, clock)
    for name, told in SEEN.items():
        watch.take(outcome(name, told))
    assert journal.written == []
    clock.advance(SETTLES_IN_SECONDS)
    watch.take(outcome("printer-1", None))
    [inventory] = journal.written
    assert isinstance(inventory, Inventory)
    assert {each.id: Place(each.parent, each.port) for each in inventory.devices if each.parent} == TREE
    for turn in range(4):  # a device that seems to move at every look
        clock.advance(AT_MOST_EVERY_SECONDS / 4)
        watch.take(outcome("switch-2", [*SEEN["switch-2"], *heard(f"p{turn}", 30)][1:]))
    assert len(journal.written) <= 3
    clock.advance(600)
    watch.take(outcome("printer-1", None))
    count = len(journal.written)
    watch.take(outcome("switch-1", SEEN["switch-1"]))
    clock.advance(600)
    watch.take(outcome("printer-1", None))
    assert len(journal.written) == count  # told again what it knew
