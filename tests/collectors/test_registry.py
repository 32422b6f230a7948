"""Which collector watches what, how often; and that every metric is in the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import collectors
from collectors import mib_tables, nut_variables
from collectors.config import device_from, models
from collectors.identity import vendor_in, vendor_of
from collectors.printer import COLOURS
from collectors.registry import collector_for, default_fast_interval, default_interval
from telemetry.catalogue import metrics
from telemetry.clock import FakeClock
from telemetry.kinds import Kind

REQUIRED = {
    "host": "127.0.0.1",
    "port": 80,
    "url": "http://127.0.0.1/",
    "map": "xy-md02",
    "topic": "tele/hall/SENSOR",
    "password": "sixteen-or-more-characters",
}  # what a protocol's model may insist on
CAMERA_ROOM = {"rtsp", "onvif", "isapi", "dahua"}  # what camera/ speaks
SERVED = [protocol for protocol in models() if protocol not in CAMERA_ROOM]


@pytest.mark.parametrize("protocol", SERVED)
def test_every_kind_that_a_protocol_is_for_is_watched_by_it(protocol: str) -> None:
    model = models()[protocol]
    insisted = {
        name: REQUIRED[name] for name, field in model.model_fields.items() if field.is_required() & (name in REQUIRED)
    }
    assert model.only_for
    for kind in model.only_for:
        device = device_from({"id": "device-1", "kind": kind, "protocol": protocol, **insisted})
        collector = collector_for(device, clock=FakeClock())
        assert default_interval(kind) in (30.0, 60.0)
        assert default_fast_interval(kind) in (None, 3.0)
        assert collector.has_vital in (True, False)
        assert protocol != "snmp" or collector.has_vital == (kind is Kind.UPS)


def test_what_the_camera_room_speaks_no_collector_does() -> None:
    for protocol in CAMERA_ROOM:
        where = {"url": "rtsp://127.0.0.1/"} if protocol == "rtsp" else {"host": "127.0.0.1"}
        device = device_from({"id": "cam-1", "kind": "camera", "protocol": protocol, **where})
        with pytest.raises(ValueError, match="no collector speaks"):
            collector_for(device, clock=FakeClock())


def test_power_and_lines_are_asked_every_three_seconds() -> None:
    assert {kind for kind in Kind if default_fast_interval(kind)} == {Kind.UPS, Kind.UPLINK}
    assert default_interval("ups") == 30.0
    assert default_interval("workstation") == 60.0


def test_every_metric_that_a_collector_can_produce_is_in_the_catalogue() -> None:
    produced = {
        value.metric for file in ("ups", "environment", "host") for mib in mib_tables.mibs(file) for value in mib.value
    }
    produced |= {row.metric for row in (*nut_variables.table().value, *nut_variables.table().flag)}
    for module in Path(collectors.__file__).parent.rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        produced |= set(re.findall(r'Reading\(\s*"([a-z_]+)"', text))
        produced |= set(re.findall(r'"([a-z]+_[a-z_]*(?:celsius|percent|seconds|total))"', text))
    produced |= {f"{medium}_{colour}_percent" for medium in ("toner", "ink") for colour in COLOURS}
    produced -= {"", "target_celsius"}  # the latter is a device's setting
    assert len(produced) > 40
    assert produced <= set(metrics()), produced - set(metrics())


def test_plausible_ranges_are_of_known_metrics() -> None:
    assert mib_tables.plausible("input_voltage_volts", 2313) is None
    assert mib_tables.plausible("temperature_celsius", -273) is None
    assert mib_tables.plausible("humidity_percent", -1) is None
    assert set(mib_tables._ranges()) <= set(metrics())


def test_vendors_by_enterprise_number_or_description() -> None:
    assert vendor_of("1.3.6.1.4.1.318.1.3.2.7") == "APC"
    assert vendor_of("0.9.43.6.1.4.1") == ""
    assert vendor_in("Canon LBP6670 /P") == "Canon"
