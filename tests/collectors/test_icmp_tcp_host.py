"""Echoes, TCP connections and the machine itself."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

import pytest

from collectors import icmp
from collectors.config import IcmpDevice, PsutilDevice, TcpDevice
from collectors.host import HostCollector
from collectors.icmp import IcmpCollector, NotPermitted, Way
from collectors.tcp import TcpCollector
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import ReasonCode
from tests.collectors.peers import value_of

CLOCK = SystemClock()
UNROUTABLE = "240.0.0.1"  # RFC 1112 section 4: reserved, no host has it


def _echo(host: str, timeout: float = 2.0) -> IcmpCollector:
    return IcmpCollector(IcmpDevice(id="device", kind=Kind.DISPLAY, protocol="icmp", host=host, timeout=timeout), CLOCK)


def _tcp(host: str, port: int, timeout: float = 1.0) -> TcpCollector:
    device = TcpDevice(id="device", kind=Kind.KIOSK, protocol="tcp", host=host, port=port, timeout=timeout)
    return TcpCollector(device, CLOCK)


async def test_this_machine_answers_echoes() -> None:
    result = await _echo("127.0.0.1").poll()
    assert result.reachable
    assert 0 < (value_of(result, "rtt_seconds") or 0) < 1
    assert value_of(result, "packet_loss_percent") == 0
    assert (value_of(result, "jitter_seconds") or 0) >= 0


async def test_an_address_that_no_host_has_is_unreachable_in_time() -> None:
    started = time.monotonic()
    result = await _echo(UNROUTABLE).poll()
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code in (ReasonCode.HOST_UNREACHABLE, ReasonCode.NO_ANSWER)
    assert time.monotonic() - started < 3.0


async def test_a_name_that_does_not_resolve_is_told() -> None:
    for collector in (_echo("no-such-host.invalid"), _tcp("no-such-host.invalid", 80)):
        result = await collector.poll()
        assert result.reason is not None
        assert result.reason.code is ReasonCode.NAME_UNKNOWN


async def test_the_ping_program_serves_where_sockets_are_refused(
    peer: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    peer("ping")

    async def refused(address: str, count: int, timeout: float) -> icmp.Echoes:
        raise NotPermitted("refused")

    monkeypatch.setitem(icmp._WAYS, Way.RAW, refused)
    monkeypatch.setitem(icmp._WAYS, Way.DATAGRAM, refused)
    collector = _echo("127.0.0.1")
    result = await collector.poll()
    assert result.reachable
    assert (value_of(result, "rtt_seconds") or 0) > 0
    assert not (await _echo(UNROUTABLE).poll()).reachable


async def test_where_nothing_may_send_echoes_the_reason_is_not_permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(address: str, count: int, timeout: float) -> icmp.Echoes:
        raise NotPermitted("refused")

    for way in Way:
        monkeypatch.setitem(icmp._WAYS, way, refused)
    result = await _echo("127.0.0.1").poll()
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.NOT_PERMITTED


async def test_a_service_that_accepts_is_reachable() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        result = await _tcp("127.0.0.1", server.sockets[0].getsockname()[1]).poll()
    assert result.reachable
    assert 0 < (value_of(result, "rtt_seconds") or 0) < 1


async def test_a_closed_tcp_port_is_told_at_once(free_port: Callable[..., int]) -> None:
    started = time.monotonic()
    result = await _tcp("127.0.0.1", free_port()).poll()
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.PORT_CLOSED
    assert time.monotonic() - started < 0.5


async def test_a_service_that_leaves_connections_unanswered_costs_one_time_out() -> None:
    with socket.socket() as deaf, contextlib.ExitStack() as waiting:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):  # a full backlog: the kernel drops further requests
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        started = time.monotonic()
        result = await _tcp("127.0.0.1", deaf.getsockname()[1], timeout=0.5).poll()
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.NO_ANSWER
    assert 0.4 < time.monotonic() - started < 1.5


async def test_the_machine_itself_tells_its_load_memory_disks_and_uptime() -> None:
    collector = HostCollector(PsutilDevice(id="server", kind=Kind.SERVER, protocol="psutil"), CLOCK)
    result = await collector.poll()
    assert result.reachable
    assert 0 <= (value_of(result, "cpu_load_percent") or 0.0) <= 100
    assert 0 < (value_of(result, "memory_used_percent") or 0) < 100
    assert (value_of(result, "uptime_seconds") or 0) > 1
    assert {fact.name for fact in result.facts} >= {"vendor", "name", "firmware"}
    for reading in result.readings:
        if reading.metric == "disk_used_percent":
            assert value_of(result, "disk_free_bytes", reading.instance) is not None
