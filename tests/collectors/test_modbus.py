"""Modbus TCP against pymodbus's own server, and against servers that answer wrongly."""

from __future__ import annotations

import asyncio
import time

import pytest
from pymodbus.constants import ExcCodes

from collectors.base import turn_of
from collectors.register_map import load, shipped
from collectors.registry import collector_for
from telemetry.clock import SystemClock
from telemetry.readings import PollResult, ReasonCode
from tests.collectors.modbus_peer import Gateway, answering, collector, device, running

ROOM = {"metric": "temperature_celsius", "address": 0, "type": "int16", "scale": 0.1}
AIR = {"metric": "humidity_percent", "address": 1}
SET = {"metric": "setpoint_celsius", "address": 2, "scale": 0.1}
ON = {"metric": "aircon_running", "address": 3, "values": {"0": 0, "1": 1}}
THREE = {0: 251, 1: 60, 2: 240}


def values(result: PollResult) -> dict[str, float]:
    return {reading.metric: round(reading.value, 3) for reading in result.readings}


def code(result: PollResult) -> ReasonCode | None:
    return None if result.reason is None else result.reason.code


async def test_a_shipped_map_reads_a_sensor() -> None:
    gateway = Gateway({7: {"input": {1: 0xFFFB, 2: 655}}})
    async with running(gateway):
        made = collector_for(device(gateway.port, 7), clock=SystemClock())
        result = await made.poll()
        await made.close()
    assert values(result) == {"temperature_celsius": -0.5, "humidity_percent": 65.5}
    assert (result.reachable, result.reason) == (True, None)
    assert gateway.asked == [(4, 1, 2)]  # both in one request


async def test_every_shipped_map_reads_an_air_conditioner_or_a_sensor() -> None:
    for name in shipped():
        register_map = load(name)
        metrics = {register.metric for register in register_map.registers}
        assert "temperature_celsius" in metrics
        assert register_map.about.source
        assert {"aircon_running", "setpoint_celsius", "aircon_fault"} <= metrics or "humidity_percent" in metrics
    assert len(shipped()) >= 4


@pytest.mark.parametrize(("raw", "celsius"), [(24, 24.0), (243, 24.3), (75, None), (0x8000, None), (0x805A, None)])
async def test_intesis_gateways_tell_whole_degrees_or_tenths_and_mark_the_unknown(
    raw: int, celsius: float | None
) -> None:
    temperature = next(
        register for register in load("intesis-daikin").registers if register.metric == "temperature_celsius"
    )
    told = temperature.number([raw])
    assert told is None if celsius is None else told == pytest.approx(celsius)


async def test_types_word_orders_bits_and_texts_are_read() -> None:
    rows = {10: 0x41CA, 11: 0x0000, 12: 0x0000, 13: 0x41CA, 14: 0xFFFF, 15: 0xFFF6, 16: 0b100, 20: 0x4142, 21: 0x4300}
    gateway = Gateway({1: {"holding": rows, "coil": {5: 1}, "discrete": {6: 0}}})
    made_of = [
        {"metric": "temperature_celsius", "address": 10, "type": "float32", "instance": "a"},
        {"metric": "temperature_celsius", "address": 12, "type": "float32", "word_order": "low_first"},
        {"metric": "temperature_celsius", "address": 14, "type": "int32", "instance": "c"},
        {"metric": "aircon_fault", "address": 16, "bit": 2},
        {"metric": "aircon_fault", "address": 16, "bit": 1, "instance": "other"},
        {"metric": "aircon_running", "address": 5, "table": "coil"},
        {"metric": "aircon_running", "address": 6, "table": "discrete", "instance": "2"},
        {"fact": "serial", "address": 20, "type": "text", "length": 2},
    ]
    async with running(gateway):
        made = collector(gateway.port, made_of, vendor="Hãng A")
        result = await made.poll()
        await made.close()
    assert {(reading.metric, reading.instance): reading.value for reading in result.readings} == {
        ("temperature_celsius", "a"): 25.25,
        ("temperature_celsius", ""): 25.25,
        ("temperature_celsius", "c"): -10.0,
        ("aircon_fault", ""): 1.0,
        ("aircon_fault", "other"): 0.0,
        ("aircon_running", ""): 1.0,
        ("aircon_running", "2"): 0.0,
    }
    assert {(fact.name, fact.text) for fact in result.facts} == {("vendor", "Hãng A"), ("serial", "ABC")}


async def test_a_gateway_that_refuses_several_registers_in_one_request_is_asked_for_each() -> None:
    gateway = Gateway({1: {"holding": THREE}}, lambda _c, _a, count: ExcCodes.ILLEGAL_VALUE if count > 1 else None)
    async with running(gateway):
        made = collector(gateway.port, [ROOM, AIR, SET])
        first = await made.poll()
        asked = len(gateway.asked)
        second = await made.poll()
        await made.close()
    assert values(first) == {"temperature_celsius": 25.1, "humidity_percent": 60.0, "setpoint_celsius": 24.0}
    assert first.reason is None
    assert values(second) == values(first)
    assert gateway.asked[asked:] == [(3, 0, 1), (3, 1, 1), (3, 2, 1)]  # it was learnt


