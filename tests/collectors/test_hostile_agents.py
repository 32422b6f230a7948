"""Agents that answer too much, in other types, with holes, for ever and slowly: bounded in rows and time, no reading
that cannot be, and what is good among it still counts."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysnmp.proto import rfc1902

from collectors import mib_tables
from collectors.interfaces import IF_ADMIN, IF_DESCR, IF_HC_IN, IF_HC_OUT, IF_INDEX, IF_NAME, IF_OPER, IF_SPEED, IF_TYPE
from collectors.protocols.snmp import SnmpClient
from collectors.registry import collector_for
from telemetry.clock import ClockState, SystemClock
from telemetry.entry import Entry, Facts, Readings, decode, encode
from telemetry.kinds import Kind
from telemetry.readings import PollResult, ReasonCode
from tests.collectors.peers import SYSTEM, Agent, Objects, poll_once, snmp_device, udp_peer, ups, value_of

UPS = "1.3.6.1.2.1.33.1"
WRONG: Sequence[Any] = (
    rfc1902.OctetString(b"\xff\xfe\x00\x80"),
    rfc1902.OctetString(b""),
    rfc1902.OctetString(b"n/a"),
    rfc1902.ObjectIdentifier("1.3.6.1.4.1.1"),
    rfc1902.IpAddress("10.0.0.1"),
    rfc1902.Integer32(-2147483648),
    rfc1902.Integer32(2147483647),
    rfc1902.Integer32(65535),
    rfc1902.Gauge32(4294967295),
    rfc1902.Counter64(18446744073709551615),
    rfc1902.TimeTicks(4294967295),
)
KINDS = (Kind.UPS, Kind.PRINTER, Kind.SWITCH, Kind.AIRCON, Kind.SERVER, Kind.RECORDER)


def switch(ports: int = 4) -> dict[str, Any]:
    """A small switch whose names are in whatever encoding."""
    objects: dict[str, Any] = dict(SYSTEM)
    for port in range(1, ports + 1):
        objects |= {
            f"{IF_INDEX}.{port}": rfc1902.Integer32(port),
            f"{IF_DESCR}.{port}": rfc1902.OctetString(b"C\xe1\xbb\x95ng \xff%d" % port),
            f"{IF_TYPE}.{port}": rfc1902.Integer32(6),
            f"{IF_SPEED}.{port}": rfc1902.Gauge32(4294967295),
            f"{IF_ADMIN}.{port}": rfc1902.Integer32(1),
            f"{IF_OPER}.{port}": rfc1902.Integer32(1 + port % 2),
            f"{IF_NAME}.{port}": rfc1902.OctetString(b"\x81\x8d%d\x00\x00" % port),
            f"{IF_HC_IN}.{port}": rfc1902.Counter64(1000),
            f"{IF_HC_OUT}.{port}": rfc1902.Counter64(1000),
        }
    return objects


def assert_can_be(result: PollResult) -> None:
    """Every reading is one that the metric can have, and all of it survives the wire."""
    for reading in result.readings:
        assert mib_tables.plausible(reading.metric, reading.value) is not None, reading
    for payload in (Readings(tuple(result.readings)), Facts(tuple(result.facts))):
        entry = Entry(
            incarnation=b"i" * 16,
            position=1,
            wall_time_us=0,  # a clock in 1970
            boot_id=b"b" * 16,
            monotonic_us=1,
            clock_state=ClockState.FREE_RUNNING,
            kind="ups",
            device="device",
            payload=payload,
        )
        assert decode(encode(entry)).payload == payload


@pytest.mark.parametrize("kind", KINDS)
async def test_values_of_other_types_are_no_readings_and_break_nothing(seed: int, kind: Kind) -> None:
    source = random.Random(seed)
    objects: Objects = {**ups(), **switch()}
    for _ in range(6):
        spoilt = {
            oid: source.choice(WRONG) if not oid.startswith("1.3.6.1.2.1.1.") and source.random() < 0.6 else value
            for oid, value in objects.items()
        }
        async with udp_peer(Agent(spoilt)) as port:
            result = await poll_once(snmp_device(port, kind))
        assert result.reachable
        assert result.reason is None or result.reason.code is ReasonCode.UNSUPPORTED
        assert_can_be(result)


async def test_what_stands_for_unknown_is_no_reading_and_the_rest_still_counts() -> None:
    told = {
        **ups(),
        f"{UPS}.2.3.0": rfc1902.Integer32(65535),
        f"{UPS}.2.5.0": rfc1902.Gauge32(4294967295),
        f"{UPS}.2.7.0": rfc1902.Integer32(2147483647),
        f"{UPS}.4.4.1.5.1": rfc1902.Integer32(-1),
    }
    async with udp_peer(Agent(told)) as port:
        result = await poll_once(snmp_device(port, Kind.UPS))
    assert {reading.metric for reading in result.readings}.isdisjoint(
        {"battery_runtime_seconds", "battery_voltage_volts", "battery_temperature_celsius", "output_load_percent"}
    )
    assert value_of(result, "battery_charge_percent") == 80


async def test_tables_with_holes_give_what_they_hold(seed: int) -> None:
    source = random.Random(seed)
    whole = switch(8)
    for _ in range(5):
        holes = {oid: value for oid, value in whole.items() if oid in SYSTEM or source.random() < 0.7}
        async with udp_peer(Agent(holes)) as port:
            collector = collector_for(snmp_device(port, Kind.SWITCH), clock=SystemClock())
            first, second = await collector.poll(), await collector.poll()
            await collector.close()
        for result in (first, second):
            assert_can_be(result)
            told = sum(oid.startswith(f"{IF_OPER}.") for oid in holes)
            assert sum(reading.metric == "port_up" for reading in result.readings) <= told
            assert len({(reading.metric, reading.instance) for reading in result.readings}) == len(result.readings)


async def test_counters_that_go_back_give_no_rate_until_they_go_on() -> None:
    agent = Agent(switch(1))
    async with udp_peer(agent) as port:
        collector = collector_for(snmp_device(port, Kind.SWITCH), clock=SystemClock())
        await collector.poll()
        agent.objects[f"{IF_HC_IN}.1"] = rfc1902.Counter64(5)
        back = await collector.poll()
        agent.objects[f"{IF_HC_IN}.1"] = rfc1902.Counter64(50)
        on = await collector.poll()
        await collector.close()
    rates = [[r.value for r in result.readings if r.metric == "port_in_bits_per_second"] for result in (back, on)]
    assert rates[0] == []
    assert len(rates[1]) == 1
    assert rates[1][0] > 0


class _TooMany(Agent):
    """Three times the rows that were asked for, and with a GET objects that nobody asked for."""

    def following(self, name: str, count: int) -> list[tuple[str, Any]]:
        return super().following(name, 3 * count)

    def reply(self, module: Any, kind: str, question: Any, answer: Any, names: list[str]) -> None:
        more = [f"{UPS}.2.{leaf}.0" for leaf in (2, 3, 4, 5)] if "Bulk" not in kind and "Next" not in kind else []
        super().reply(module, kind, question, answer, names + more)


@pytest.mark.parametrize("kind", [Kind.UPS, Kind.SWITCH])
async def test_more_than_was_asked_for_changes_nothing(kind: Kind) -> None:
    objects = {**ups(), **switch()}
    readings = []
    for agent in (Agent(objects), _TooMany(objects)):
        async with udp_peer(agent) as port:
            result = await poll_once(snmp_device(port, kind))
        assert result.reason is None
        readings.append({(reading.metric, reading.instance): reading.value for reading in result.readings})
    assert readings[0] == readings[1]


async def test_every_answer_sent_three_times_is_taken_once() -> None:
    agent = Agent(ups())
    async with udp_peer(lambda data: list(agent(data)) * 3) as port:
        collector = collector_for(snmp_device(port, Kind.UPS), clock=SystemClock())
        for _ in range(3):
            result = await collector.poll()
            assert result.reason is None
            assert value_of(result, "battery_charge_percent") == 80
        await collector.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_agent_that_answers_for_ever_and_slowly_costs_a_poll_and_no_more(kind: Kind) -> None:
    class Endless(Agent):
        def following(self, name: str, count: int) -> list[tuple[str, Any]]:
            return [(f"{name}.{step}", rfc1902.Integer32(1)) for step in range(1, count + 1)]

    agent = Endless(SYSTEM)
    loop = asyncio.get_running_loop()
    waiting: list[asyncio.TimerHandle] = []

    class Slow(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            for reply in agent(data):
                waiting.append(loop.call_later(0.02, self.transport.sendto, reply, addr))

    transport, _ = await loop.create_datagram_endpoint(Slow, local_addr=("127.0.0.1", 0))
    started = time.monotonic()
    device = snmp_device(transport.get_extra_info("sockname")[1], kind, timeout=0.4)
    result = await poll_once(device)
    took = time.monotonic() - started
    for timer in waiting:
        timer.cancel()
    transport.close()
    assert result.reachable
    assert took < 2 * 2.5 * device.timeout  # _POLL_TIMEOUTS, with as much again for a busy machine
    assert len(result.readings) < 20_000


@pytest.mark.parametrize("at", [1, 4, 14])
async def test_lengths_that_break_the_codec_are_a_garbled_answer_and_the_next_poll_is_well(at: int) -> None:
    """gufo-snmp indexes past its buffer at a BER length of more bytes than there are, and panics."""
    agent, broken = Agent(ups()), True

    def long_form(data: bytes) -> Sequence[bytes]:
        reply = bytearray(agent(data)[0])
        if broken:
            reply[at] = 0xF9
        return [bytes(reply)]

    async with udp_peer(long_form) as port:
        collector = collector_for(snmp_device(port, Kind.UPS, timeout=0.3), clock=SystemClock())
        first = await collector.poll()
        broken = False
        second = await collector.poll()
        await collector.close()
    assert not first.reachable
    assert first.reason is not None
    assert first.reason.code in (ReasonCode.GARBLED_ANSWER, ReasonCode.NO_ANSWER_SNMP)
    assert value_of(second, "battery_charge_percent") == 80


_FACTS = [
    (mib, spec)
    for file in ("ups", "environment", "host", "makers")
    for mib in mib_tables.mibs(file)
    for spec in mib.value
]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(_FACTS), st.none() | st.integers() | st.floats() | st.binary(max_size=300) | st.text(max_size=300)
)
def test_a_fact_is_a_short_text_without_control_characters(told: tuple[Any, Any], value: Any) -> None:
    mib, spec = told
    for fact in mib_tables.facts(mib, {f"{spec.oid}.1": value, f"{spec.oid}.2": value}):
        assert fact.text
        assert len(fact.text) <= 255
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in fact.text)


async def test_devices_of_all_kinds_behind_one_address_are_polled_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = most = 0
    system = SnmpClient.system

    async def counted(self: SnmpClient) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.sleep(0.005)
            return await system(self)
        finally:
            running -= 1

    monkeypatch.setattr(SnmpClient, "system", counted)
    async with udp_peer(Agent(ups())) as port:
        collectors = [collector_for(snmp_device(port, kind), clock=SystemClock()) for kind in Kind for _ in (1, 2)]
        polls = [c.poll() if at % 2 else c.poll_vital() for at, c in enumerate(collectors)]
        results = await asyncio.wait_for(asyncio.gather(*polls), 60)
        for collector in collectors:
            await collector.close()
    assert all(result.reachable for result in results)
    assert most == 2
