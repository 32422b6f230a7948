"""Air conditioning and room sensors over SNMP: what a unit says of itself, and the standard sensor table."""

from __future__ import annotations

from typing import Any

import pytest
from pysnmp.proto import rfc1902

from telemetry.kinds import Kind
from telemetry.readings import PollResult
from tests.collectors.peers import SYSTEM, Agent, poll_once, snmp_device, udp_peer

APC, STULZ = "1.3.6.1.4.1.318.1.1.13", "1.3.6.1.4.1.29462.10.2.1"
LIEBERT, LCP = "1.3.6.1.4.1.476.1.42.3.4", "1.3.6.1.4.1.9839.2606.2.1"
UNITS: dict[str, tuple[str, dict[str, int], dict[str, float]]] = {
    "an InRow RC that cools": (
        "1.3.6.1.4.1.318.1.3.14.4",
        {f"{APC}.3.2.1.2.2.0": 225, f"{APC}.3.2.2.2.1.0": 2, f"{APC}.3.2.2.2.11.0": 281},
        {"setpoint_celsius": 22.5, "aircon_running": 1, "temperature_celsius/Return air": 28.1},
    ),
    "an InRow RP that stands by": (
        "1.3.6.1.4.1.318.1.3.14.5",
        {f"{APC}.3.3.1.1.2.2.0": 240, f"{APC}.3.3.1.2.2.1.0": 1, f"{APC}.3.3.1.2.2.7.0": 301},
        {"setpoint_celsius": 24.0, "aircon_running": 0, "temperature_celsius/Return air": 30.1},
    ),
    "an InRow SC that assists nobody": (
        "1.3.6.1.4.1.318.1.3.14.9",
        {f"{APC}.3.4.1.6.2.0": 230, f"{APC}.3.4.1.2.1.0": 3, f"{APC}.3.4.1.2.11.0": 261},
        {"setpoint_celsius": 23.0, "aircon_running": 0, "temperature_celsius/Return air": 26.1},
    ),
    "a NetworkAIR FM whose set point does not apply": (
        "1.3.6.1.4.1.318.1.3.14.1",
        {f"{APC}.1.4.5.10.0": -2147483648, f"{APC}.1.2.1.0": 1, f"{APC}.1.4.1.9.0": 240},
        {"aircon_running": 1, "temperature_celsius/Average return air": 24.0},
    ),
    "a Stulz unit with an alarm": (
        "1.3.6.1.4.1.29462.10",
        {
            f"{STULZ}.1.1.1.1.1.1.1175.1": 240,
            f"{STULZ}.1.1.1.1.1.1.1192.1": 262,
            f"{STULZ}.4.1.1.1.1013.1": 1,
            f"{STULZ}.4.4.1.1.1.1010.1": 1,
        },
        {"setpoint_celsius": 24.0, "temperature_celsius/Return air": 26.2, "aircon_running": 1, "aircon_fault": 1},
    ),
    "a Liebert unit in standby": (
        "1.3.6.1.4.1.476.1.42",
        {f"{LIEBERT}.1.3.1.0": 23, f"{LIEBERT}.3.1.0": 3, f"{LIEBERT}.3.8.0": 2},
        {"setpoint_celsius": 23, "aircon_running": 0, "aircon_fault": 0},
    ),
    "a Rittal LCP DX in energy saving": (
        "1.3.6.1.4.1.9839.2606.1",
        {f"{LCP}.2.48.0": 251, f"{LCP}.2.21.0": 290, f"{LCP}.3.13.0": 2, f"{LCP}.1.23.0": 0},
        {
            "setpoint_celsius": 25.1,
            "temperature_celsius/Average input": 29.0,
            "aircon_running": 1,
            "aircon_fault": 0,
        },
    ),
}


def found(result: PollResult) -> dict[str, float]:
    return {
        f"{reading.metric}/{reading.instance}" if reading.instance else reading.metric: round(reading.value, 3)
        for reading in result.readings
        if reading.metric.partition("_")[0] not in ("interfaces", "uptime")
    }


async def poll(objects: dict[str, Any], object_id: str) -> PollResult:
    system = {**SYSTEM, "1.3.6.1.2.1.1.2.0": rfc1902.ObjectIdentifier(object_id)}
    async with udp_peer(Agent({**system, **objects})) as port:
        return await poll_once(snmp_device(port, Kind.AIRCON))


@pytest.mark.parametrize("name", UNITS)
async def test_a_unit_says_whether_it_runs_what_it_is_set_to_and_what_it_lacks(name: str) -> None:
    object_id, numbers, wanted = UNITS[name]
    result = await poll({oid: rfc1902.Integer32(value) for oid, value in numbers.items()}, object_id)
    assert found(result) == wanted


# RFC 3433: type, scale, precision, value, status → the reading
SENSORS = {
    "tenths": ((8, 9, 1, 215, 1), ("temperature_celsius", 21.5)),
    "milli": ((8, 8, 0, 21_500, 1), ("temperature_celsius", 21.5)),
    "milli with decimals": ((8, 8, 3, 21_500_000, 1), ("temperature_celsius", 21.5)),
    "below zero": ((8, 9, 2, -525, 1), ("temperature_celsius", -5.25)),
    "kilo": ((9, 10, 5, 4_800, 1), ("humidity_percent", 48.0)),
    "a negative precision is an accuracy": ((9, 9, -3, 48, 1), ("humidity_percent", 48.0)),
    "unavailable": ((8, 9, 1, 215, 2), None),
    "nonoperational": ((8, 9, 1, 215, 3), None),
    "underflow": ((8, 9, 0, -1_000_000_000, 1), None),
    "overflow": ((8, 9, 0, 1_000_000_000, 1), None),
    "volts": ((4, 9, 1, 120, 1), None),
    "no such temperature": ((8, 9, 0, 900, 1), None),
}


async def test_the_standard_sensor_table_is_read_as_rfc_3433_says() -> None:
    objects: dict[str, Any] = {}
    for number, (name, (columns, _)) in enumerate(SENSORS.items(), 1):
        for column, value in enumerate(columns, 1):
            objects[f"1.3.6.1.2.1.99.1.1.1.{column}.{number}"] = rfc1902.Integer32(value)
        objects[f"1.3.6.1.2.1.47.1.1.1.1.7.{number}"] = rfc1902.OctetString(name.encode())
    result = await poll(objects, "1.3.6.1.4.1.99999")
    wanted = {f"{told[0]}/{name}": told[1] for name, (_, told) in SENSORS.items() if told is not None}
    assert found(result) == pytest.approx(wanted)