async def test_one_register_a_request_with_pauses_where_the_map_says_so() -> None:
    gateway = Gateway({1: {"holding": THREE}})
    async with running(gateway):
        made = collector(gateway.port, [ROOM, AIR, SET], most_registers=1, pause_ms=60)
        started = time.monotonic()
        result = await made.poll()
        taken = time.monotonic() - started
        await made.close()
    assert [count for _, _, count in gateway.asked] == [1, 1, 1]
    assert len(result.readings) == 3
    assert taken >= 0.12


async def test_a_register_that_the_device_does_not_have_is_told_and_not_asked_for_each_time() -> None:
    gateway = Gateway({1: {"holding": THREE}})
    async with running(gateway):
        made = collector(gateway.port, [ROOM, AIR, SET, ON])
        first = await made.poll()
        asked = len(gateway.asked)
        second = await made.poll()
        await made.close()
    assert len(first.readings) == len(second.readings) == 3
    assert (code(first), code(second)) == (ReasonCode.PARTIAL_ANSWER, ReasonCode.PARTIAL_ANSWER)
    assert 3 not in [address for _, address, _ in gateway.asked[asked:]]


@pytest.mark.parametrize(
    ("exception", "reason", "reachable"),
    [
        (ExcCodes.ILLEGAL_FUNCTION, ReasonCode.MAP_UNFIT, True),
        (ExcCodes.ILLEGAL_ADDRESS, ReasonCode.MAP_UNFIT, True),
        (ExcCodes.DEVICE_FAILURE, ReasonCode.DEVICE_FAILED, True),
        (ExcCodes.DEVICE_BUSY, ReasonCode.DEVICE_BUSY, True),
        (ExcCodes.GATEWAY_NO_RESPONSE, ReasonCode.GATEWAY_TARGET_SILENT, False),
    ],
)
async def test_each_exception_is_a_reason(exception: ExcCodes, reason: ReasonCode, reachable: bool) -> None:
    gateway = Gateway({1: {"holding": THREE}}, lambda *_: exception)
    async with running(gateway):
        made = collector(gateway.port, [ROOM, AIR])
        for _ in range(2):  # what was learnt the first time does not hide it the second
            result = await made.poll()
            assert (code(result), result.reachable, list(result.readings)) == (reason, reachable, [])
        await made.close()


async def test_units_behind_one_gateway_take_turns_over_one_connection_and_a_dead_one_costs_only_itself() -> None:
    gateway = Gateway(
        {1: {"holding": THREE}, 2: {"holding": {**THREE, 0: 300}}, 9: {"holding": THREE}}, delay=0.05, dead={9}
    )
    async with running(gateway):
        made = [collector(gateway.port, [ROOM, AIR], unit) for unit in (1, 2, 9)]

        async def ask(number: int) -> PollResult:
            async with turn_of(made[number]):
                return await made[number].poll()

        results = await asyncio.gather(*(ask(number) for number in range(3)))
        for each in made:
            await each.close()
    assert [values(result).get("temperature_celsius") for result in results] == [25.1, 30.0, None]
    assert code(results[2]) is ReasonCode.GATEWAY_TARGET_SILENT
    assert gateway.connections == 1


async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    gateway = Gateway({1: {"holding": THREE}}, delay=0.5)
    async with running(gateway):
        made = collector(gateway.port, [ROOM], timeout=0.2)
        result = await made.poll()
        assert (code(result), result.reachable) == (ReasonCode.NO_ANSWER, False)
        gateway.delay = 0.0
        assert values(await made.poll()) == {"temperature_celsius": 25.1}
        await made.close()
    assert gateway.connections == 2


def _reply(request: bytes, pdu: bytes) -> bytes:
    return request[:4] + (len(pdu) + 1).to_bytes(2, "big") + request[6:7] + pdu


@pytest.mark.parametrize(
    ("name", "pdu"),
    [
        ("another function", b"\x04\x04\x00\xfb\x00\x3c"),
        ("no function at all", b"\x55\x00"),
        ("fewer registers than asked for", b"\x03\x02\x00\xfb"),
        ("a byte count that is not kept", b"\x03\x40\x00\xfb"),
        ("an odd byte count", b"\x03\x03\x00\xfb\x00"),
        ("an unknown exception", b"\x83\x77"),
        ("a coil's answer", b"\x01\x01\x05"),
    ],
)
async def test_an_answer_that_is_none_is_no_reading(name: str, pdu: bytes) -> None:
    async with answering(lambda request: _reply(request, pdu)) as port:
        made = collector(port, [ROOM, AIR], timeout=0.5)
        result = await made.poll()
        await made.close()
    assert (code(result), list(result.readings)) == (ReasonCode.GARBLED_ANSWER, []), name


async def test_an_answer_in_halves_of_another_protocol_or_none_ends_in_a_reason() -> None:
    cases = {
        b"HTTP/1.1 400 Bad Request\r\n\r\n": ReasonCode.GARBLED_ANSWER,
        b"\x00\x01\x00\x00\x00": ReasonCode.GARBLED_ANSWER,
        b"": ReasonCode.NO_ANSWER,
    }
    for reply, reason in cases.items():
        async with answering(lambda _, reply=reply: reply) as port:  # type: ignore[misc]
            made = collector(port, [ROOM], timeout=0.3)
            assert code(await made.poll()) is reason, reply
            await made.close()


async def test_a_closed_port_and_a_wrong_name_are_told(free_port: object) -> None:
    assert callable(free_port)
    made = collector(free_port(), [ROOM], timeout=0.5)
    assert code(await made.poll()) is ReasonCode.PORT_CLOSED
    await made.close()
