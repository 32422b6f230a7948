"""The air of a room, and those who tell of it: Modbus read by pymodbus, MQTT by paho, both as devices really speak."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from simulator import faults
from simulator.model.climate import Aircon, Sensor, outdoor_celsius
from simulator.model.ward import Ward
from simulator.model.workday import HOUR, moment_of
from tests.simulator.conftest import Lived
from tests.simulator.test_ward_model import new_ward

ON, SETPOINT, ROOM = 0, 4, 5


def sensor(ward: Ward, device: str) -> Sensor:
    found = ward.machine(device)
    assert isinstance(found, Sensor)
    return found


def test_the_afternoon_is_warmer_than_the_night() -> None:
    assert outdoor_celsius(moment_of("14:00")) == max(outdoor_celsius(hour * HOUR) for hour in range(24)) == 34.0
    assert outdoor_celsius(moment_of("02:00")) == 25.0


def test_a_unit_that_cools_holds_its_room_through_the_morning() -> None:
    ward = new_ward()
    for _ in range(4):
        ward.advance(HOUR / 2)
        assert abs(sensor(ward, "sensor-3").celsius - 24.0) < 1.5
        assert abs(sensor(ward, "sensor-1").celsius - 25.5) < 2.0


@pytest.mark.parametrize("fault", ["aircon-broken", "aircon-off"])
def test_without_cooling_the_room_warms_and_cools_again_when_it_is_mended(fault: str) -> None:
    ward = new_ward()
    unit = ward.machine("aircon-1")
    assert isinstance(unit, Aircon)
    ward.advance(60.0)
    before, drawn = sensor(ward, "sensor-3").celsius, unit.draw_watts
    faults.switch(ward, fault, "aircon-1", True)
    ward.advance(1800.0)
    warm = sensor(ward, "sensor-3").celsius
    assert warm > before + 3.0
    assert unit.blowing is (fault == "aircon-broken")
    assert unit.draw_watts < drawn
    assert abs(sensor(ward, "sensor-1").celsius - 25.5) < 2.0, "another room, another unit"
    faults.switch(ward, fault, "aircon-1", False)
    ward.advance(1800.0)
    assert sensor(ward, "sensor-3").celsius < before + 1.0


def test_how_a_room_warms_does_not_depend_on_the_steps() -> None:
    coarse, fine = new_ward(), new_ward()
    for ward in (coarse, fine):
        faults.switch(ward, "aircon-off", "aircon-1", True)
    coarse.advance(600.0)
    for _ in range(1200):
        fine.advance(0.5)
    assert coarse.rooms[0].celsius == pytest.approx(fine.rooms[0].celsius, abs=0.1)


@asynccontextmanager
async def modbus(lived: Lived) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient("127.0.0.1", port=lived.port("aircon-1"), timeout=0.5, retries=0)
    await client.connect()
    yield client
    client.close()


async def test_pymodbus_reads_the_unit_and_its_faults(lived: Lived) -> None:
    async with modbus(lived) as client:
        calm = (await client.read_holding_registers(0, count=12, device_id=1)).registers
        assert (calm[ON], calm[SETPOINT]) == (1, 240)
        assert 230 <= calm[ROOM] <= 255
        faults.switch(lived.ward, "aircon-broken", "aircon-1", True)
        lived.pass_time(1800.0)
        warm = (await client.read_holding_registers(0, count=12, device_id=1)).registers
        assert (warm[ON], warm[ROOM] > calm[ROOM] + 30) == (1, True)
        faults.switch(lived.ward, "aircon-off", "aircon-1", True)
        assert (await client.read_holding_registers(ON, count=1, device_id=1)).registers == [0]


async def test_modbus_says_what_it_has_not_as_the_standard_says_it(lived: Lived) -> None:
    async with modbus(lived) as client:
        asked = [
            (client.read_holding_registers(11, count=2, device_id=1), 2),
            (client.read_input_registers(0, count=1, device_id=1), 1),
            (client.write_register(0, 0, device_id=1), 1),
            (client.read_holding_registers(0, count=1, device_id=9), 11),
        ]
        assert [(await answer).exception_code for answer, _ in asked] == [code for _, code in asked]
    reader, writer = await asyncio.open_connection("127.0.0.1", lived.port("aircon-1"))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 5.0) == b"", "what is no Modbus ends the conversation"
    writer.close()


async def test_a_unit_without_a_cable_is_silent_to_those_who_were_connected_too(lived: Lived) -> None:
    async with modbus(lived) as client:
        assert not (await client.read_holding_registers(0, count=1, device_id=1)).isError()
        faults.switch(lived.ward, "switch-port-down", "aircon-1", True)
        lived.simulation.show()
        with pytest.raises(ModbusException):
            await client.read_holding_registers(0, count=1, device_id=1)
    faults.switch(lived.ward, "switch-port-down", "aircon-1", False)
    lived.simulation.show()
    async with modbus(lived) as client:
        assert not (await client.read_holding_registers(0, count=1, device_id=1)).isError()


class Heard:
    """What paho was told, by topic; the last word of each, and how often it was said."""

    def __init__(self, port: int) -> None:
        self.last: dict[str, str] = {}
        self.times: dict[str, int] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#")
        self._client.on_message = self._told
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _told(self, _: object, __: object, message: paho.MQTTMessage) -> None:
        self.last[message.topic] = message.payload.decode()
        self.times[message.topic] = self.times.get(message.topic, 0) + 1

    async def until(self, so: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < deadline, self.last
            await asyncio.sleep(0.02)

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


async def test_sensors_tell_the_wards_own_broker_and_fall_silent(lived: Lived) -> None:
    heard = await asyncio.to_thread(Heard, lived.port("sensor-1"))
    zigbee, tasmota = "zigbee2mqtt/sensor-1", "tele/sensor-2/SENSOR"
    try:
        await heard.until(lambda: {zigbee, tasmota, "zigbee2mqtt/aircon-2"} <= heard.last.keys())
        assert json.loads(heard.last[zigbee]).keys() == {"battery", "humidity", "linkquality", "temperature"}
        assert 20 < json.loads(heard.last[tasmota])["SI7021"]["Temperature"] < 30
        assert json.loads(heard.last[f"{zigbee}/availability"]) == {"state": "online"}
        assert heard.last["tele/sensor-2/LWT"] == "Online"
        faults.switch(lived.ward, "sensor-battery-low", "sensor-1", True)
        lived.pass_time(10.0)
        await heard.until(lambda: json.loads(heard.last[zigbee])["battery"] == 6)
        faults.switch(lived.ward, "sensor-silent", "sensor-1", True)
        lived.pass_time(10.0)
        await heard.until(lambda: heard.times[tasmota] >= 3)
        before = heard.times[zigbee]
        lived.pass_time(10.0)
        await heard.until(lambda: heard.times[tasmota] >= 4)
        assert heard.times[zigbee] == before
        faults.switch(lived.ward, "power-cut", "ward", True)  # the one on a plug
        lived.pass_time(2.0)
        await heard.until(lambda: heard.last["tele/sensor-2/LWT"] == "Offline")
    finally:
        await asyncio.to_thread(heard.end)
