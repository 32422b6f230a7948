"""The data tables of vendors' MIBs: objects as their MIBs define them (unit, "unknown", which row is which) in, values
in our units out. The numbers are made up; the definitions are the MIBs' own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from collectors import mib_tables
from collectors.mib_tables import Mib, bind, facts, readings
from collectors.protocols.snmp_values import Value

POINT = "1.3.6.1.4.1.476.1.42.3.5.2.1"  # lgpPwrWellKnownMeasurementPoints


@dataclass(frozen=True)
class Case:
    """A MIB by the start of its name, what a device holds of it, what is to be told."""

    file: str
    name: str
    rows: dict[str, Value]
    told: dict[str, float]  # "metric" or "metric/instance"
    facts: dict[str, str] = field(default_factory=dict)


CASES = [
    Case(
        "ups",
        "LIEBERT-GP (Vertiv",
        {
            "2.4.2.1.4.1": b"GXT4-1500RT230",
            "3.5.1.18.0": 24,
            "3.5.1.19.0": 97,
            "3.5.2.3.1.3.1.1": f"{POINT}.1",
            "3.5.2.3.1.20.1.1": 229,
            "3.5.2.3.1.3.2.1": f"{POINT}.5",
            "3.5.2.3.1.20.2.1": 230,
            "3.5.2.3.1.19.2.1": 31,
            "3.5.2.3.1.3.3.1": f"{POINT}.7",  # bypass: neither
            "3.5.2.3.1.20.3.1": 228,
            "3.5.2.4.1.2.1": f"{POINT}.6",
            "3.5.2.4.1.4.1": 54,
            "3.5.3.55.0": 5,
        },
        {
            "battery_runtime_seconds": 1440,
            "battery_charge_percent": 97,
            "input_voltage_volts": 229,
            "output_voltage_volts": 230,
            "output_load_percent": 31,
            "battery_voltage_volts": 54,
            "on_battery": 1,
        },
        {"model": "GXT4-1500RT230"},
    ),
    Case(
        "ups",
        "LIEBERT-GP-FLEXIBLE",
        {
            **{
                f"10.1.2.1.{at}": label for at, label in enumerate((b"Battery Time Remaining", b"System Input RMS A-N"))
            },
            **{f"20.1.2.1.{at}": value for at, value in enumerate((b"42", b"231"))},
            **{f"30.1.2.1.{at}": unit for at, unit in enumerate((b"min", b"VAC"))},
        },
        {"battery_runtime_seconds": 2520, "input_voltage_volts/System Input RMS A-N": 231},
    ),
    Case(
        "ups",
        "RIELLO-UPS-MIB",
        {"2.3.0": 35, "2.4.0": 100, "2.5.0": 1225, "3.3.1.3.1": 233, "4.4.1.2.1": 2304, "4.4.1.5.1": 8, "4.1.0": 3},
        {
            "battery_runtime_seconds": 2100,
            "battery_charge_percent": 100,
            "battery_voltage_volts": 122.5,
            "input_voltage_volts": 233,
            "output_voltage_volts": 230.4,
            "output_load_percent": 8,
            "on_battery": 0,
        },
    ),
    Case(
        "ups",
        "EPPC-MIB",
        {"3.3.0": 12, "3.4.0": 88, "3.5.0": 821, "3.8.0": 0, "2.16.1.3.1": 2295, "2.18.1.3.1": 2301, "2.18.1.7.1": 17},
        {
            "battery_runtime_seconds": 720,
            "battery_charge_percent": 88,
            "battery_voltage_volts": 82.1,
            "input_voltage_volts": 229.5,
            "output_voltage_volts": 230.1,
            "output_load_percent": 17,
        },
    ),
    Case(
        "ups",
        "Voltronic",
        {"3.3.0": 65535, "3.4.0": 100, "3.13.0": 254, "4.5.1.3.1": 2287, "5.7.1.2.1": 2200, "5.5.0": 4, "5.1.0": 5},
        {
            "battery_charge_percent": 100,
            "battery_temperature_celsius": 25.4,
            "input_voltage_volts": 228.7,
            "output_voltage_volts": 220,
            "output_load_percent": 4,
            "on_battery": 1,
        },
    ),
    Case(
        "ups",
        "Socomec Net Vision 6",
        {"2.3.0": -1, "2.6.0": 253, "2.5.0": 2710, "3.3.1.2.1": 2330, "4.4.1.4.1": 12, "10.1.0": -1},
        {
            "battery_temperature_celsius": 25.3,
            "battery_voltage_volts": 271,
            "input_voltage_volts": 233,
            "output_load_percent": 12,
        },
    ),
    Case(
        "ups",
        "Huawei UPS",
        {"3.100.1.1.1": 2301, "3.100.1.4.1": 5001, "4.100.1.14.1": 273, "6.100.1.4.1": 65535, "6.100.1.3.1": 100},
        {
            "input_voltage_volts": 230.1,
            "input_frequency_hz": 50.01,
            "output_load_percent": 27.3,
            "battery_charge_percent": 100,
        },
    ),
    Case(
        "environment",
        "APC NetBotz rack monitor",
        {
            "10.3.12.11.0": 2,  # emsStatusSysTempUnits fahrenheit
            "10.3.13.1.1.2.1": b"Rack",
            "10.3.13.1.1.3.1": 77,
            "10.3.13.1.1.6.1": 41,
            "10.3.13.1.1.10.1": 2,
            "10.3.13.1.1.2.2": b"Gone",
            "10.3.13.1.1.3.2": 90,
            "10.3.13.1.1.10.2": 3,
        },
        {"temperature_celsius/Rack": 25, "humidity_percent/Rack": 41},
    ),
    Case(
        "environment",
        "AKCP sensorProbe+",
        {
            "3.5.2.1.2.0.1": b"Hall",
            "3.5.2.1.4.0.1": 24,
            "3.5.2.1.20.0.1": 243,
            "3.5.2.1.5.0.1": b"C",
            "3.5.2.1.6.0.1": 2,
            "3.5.2.1.2.0.2": b"Roof",
            "3.5.2.1.4.0.2": 59,
            "3.5.2.1.5.0.2": b"C",
            "3.5.2.1.6.0.2": 7,  # sensorError
        },
        {"temperature_celsius/Hall": 24.3},
    ),
    Case(
        "environment",
        "Geist and Vertiv Watchdog",
        {"1.1.0": b"Watchdog 100", "1.7.0": 0, "2.1.3.1": b"Room", "2.1.4.1": 1, "2.1.5.1": 770, "2.1.6.1": 38},
        {"temperature_celsius/Room": 25, "humidity_percent/Room": 38},
        {"model": "Watchdog 100"},
    ),
    Case(
        "environment",
        "Papouch TH2E",
        {**{f"1.{channel}": 0 for channel in (1, 2, 3)}, "2.1": 249, "2.2": 317, "2.3": 69, "3.1": 0, "3.2": 3},
        {"temperature_celsius": 24.9, "humidity_percent": 31.7},
    ),
    Case(
        "environment",
        "Rittal CMC III",
        {
            "2.2.1.3.1.1": b"Temperature.Value",
            "2.2.1.4.1.1": 2,
            "2.2.1.5.1.1": "°C".encode(),
            "2.2.1.7.1.1": -100,
            "2.2.1.11.1.1": 2210,
            "2.2.1.14.1.1": 2,
            "2.2.1.3.1.2": b"Temperature.SetPtHighAlarm",
            "2.2.1.4.1.2": 3,
            "2.2.1.5.1.2": "°C".encode(),
            "2.2.1.7.1.2": -100,
            "2.2.1.11.1.2": 5000,
            "2.2.1.3.2.1": b"Humidity.Value",
            "2.2.1.4.2.1": 2,
            "2.2.1.5.2.1": b"%",
            "2.2.1.7.2.1": 1,
            "2.2.1.11.2.1": 44,
        },
        {"temperature_celsius/Temperature.Value": 22.1, "humidity_percent/Humidity.Value": 44},
    ),
    Case(
        "environment",
        "HW group Poseidon",
        {"2.1": b"K", "4.1": 1, "6.1": 2951, "9.1": 2, "2.2": b"off", "4.2": 0, "6.2": 215, "9.2": 0},
        {"temperature_celsius/K": 21.95},
    ),
    Case(
        "environment",
        "Raritan",
        {
            "3.6.3.1.2.1.1": 10,
            "3.6.3.1.4.1.1": b"Rack",
            "3.6.3.1.17.1.1": 1,
            "5.5.3.1.2.1.1": 1,
            "5.5.3.1.4.1.1": 234,
            "3.6.3.1.2.1.2": 11,
            "3.6.3.1.4.1.2": b"Rack",
            "3.6.3.1.17.1.2": 0,
            "5.5.3.1.2.1.2": 2,
            "5.5.3.1.4.1.2": 50,
        },
        {"temperature_celsius/Rack": 23.4},
    ),
    Case(
        "environment",
        "Carel pCOWeb",
        {"1.0": 228, "6.0": 455},
        {"temperature_celsius/Room": 22.8, "humidity_percent/Room": 45.5},
    ),
    Case("environment", "Carel pCOWeb", {"1.0": 720, "6.0": 455}, {}),  # another application's 72 °F
    Case(
        "environment",
        "COMET Tx5xx",
        {"3.1.0": 215, "3.2.0": 402, "1.9.0": "°C".encode()},
        {"temperature_celsius": 21.5, "humidity_percent": 40.2},
    ),
    Case("makers", "TP-Link", {"5.0": b"T1600G-28TS 3.0", "8.0": b"0000000000000"}, {}, {"model": "T1600G-28TS 3.0"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_vendors_objects_become_readings_in_our_units(case: Case) -> None:
    mib = _mib(case)
    found = readings(bind(mib, case.rows, set()), {f"{mib.base}.{oid}": value for oid, value in case.rows.items()})
    told = {f"{r.metric}/{r.instance}" if r.instance else r.metric: r.value for r in found}
    assert told == pytest.approx(case.told, abs=0.01)
    texts: dict[str, Any] = {fact.name: fact.text for fact in facts(mib, case.rows)}
    assert texts == case.facts


def _mib(case: Case) -> Mib:
    (found,) = [mib for mib in mib_tables.mibs(case.file) if mib.name.startswith(case.name)]
    return found
