"""A device that answers no pings but is there: ARP tells, in namespaces with a real kernel at each end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.config import IcmpDevice
from collectors.icmp import IcmpCollector
from collectors.protocols import neighbours
from collectors.protocols.neighbours import Nud
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import PollResult
from tests.collectors.peers import value_of
from tests.namespaces import Namespaces, namespaces

TABLET, NOBODY = "10.93.0.2", "10.93.0.3"


@pytest.fixture
def office(peer: Callable[[str], str]) -> Iterator[Namespaces]:
    """The agent's machine and a tablet on one cable. The kernel's own patience is cut from half a minute to one second,
    so that the test need not wait for it."""
    net = namespaces(peer)
    try:
        net.add("agent")
        net.add("tablet")
        net.cable(("agent", "eth0", "10.93.0.1/24"), ("tablet", "eth0", f"{TABLET}/24"))
        for setting in ("base_reachable_time_ms=1000", "delay_first_probe_time=1", "retrans_time_ms=100"):
            net.run("agent", "sysctl", "-qw", f"net.ipv4.neigh.eth0.{setting}")
        yield net
    finally:
        net.close()


def ask(office: Namespaces, host: str, kind: Kind = Kind.TABLET) -> PollResult:
    device = IcmpDevice(id="tablet-1", kind=kind, protocol="icmp", host=host, timeout=1.5)
    return office.do("agent", IcmpCollector(device, SystemClock()).poll)


def test_a_tablet_that_answers_no_pings_is_present_and_one_that_leaves_is_not(office: Namespaces) -> None:
    awake = ask(office, TABLET)
    assert (awake.reachable, value_of(awake, "echo_answered")) == (True, 1)
    office.run("tablet", "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
    asleep = ask(office, TABLET)
    assert (asleep.reachable, asleep.reason) == (True, None)
    assert [(each.metric, each.value) for each in asleep.readings] == [("echo_answered", 0)]
    assert not ask(office, TABLET, Kind.SERVER).reachable  # a server that stops answering has a fault
    office.run("tablet", "ip", "link", "set", "eth0", "arp", "off")
    time.sleep(2)  # beyond what the kernel takes on trust (1.5 times its second)
    gone = ask(office, TABLET)
    assert not gone.reachable
    assert value_of(gone, "echo_answered") is None


def test_an_address_that_nobody_has_is_not_present(office: Namespaces) -> None:
    started = time.monotonic()
    assert not ask(office, NOBODY).reachable
    assert time.monotonic() - started < 6


async def test_an_address_behind_a_router_is_no_neighbour() -> None:
    assert neighbours.state("203.0.113.9") == Nud(0)
    assert not await neighbours.answers("203.0.113.9", 5.0)


def test_entries_of_the_kernel_are_read() -> None:
    """An entry as the kernel sends it: 10.93.0.2, reachable, behind one of a kind that we do not ask for."""
    other = bytes.fromhex("10000000 0000 0200 01000000 00000000".replace(" ", ""))
    entry = (
        "28000000 1c00 0200 01000000 00000000" + "02 00 0000 02000000 0200 00 01" + "0800 0100 0a5d0002" + "0400 0200"
    )
    assert list(neighbours.parse(other + bytes.fromhex(entry.replace(" ", "")))) == [
        (ip_address(TABLET), Nud.REACHABLE)
    ]


@given(st.binary(max_size=200))
def test_any_bytes_of_netlink_are_entries_or_none(data: bytes) -> None:
    for _, state in neighbours.parse(data):
        assert 0 <= state < 0x40
