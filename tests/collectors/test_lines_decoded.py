"""What a line's measurements are made of: echo replies, DNS answers, the last minute's probes, a router's counters."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.proto import rfc1902

from collectors import interfaces
from collectors.config import SnmpDevice
from collectors.protocols import dns, echo
from collectors.registry import collector_for
from collectors.uplink import WINDOW_SECONDS, LineHistory
from collectors.wan_line import DEFAULT_ROUTE, Moved, carrier, is_wan, rate
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import ReasonCode
from tests.collectors.peers import SYSTEM, Agent, snmp_device, udp_peer, value_of

TOKEN = b"12345678"


# ---- echoes ----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=80), st.sampled_from([socket.AF_INET, socket.AF_INET6]))
def test_bytes_that_are_no_echo_reply_of_ours_are_none(data: bytes, family: socket.AddressFamily) -> None:
    assert echo.parse_reply(data, family, TOKEN) is None or TOKEN in data


@given(st.integers(0, 65535))
def test_a_reply_to_our_request_has_its_number_with_and_without_the_ip_header(number: int) -> None:
    asked = echo.request(socket.AF_INET, TOKEN, number)
    assert echo.checksum(asked) == 0  # RFC 1071: a right checksum makes the sum of all zero
    reply = b"\x00" + asked[1:]
    assert echo.parse_reply(reply, socket.AF_INET, TOKEN) == number
    assert echo.parse_reply(b"\x45" + bytes(19) + reply, socket.AF_INET, TOKEN) == number
    assert echo.parse_reply(asked, socket.AF_INET, TOKEN) is None  # our own request, as the loopback shows it
    assert echo.parse_reply(reply, socket.AF_INET, b"another!") is None


# ---- names -----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=120))
def test_bytes_that_are_no_answer_are_none(data: bytes) -> None:
    question = dns.query("hub.example", 0x1234)
    assert dns.verdict(data, question) is None or data[:2] == b"\x12\x34"


def test_an_answer_is_told_from_a_refusal_an_empty_one_and_another_s() -> None:
    question = dns.query("hub.example", 7)

    def answer(flags: int, count: int, to: bytes = question) -> bytes:
        return to[:2] + flags.to_bytes(2, "big") + b"\x00\x01" + count.to_bytes(2, "big") + bytes(4) + to[12:]

    assert dns.verdict(answer(0x8180, 1), question) == ""
    assert dns.verdict(answer(0x8180, 0), question) == "no address"
    assert dns.verdict(answer(0x8183, 0), question) == "NXDOMAIN"
    assert dns.verdict(answer(0x8185, 0), question) == "REFUSED"
    assert dns.verdict(answer(0x0100, 0), question) is None  # a question, not an answer
    assert dns.verdict(answer(0x8180, 1, dns.query("evil.example", 7)), question) is None


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64, ".".join(["abcdefgh"] * 40)])
def test_what_is_no_host_name_is_not_asked(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dns.query(name, 1)


# ---- the last minute -------------------------------------------------------------------------------------------


def test_loss_is_of_the_window_and_jitter_smoothed_as_in_rfc_3550() -> None:
    history = LineHistory()
    history.add(["a"] * 4, [0.010, 0.014, None, 0.030], 0.0)
    assert history.loss_percent == 25
    assert history.jitter_seconds == pytest.approx(0.004)  # the answer after a loss has none before it
    history.add(["a"], [0.010], 3.0)
    assert history.jitter_seconds == pytest.approx(0.004 + (0.020 - 0.004) / 16)
    history.add(["a"], [0.010], WINDOW_SECONDS + 1)
    assert history.loss_percent == 0


def test_two_targets_of_different_distance_are_no_jitter() -> None:
    history = LineHistory()
    history.add(["near", "far", "near", "far"], [0.001, 0.2, 0.001, 0.2], 0.0)
    assert history.jitter_seconds == 0


# ---- a router's ports ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wan1", "WAN", "pppoe-out1", "lte1", "MAN", "Uplink MAN Da Nang", "ISP FPT", "wan-2"])
def test_a_port_is_known_as_wan_by_its_name(name: str) -> None:
    assert is_wan(("ether1", name), ())


@pytest.mark.parametrize("name", ["ether2", "swan", "vlan10", "management", "GigabitEthernet0/1", "lan", "human"])
def test_a_port_of_another_name_is_not(name: str) -> None:
    assert not is_wan((name,), ())
    assert is_wan((name,), (name.upper(),))
    assert not is_wan(("wan1",), (name,))  # what is configured is all there is


def test_the_line_that_clearly_moves_most_carries_the_traffic() -> None:
    both = {"1": True, "2": True}
    assert carrier({"1": 90_000.0, "2": 300.0}, both, "") == "1"
    assert carrier({"1": 200.0, "2": 300.0}, both, "1") == "1"  # at night: as before
    assert carrier({"1": 200.0, "2": 300.0}, both, "") == ""  # not known
    assert carrier({"1": 50_000.0, "2": 40_000.0}, both, "2") == "2"  # both are used
    assert carrier({}, {"1": False, "2": True}, "1") == "2"
    assert carrier({}, {"1": False, "2": False}, "1") == ""


counts = st.none() | st.integers(0, 2**64)
moved = st.builds(Moved, st.integers(0, 2**32), st.booleans(), st.tuples(counts, counts), st.sampled_from([0, 2**32]))


@given(st.none() | moved, moved)
def test_rates_of_a_wan_port_are_never_negative(before: Moved | None, now: Moved) -> None:
    found = rate(before, now)
    assert found is None or min(found) >= 0


def router(active: int, up: tuple[int, int] = (1, 1), octets: tuple[int, int] = (1000, 1000)) -> dict[str, Any]:
    objects = dict(SYSTEM)
    for index, name in enumerate(("ether1", "wan1", "lte1"), 1):
        objects[f"{interfaces.IF_NAME}.{index}"] = rfc1902.OctetString(name.encode())
        state = 1 if index == 1 else up[index - 2]
        objects[f"{interfaces.IF_OPER}.{index}"] = rfc1902.Integer32(state)
        moved = 10**9 if index == 1 else octets[index - 2]
        objects[f"{interfaces.IF_HC_IN}.{index}"] = rfc1902.Counter64(moved)
        objects[f"{interfaces.IF_HC_OUT}.{index}"] = rfc1902.Counter64(moved)
    if active:
        objects[DEFAULT_ROUTE] = rfc1902.Integer32(active)
    return objects


def line(udp: int, interface: str) -> SnmpDevice:
    return snmp_device(udp, Kind.UPLINK, interface=interface)


async def test_a_line_by_the_router_s_port_and_default_route() -> None:
    agent = Agent(router(active=2))
    async with udp_peer(agent) as udp:
        man, backup = (collector_for(line(udp, name), clock=SystemClock()) for name in ("WAN1", "lte1"))
        first = await man.poll(), await backup.poll()
        assert [value_of(each, "line_up") for each in first] == [1, 1]
        assert [value_of(each, "line_active") for each in first] == [1, 0]
        agent.objects.update(router(active=3, up=(2, 1)))
        asked = agent.requests
        cut = await man.poll_vital(), await backup.poll_vital()
        assert agent.requests == asked + 2  # one GET each
        assert [value_of(each, "line_up") for each in cut] == [0, 1]
        assert [value_of(each, "line_active") for each in cut] == [0, 1]
        await man.close()
        await backup.close()


async def test_without_a_route_table_the_counters_tell_which_line_is_used() -> None:
    agent = Agent(router(active=0))
    async with udp_peer(agent) as udp:
        backup = collector_for(line(udp, "lte1"), clock=SystemClock())
        assert value_of(await backup.poll(), "line_active") is None  # not known yet
        later = router(active=0, octets=(1500, 5_000_000))
        later["1.3.6.1.2.1.1.3.0"] = rfc1902.TimeTicks(123456 + 3000)
        agent.objects.update(later)
        result = await backup.poll_vital()
        assert value_of(result, "line_active") == 1
        assert value_of(result, "port_in_bits_per_second", "lte1") == pytest.approx((5_000_000 - 1000) * 8 / 30)
        await backup.close()


async def test_a_port_that_the_router_does_not_have_is_told_with_those_it_has() -> None:
    async with udp_peer(Agent(router(active=2))) as udp:
        collector = collector_for(line(udp, "wan9"), clock=SystemClock())
        result = await collector.poll()
        await collector.close()
    assert value_of(result, "line_up") is None
    assert result.reason is not None
    assert result.reason.code is ReasonCode.PARTIAL_ANSWER
    assert "wan9" in result.reason.detail
    assert "wan1" in result.reason.detail


async def test_a_router_s_wan_port_is_told_beside_its_port() -> None:
    async with udp_peer(Agent(router(active=2, up=(2, 1)))) as udp:
        collector = collector_for(snmp_device(udp, Kind.ROUTER), clock=SystemClock())
        result = await collector.poll()
        await collector.close()
    assert value_of(result, "port_up", "wan1") == value_of(result, "wan_port_up", "wan1") == 0
    assert value_of(result, "wan_port_up", "lte1") == 1
    assert value_of(result, "wan_port_up", "ether1") is None
