"""Agents that answer garbage, too much, in circles, in part or late: never a hang, never an exception, a reason."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import pytest
from pysnmp.proto import api, rfc1902, rfc1905

from collectors.base import Collector, turn_of
from collectors.protocols import snmp
from collectors.protocols.snmp import SnmpClient
from collectors.registry import collector_for
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import ReasonCode
from tests.collectors.peers import SYSTEM, Agent, poll_once, snmp_device, udp_peer, ups, value_of

COLUMN = "1.3.6.1.2.1.2.2.1.8"


def interfaces(count: int, value: Any = None) -> dict[str, Any]:
    state = rfc1902.Integer32(1) if value is None else value
    return {**SYSTEM, **{f"{COLUMN}.{index}": state for index in range(1, count + 1)}}


async def walk(port: int, root: str = COLUMN, **more: Any) -> dict[str, Any]:
    """The walk alone, with the system group asked first as in every poll."""
    client = SnmpClient(snmp_device(port, **more), SystemClock())
    async with client.turn():
        await client.system()
        found = await client.walk(root)
    await client.close()
    return found


async def test_random_bytes_are_a_garbled_answer(seed: int) -> None:
    source = random.Random(seed)
    async with udp_peer(lambda _: [source.randbytes(source.randrange(1, 200))]) as port:
        result = await poll_once(snmp_device(port))
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.GARBLED_ANSWER


async def test_an_answer_cut_short_is_a_garbled_answer() -> None:
    agent = Agent(SYSTEM)
    async with udp_peer(lambda data: [agent(data)[0][:-7]]) as port:
        result = await poll_once(snmp_device(port))
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.GARBLED_ANSWER


@pytest.mark.parametrize("kind", [Kind.UPS, Kind.PRINTER, Kind.SWITCH, Kind.AIRCON, Kind.CAMERA])
async def test_answers_with_flipped_bytes_never_break_a_collector(seed: int, kind: Kind) -> None:
    source = random.Random(seed)
    agent = Agent({**ups(), **interfaces(5)})

    def spoil(data: bytes) -> Sequence[bytes]:
        reply = bytearray(agent(data)[0])
        for _ in range(source.randrange(4)):
            reply[source.randrange(len(reply))] = source.randrange(256)
        return [bytes(reply)]

    async with udp_peer(spoil) as port:
        for _ in range(3):
            result = await asyncio.wait_for(poll_once(snmp_device(port, kind, timeout=0.1)), 10)
            assert result.reason is None or result.reason.code is not ReasonCode.AGENT_FAULT


async def test_an_agent_that_falls_silent_half_way_leaves_what_it_told_and_the_reason() -> None:
    agent = Agent({**ups(), **interfaces(4)})

    def half(data: bytes) -> Sequence[bytes]:
        replies = agent(data)
        return [] if any(COLUMN in asked for asked in agent.asked) else replies

    async with udp_peer(half) as port:
        started = time.monotonic()
        result = await poll_once(snmp_device(port, Kind.UPS, timeout=0.3))
    assert result.reachable
    assert value_of(result, "battery_charge_percent") == 80
    assert result.reason is not None
    assert result.reason.code is ReasonCode.PARTIAL_ANSWER
    assert time.monotonic() - started < 0.3 * 5


async def test_an_agent_that_knows_nothing_is_reachable_and_said_to_offer_nothing() -> None:
    async with udp_peer(Agent({})) as port:
        result = await poll_once(snmp_device(port, Kind.UPS))
    assert result.reachable
    assert not result.readings
    assert result.reason is not None
    assert result.reason.code is ReasonCode.UNSUPPORTED


async def test_a_v1_agent_without_some_objects_is_read_all_the_same() -> None:
    objects = ups()
    del objects["1.3.6.1.2.1.1.3.0"]
    async with udp_peer(Agent(objects)) as port:
        result = await poll_once(snmp_device(port, Kind.UPS, version="1"))
    assert value_of(result, "battery_charge_percent") == 80
    assert value_of(result, "output_load_percent") == 33


class _Repeats(Agent):
    def following(self, name: str, count: int) -> list[tuple[str, Any]]:
        return [(f"{COLUMN}.{5 + index % 3}", rfc1902.Integer32(1)) for index in range(count)]


class _Backwards(Agent):
    def following(self, name: str, count: int) -> list[tuple[str, Any]]:
        last = int(name.removeprefix(f"{COLUMN}.")) if name.startswith(f"{COLUMN}.") else 100
        return [(f"{COLUMN}.{last - 1}", rfc1902.Integer32(1))]


@pytest.mark.parametrize("agent", [_Repeats, _Backwards])
@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_walk_in_circles_or_backwards_ends(agent: type[Agent], version: str) -> None:
    async with udp_peer(agent(SYSTEM)) as port:
        found = await asyncio.wait_for(walk(port, version=version), 2)
    assert len(found) <= 3


async def test_an_agent_that_answers_for_ever_is_left_at_the_bound() -> None:
    class Endless(Agent):
        def following(self, name: str, count: int) -> list[tuple[str, Any]]:
            last = int(name.removeprefix(f"{COLUMN}.")) if name.startswith(f"{COLUMN}.") else 0
            return [(f"{COLUMN}.{last + 1 + step}", rfc1902.Integer32(1)) for step in range(count)]

    async with udp_peer(Endless(SYSTEM)) as port:
        found = await walk(port, timeout=5.0)
    assert snmp.MAX_ROWS <= len(found) < snmp.MAX_ROWS + 100


async def test_answers_larger_than_the_codec_takes_are_asked_for_in_smaller_pieces() -> None:
    agent = Agent(interfaces(60, rfc1902.OctetString(b"x" * 300)))
    async with udp_peer(agent) as port:
        found = await walk(port)
    assert len(found) == 60


async def test_a_single_value_larger_than_the_codec_takes_is_read_by_the_other_client() -> None:
    agent = Agent({**interfaces(3), f"{COLUMN}.2": rfc1902.OctetString(b"y" * 5000)})
    async with udp_peer(agent) as port:
        found = await walk(port, timeout=3.0)
    assert found == {"1": 1, "2": b"y" * 5000, "3": 1}


async def test_an_agent_that_refuses_getbulk_is_walked_by_getnext() -> None:
    class NoBulk(Agent):
        def reply(self, module: Any, kind: str, question: Any, answer: Any, names: list[str]) -> None:
            if "Bulk" in kind:
                module.apiPDU.set_error_status(answer, 5)
                module.apiPDU.set_varbinds(answer, [])
            else:
                super().reply(module, kind, question, answer, names)

    async with udp_peer(NoBulk(interfaces(7))) as port:
        assert len(await walk(port)) == 7


async def test_an_agent_that_refuses_large_groups_is_asked_in_smaller_ones() -> None:
    class TooBig(Agent):
        def reply(self, module: Any, kind: str, question: Any, answer: Any, names: list[str]) -> None:
            if kind.startswith("Get") and "Next" not in kind and "Bulk" not in kind and len(names) > 3:
                module.apiPDU.set_error_status(answer, 1)
                module.apiPDU.set_varbinds(answer, [])
            else:
                super().reply(module, kind, question, answer, names)

    agent = TooBig(interfaces(20))
    async with udp_peer(agent) as port:
        client = SnmpClient(snmp_device(port), SystemClock())
        async with client.turn():
            await client.system()
            found = await client.get([f"{COLUMN}.{index}" for index in range(1, 25)])
        await client.close()
    assert len(found) == 20


async def test_rows_without_a_value_do_not_end_a_walk() -> None:
    agent = Agent({**interfaces(9), f"{COLUMN}.4": rfc1905.unSpecified})
    async with udp_peer(agent) as port:
        assert len(await walk(port)) == 8


async def test_a_lost_datagram_is_asked_for_again() -> None:
    agent, seen = Agent(ups()), 0

    def lossy(data: bytes) -> Sequence[bytes]:
        nonlocal seen
        seen += 1
        return [] if seen % 5 == 0 else agent(data)

    async with udp_peer(lossy) as port:
        result = await poll_once(snmp_device(port, Kind.UPS, timeout=0.5))
    assert result.reason is None
    assert value_of(result, "battery_charge_percent") == 80


async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    agent, held = Agent(ups()), []

    def late(data: bytes) -> Sequence[bytes]:
        held.append(agent(data)[0])
        return held[-2:] if len(held) > 1 else []

    async with udp_peer(late) as port:
        result = await poll_once(snmp_device(port, Kind.UPS, timeout=0.5))
    assert value_of(result, "battery_charge_percent") == 80
    assert value_of(result, "output_load_percent") == 33


async def test_what_an_agent_lacks_is_not_asked_for_at_every_poll() -> None:
    agent = Agent(ups())
    async with udp_peer(agent) as port:
        collector = collector_for(snmp_device(port, Kind.UPS), clock=SystemClock())
        await collector.poll()
        first = len(agent.asked)
        again = await collector.poll()
        second = agent.asked[first:]
        vital = await collector.poll_vital()
        await collector.close()
    assert value_of(again, "battery_charge_percent") == 80
    assert not [asked for asked in second if "33.1" not in asked and "2.1.1." not in asked]
    assert value_of(vital, "on_battery") == 0
    assert value_of(vital, "battery_runtime_seconds") == 720


async def test_vital_values_cost_one_request() -> None:
    agent = Agent(ups())
    async with udp_peer(agent) as port:
        collector = collector_for(snmp_device(port, Kind.UPS), clock=SystemClock())
        await collector.poll()
        before = agent.requests
        await collector.poll_vital()
        await collector.close()
    assert agent.requests == before + 1


async def test_a_turn_that_is_held_is_not_waited_for_again() -> None:
    async with udp_peer(Agent(ups())) as port:
        collectors = [collector_for(snmp_device(port, Kind.UPS), clock=SystemClock()) for _ in range(6)]

        async def bounded(collector: Collector) -> bool:
            async with turn_of(collector):
                return (await collector.poll()).reachable

        assert all(await asyncio.wait_for(asyncio.gather(*map(bounded, collectors)), 5))
        for collector in collectors:
            await collector.close()


async def test_few_polls_of_one_address_run_at_a_time() -> None:
    running, most = 0, 0
    agent = Agent(ups())

    class Counted(SnmpClient):
        async def system(self) -> dict[str, Any]:
            nonlocal running, most
            running += 1
            most = max(most, running)
            try:
                await asyncio.sleep(0.01)
                return await super().system()
            finally:
                running -= 1

    async def one(port: int) -> None:
        client = Counted(snmp_device(port), SystemClock())
        async with client.turn():
            await client.system()

    async with udp_peer(agent) as port:
        await asyncio.gather(*(one(port) for _ in range(12)))
    assert most == 2


def test_the_versions_used_here_are_what_pysnmp_calls_them() -> None:
    assert set(api.PROTOCOL_MODULES) == {api.SNMP_VERSION_1, api.SNMP_VERSION_2C}
