"""What sensors' messages say, and that no message costs more than it may."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.mqtt_payloads import MOST_BYTES, MOST_VALUES, Listener, PayloadError, dialects, named_apart
from telemetry.catalogue import metrics

TH16 = {"Time": "2026-11-25T08:00:00", "AM2301": {"Temperature": 22.6, "Humidity": 32.4}, "TempUnit": "C"}
TWO = {
    "DS18B20-1": {"Id": "0114", "Temperature": 20.1},
    "DS18B20-2": {"Temperature": 4.0},
    "ESP32": {"Temperature": 53},
}
PLUG = {"ENERGY": {"Total": 3.2, "Power": 820, "Voltage": 228, "Temperature": 44}, "TempUnit": "C"}
ZIGBEE = {"temperature": 27.34, "humidity": 44.72, "battery": 87, "linkquality": 99, "voltage": 2900}
WARM = {**TH16, "TempUnit": "F", "AM2301": {"Temperature": 77.0}}
CLIMATE = {"local_temperature": 26.5, "occupied_cooling_setpoint": 25, "system_mode": "off"}
T, H, B = "temperature_celsius", "humidity_percent", "sensor_battery_percent"
# the configured topic, the message's (empty: the same), its payload, what it says
CASES = [
    ("tele/hall/SENSOR", "", TH16, {T: 22.6, H: 32.4}),
    ("tele/hall/SENSOR", "", WARM, {T: 25.0}),
    ("tele/hall/SENSOR", "", TWO, {f"{T}/DS18B20-1": 20.1, f"{T}/DS18B20-2": 4.0}),
    ("tele/plug/SENSOR", "", PLUG, {"power_watts": 820, "input_voltage_volts": 228}),
    ("home/attic/tele/SENSOR", "", TH16, {T: 22.6, H: 32.4}),
    ("zigbee2mqtt/hall", "", ZIGBEE, {T: 27.34, H: 44.72, B: 87}),
    ("zigbee2mqtt/floor 1/hall", "", {"temperature": 25}, {T: 25}),
    ("zigbee2mqtt/ac", "", CLIMATE, {T: 26.5, "setpoint_celsius": 25, "aircon_running": 0}),
    ("hall", "hall/sensor/room_temperature/state", b"26.4", {T: 26.4}),
    ("hall", "hall/sensor/room_humidity/state", b" 61 ", {H: 61}),
    ("hall", "hall/sensor/battery_level/state", b"80", {B: 80}),
    ("hall", "hall/sensor/battery_voltage/state", b"3.1", {}),
    ("hall", "hall/sensor/room_temperature/state", b"nan", {}),
    ("hall", "hall/climate/split/mode/state", b"cool", {"aircon_running": 1}),
    ("hall", "hall/climate/split/current_temperature/state", b"27.5", {T: 27.5}),
    ("hall/sensor/room_temperature/state", "", b"26.4", {T: 26.4}),
    ("home/hall/temperature", "", b"25.5", {T: 25.5}),
    ("home/hall", "", {"temperature": 24.0, "humidity": 50}, {T: 24.0, H: 50}),
    # values that are none
    ("zigbee2mqtt/hall", "", b'{"temperature": NaN, "humidity": Infinity, "battery": 1e999}', {}),
    ("zigbee2mqtt/hall", "", {"temperature": None, "humidity": True, "battery": [50]}, {}),
    ("zigbee2mqtt/hall", "", {"temperature": -273, "humidity": 101, "battery": "87"}, {B: 87}),
    ("zigbee2mqtt/hall", "", b'{"temperature": ' + b"9" * 4000 + b"}", {}),
    ("zigbee2mqtt/hall", "", b"[[1, 2], 3]", {}),
    ("tele/hall/SENSOR", "", {"AM2301": [{"Temperature": 20}], "SI7021": {"Temperature": [20]}}, {}),
]


@pytest.mark.parametrize(("configured", "topic", "payload", "wanted"), CASES)
def test_what_a_message_says(configured: str, topic: str, payload: Any, wanted: dict[str, float]) -> None:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    said = named_apart(Listener(configured).hear(topic or configured, data).readings)
    found = {f"{r.metric}/{r.instance}" if r.instance else r.metric: round(r.value, 3) for r in said}
    assert found == wanted


@pytest.mark.parametrize(
    ("configured", "topic", "payload", "online"),
    [
        ("tele/hall/SENSOR", "tele/hall/LWT", b"Online", True),
        ("tele/hall/SENSOR", "tele/hall/LWT", b"Offline", False),
        ("zigbee2mqtt/hall", "zigbee2mqtt/hall/availability", b'{"state":"offline"}', False),
        ("zigbee2mqtt/hall", "zigbee2mqtt/hall/availability", b"online", True),
        ("zigbee2mqtt/hall", "zigbee2mqtt/bridge/state", b'{"state":"offline"}', False),
        ("hall", "hall/status", b"offline", False),
        ("hall/sensor/t/state", "hall/status", b"online", True),
        ("hall", "hall/status", b"rebooting", None),
        ("zigbee2mqtt/hall", "zigbee2mqtt/hall/availability", b'{"state":[1]}', None),
    ],
)
def test_birth_and_will_say_whether_it_is_there(configured: str, topic: str, payload: bytes, online: bool) -> None:
    assert Listener(configured).hear(topic, payload).online is online


@pytest.mark.parametrize(
    "payload",
    [
        b"x" * (MOST_BYTES + 1),
        b"\xff\xfe{}",
        b"{" * 50_000,
        b"[" * 60_000,
        b'{"temperature": 25',
        b"",
    ],
)
def test_a_message_that_makes_no_sense_is_refused_in_words(payload: bytes) -> None:
    with pytest.raises(PayloadError) as caught:
        Listener("zigbee2mqtt/hall").hear("zigbee2mqtt/hall", payload)
    assert len(str(caught.value)) < 200


def test_a_message_with_thousands_of_sensors_is_bounded() -> None:
    bomb = {f"S{number}": {"Temperature": 20} for number in range(2000)}
    said = Listener("tele/hall/SENSOR").hear("tele/hall/SENSOR", json.dumps(bomb).encode())
    assert len(said.readings) == MOST_VALUES


def test_every_metric_of_the_dialects_is_in_the_catalogue_and_every_topic_has_a_dialect() -> None:
    assert {value.metric for dialect in dialects() for value in dialect.value} <= set(metrics())
    assert Listener("tele/hall/SENSOR").topics == ("tele/hall/SENSOR", "tele/hall/LWT")
    assert "hall/sensor/+/state" in Listener("hall").topics
    assert Listener("hall/sensor/t/state").topics == ("hall/sensor/t/state", "hall/status")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["temperature", "humidity", "battery", "Temperature", "a"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(st.binary(max_size=200) | JSON.map(lambda tree: json.dumps(tree).encode()), st.sampled_from(["z", "t"]))
def test_any_payload_gives_finite_readings_or_a_reason(payload: bytes, which: str) -> None:
    topic = {"z": "zigbee2mqtt/hall", "t": "tele/hall/SENSOR"}[which]
    try:
        said = Listener(topic).hear(topic, payload)
    except PayloadError:
        return
    assert all(math.isfinite(reading.value) for reading in said.readings)
    assert len(said.readings) <= MOST_VALUES
