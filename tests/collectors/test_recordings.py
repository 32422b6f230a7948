"""The recordings of real devices, judged as their README says. The table is printed (pytest -s, or on failure)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from telemetry.kinds import Kind
from telemetry.readings import PollResult, Reading
from tests.collectors.peers import poll_once, snmp_device

pytestmark = pytest.mark.peer("snmpsim")

KINDS = {
    "ups": Kind.UPS,
    "printer": Kind.PRINTER,
    "environment": Kind.AIRCON,
    "camera_nvr": Kind.RECORDER,
    "network": Kind.SWITCH,
    "server": Kind.SERVER,
}
OWED = {
    "ups": {
        "battery_charge_percent",
        "battery_runtime_seconds",
        "battery_voltage_volts",
        "battery_temperature_celsius",
        "on_battery_seconds",
        "input_voltage_volts",
        "output_voltage_volts",
        "output_load_percent",
    },
    "printer": {"pages_total", *(f"toner_{colour}_percent" for colour in ("black", "cyan", "magenta", "yellow"))},
    "environment": {"temperature_celsius", "humidity_percent"},
    "network": {"interfaces_count", "interfaces_up"},
    "camera_nvr": set(),
    "server": set(),
}
# What the vendor's objects, the printer, ENTITY-MIB or sysDescr of the recording tell; others tell no model at all.
MODELS = {
    "akcp_serverprobe8": "sensorProbe8",
    "apc-inrow": "ACRC103",
    "apc_smx750": "Smart-UPS X 750",
    "avtech_roomalert12e": "Room Alert 12E",
    "axiscam_p1425-le-mk-ii": "P1425-LE Mk II",
    "brother": "MFC-L2710DW",
    "canonprinter_lbp": "LBP6670",
    "ciscosb_c1200-8t-e-2g": "C1200-8T-E-2G",
    "ciscosb_sg350-10": "SG350-10",
    "cyberpower_pr2200rt2uc": "PR2200RT2UC",
    "dahua-nvr": "DH-NVR4108HS-8P-4KS2",
    "dell-laser_s5830dn": "S5830dn",
    "dlink_des-3526": "DES-3526",
    "draytek": "Vigor2920",
    "dsm_ds214se-dsm6": "DS214se",
    "eatonupsm2_9px": "9PX 1000i",
    "edgeswitch_8xp": "EdgeSwitch 8XP",
    "epson": "WF-C5790BA",
    "fortigate_60f": "FGT_60F",
    "hikvision-cam": "DS-2CD2185FWD-I",
    "huaweiups_ups2000": "UPS2000",
    "hwg-ste2": "STE2",
    "illustra": "IFS03D1OCWIT",
    "jetdirect_m130nw": "M130nw",
    "jetstream_sg2218p": "SG2218P",
    "konica": "bizhub C3110",
    "liebert": "GXT2-3000RT120",
    "poweralert_2": "SMART1500RMXL2UA",
    "procurve_e2910": "J9146A",
    "ricoh_mpc2503": "MP C2503",
    "rittal-cmc": "CMC-TC",
    "routeros_rb760igs": "RB760iGS",
    "samsungprinter_m4080fx": "M408x",
    "sharp": "MX-3570N",
    "stulz_wib8000": "WIB 8000",
    "unifi_ukultra": "UK-Ultra",
    "utax": "P-4532DN",
    "vertiv-ita2": "ITA2",
    "vrp_ar169sfp": "AR169F",
    "xerox": "AltaLink C8045",
    "zynos_ges1316": "GES1316",
    "zyxelusg_usgflex100": "USG FLEX 100H",
}
# Not owed after all: the recording's humidity ports that "owe" 83 % are offline(2), and what an unplugged port holds is
# no reading of the room (SPAGENT-MIB sensorProbeHumidityOnline); the three online ones say 39 to 42 %.
MISTAKEN = {("akcp_serverprobe8", "humidity_percent")}


@dataclass
class Tally:
    """One class's line of the table."""

    files: int = 0
    owed: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    without_model: list[str] = field(default_factory=list)


def is_right(value: float, readings: list[Reading]) -> bool:
    return any(abs(reading.value - value) <= max(0.011 * abs(value), 0.51) for reading in readings)


def judge(name: str, told: dict[str, Any], result: PollResult, tally: Tally) -> None:
    """Count one file into its class."""
    tally.files += 1
    if not result.reachable:
        tally.silent.append(f"{name}: {result.reason}")
    if not any(fact.name == "vendor" for fact in result.facts):
        tally.nameless.append(name)
    model = next((fact.text for fact in result.facts if fact.name == "model"), "")
    if MODELS.get(name, "") not in model or any(ord(character) < ord(" ") for character in model):
        tally.without_model.append(f"{name}: {model!r}, not {MODELS.get(name)}")
    for metric, value in told["expected"].items():
        readings = [reading for reading in result.readings if reading.metric == metric]
        owed = metric in OWED[told["class"]] and (name, metric) not in MISTAKEN
        tally.owed += owed
        if readings and is_right(value, readings):
            tally.right += owed
        elif readings and (name, metric) not in MISTAKEN:
            tally.wrong.append(f"{name} {metric}: {[reading.value for reading in readings]}, not {value}")
        elif owed:
            tally.missed.append(f"{name} {metric}: {value}")
    for metric, values in told.get("forbidden", {}).items():
        for reading in result.readings:
            if reading.metric == metric and (values == "any" or reading.value in values):
                tally.forbidden.append(f"{name} {metric}: {reading.value}")


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, Any]:
    return dict(json.loads((shared / "recordings" / "expected.json").read_text(encoding="utf-8")))


async def poll_all(port: int, expected: dict[str, Any]) -> dict[str, PollResult]:
    names = [file.removesuffix(".snmprec") for file in expected]
    kinds = [KINDS[told["class"]] for told in expected.values()]
    results = await asyncio.gather(
        *(
            poll_once(snmp_device(port, kind, community=name, timeout=20.0))
            for name, kind in zip(names, kinds, strict=True)
        )
    )
    return dict(zip(names, results, strict=True))


def table(tallies: dict[str, Tally]) -> str:
    lines = [f"{'class':12} {'files':>5} {'owed':>5} {'right':>5} {'missed':>6} {'wrong':>5} {'forbidden':>9}"]
    for kind, tally in tallies.items():
        counts = f"{len(tally.missed):6} {len(tally.wrong):5} {len(tally.forbidden):9}"
        lines.append(f"{kind:12} {tally.files:5} {tally.owed:5} {tally.right:5} {counts}")
    return "\n".join(["", *lines])


async def test_every_owed_value_is_right_none_is_forbidden_and_no_device_is_silent(
    recordings: int, expected: dict[str, Any]
) -> None:
    results = await poll_all(recordings, expected)
    tallies = {kind: Tally() for kind in KINDS}
    for file, told in expected.items():
        name = file.removesuffix(".snmprec")
        judge(name, told, results[name], tallies[told["class"]])
    print(table(tallies))  # noqa: T201 - pytest shows it with a failure, or with -s
    for kind, tally in tallies.items():
        assert not tally.silent, kind
        assert not tally.nameless, kind
        assert not tally.without_model, kind
        assert not tally.forbidden, kind
        assert not tally.wrong, kind
        assert not tally.missed, kind
