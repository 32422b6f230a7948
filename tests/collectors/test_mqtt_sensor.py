"""Sensors on the ward's own broker: Debian's mosquitto, and publishers that are paho's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr

from collectors.config import MqttDevice
from collectors.mqtt_sensor import Ear, MqttCollector
from telemetry.clock import FakeClock, SystemClock
from telemetry.kinds import Kind
from telemetry.readings import PollResult, ReasonCode
from tests.edge_agent.conftest import SECONDS, Mosquitto

pytestmark = pytest.mark.peer("mosquitto")


def device(port: int, topic: str, **more: object) -> MqttDevice:
    told = {"id": "t-1", "kind": Kind.SENSOR, "protocol": "mqtt", "port": port, "topic": topic, "timeout": 0.5}
    return MqttDevice.model_validate({**told, **more})


def values(result: PollResult) -> dict[str, float]:
    return {reading.metric: reading.value for reading in result.readings}


def code(result: PollResult) -> ReasonCode | None:
    return None if result.reason is None else result.reason.code


async def until(collector: MqttCollector, wanted: Callable[[PollResult], bool]) -> PollResult:
    """Polls until the answer is as wanted."""
    deadline = time.monotonic() + SECONDS
    while True:
        result = await collector.poll()
        if wanted(result):
            return result
        assert time.monotonic() < deadline, result
        await asyncio.sleep(0.02)


@pytest.fixture
def broker(peer: Callable[[str], str], tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Mosquitto]:
    running = Mosquitto(peer("mosquitto"), tmp_path, free_port())
    running.start()
    yield running
    running.kill()


@pytest.fixture
def publish(broker: Mosquitto) -> Iterator[Callable[..., None]]:
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()

    def send(topic: str, payload: str | bytes, retain: bool = False) -> None:
        client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(SECONDS)

    yield send
    client.disconnect()
    client.loop_stop()


async def test_a_live_message_is_a_reading(broker: Mosquitto, publish: Callable[..., None]) -> None:
    collector = MqttCollector(device(broker.port, "tele/hall/SENSOR"), SystemClock())
    first = await collector.poll()
    assert (first.reachable, code(first), values(first)) == (True, ReasonCode.NOT_HEARD_YET, {})
    publish("tele/hall/SENSOR", '{"AM2301":{"Temperature":22.6,"Humidity":32.4},"TempUnit":"C"}')
    result = await until(collector, lambda result: bool(result.readings))
    assert values(result) == {"temperature_celsius": 22.6, "humidity_percent": 32.4}
    assert result.reason is None
    await collector.close()


async def test_a_stored_message_is_no_reading_until_a_live_one_comes(
    broker: Mosquitto, publish: Callable[..., None]
) -> None:
    publish("hall/sensor/room_temperature/state", "19.0", retain=True)
    publish("hall/status", "online", retain=True)
    collector = MqttCollector(device(broker.port, "hall"), SystemClock())
    first = await collector.poll()
    assert (first.reachable, code(first), values(first)) == (True, ReasonCode.NOT_HEARD_YET, {})
    publish("hall/sensor/room_temperature/state", "26.0", retain=True)  # live for who listens already
    result = await until(collector, lambda result: bool(result.readings))
    assert values(result) == {"temperature_celsius": 26.0}
    await collector.close()


async def test_the_will_says_that_it_is_gone_and_the_birth_that_it_is_back(
    broker: Mosquitto, publish: Callable[..., None]
) -> None:
    publish("tele/hall/LWT", "Offline", retain=True)
    collector = MqttCollector(device(broker.port, "tele/hall/SENSOR"), SystemClock())
    gone = await until(collector, lambda result: not result.reachable)
    assert code(gone) is ReasonCode.SENSOR_OFFLINE
    publish("tele/hall/LWT", "Online", retain=True)
    publish("tele/hall/SENSOR", '{"SI7021":{"Temperature":25}}')
    back = await until(collector, lambda result: bool(result.readings))
    assert back.reachable
    await collector.close()


async def test_zigbee_sensors_share_one_connection_and_their_bridge(
    broker: Mosquitto, publish: Callable[..., None]
) -> None:
    made = [
        MqttCollector(device(broker.port, f"zigbee2mqtt/{name}", timeout=0.2), SystemClock()) for name in ("a", "b")
    ]
    for collector in made:
        await collector.poll()
    assert made[0]._link is made[1]._link
    publish("zigbee2mqtt/a", '{"temperature":25.5,"battery":9}')
    result = await until(made[0], lambda result: bool(result.readings))
    assert values(result) == {"temperature_celsius": 25.5, "sensor_battery_percent": 9}
    assert not (await made[1].poll()).readings
    publish("zigbee2mqtt/bridge/state", '{"state":"offline"}', retain=True)
    for collector in made:
        assert code(await until(collector, lambda result: not result.reachable)) is ReasonCode.SENSOR_OFFLINE
        await collector.close()


async def test_the_broker_goes_and_comes_back(broker: Mosquitto) -> None:
    collector = MqttCollector(device(broker.port, "hall", timeout=0.2), SystemClock())
    await until(collector, lambda result: result.reachable)
    broker.kill()
    assert code(await until(collector, lambda result: not result.reachable)) is ReasonCode.BROKER_SILENT
    broker.start()
    await until(collector, lambda result: result.reachable)
    await collector.close()


async def test_a_wrong_password_is_told(
    peer: Callable[[str], str], tmp_path: Path, free_port: Callable[[], int]
) -> None:
    broker = Mosquitto(peer("mosquitto"), tmp_path, free_port())
    (tmp_path / "mosquitto.conf").write_text(
        f"listener {broker.port} 127.0.0.1\nallow_anonymous false\n", encoding="utf-8"
    )
    broker.start()
    told = device(broker.port, "hall", username="ward", password=SecretStr("geheim"))
    collector = MqttCollector(told, SystemClock())
    result = await until(collector, lambda result: code(result) is ReasonCode.WRONG_CREDENTIALS)
    assert not result.reachable
    assert "geheim" not in str(result)
    await collector.close()
    broker.kill()


async def test_bombs_and_garbage_are_told_and_the_next_good_message_is_read(
    broker: Mosquitto, publish: Callable[..., None]
) -> None:
    collector = MqttCollector(device(broker.port, "zigbee2mqtt/hall", timeout=0.2), SystemClock())
    await collector.poll()
    for bad in (b"\xff\x00", b"{" * 100_000, b"x" * 3_000_000, b'{"temperature": '):
        publish("zigbee2mqtt/hall", bad)
    result = await until(collector, lambda result: code(result) is ReasonCode.GARBLED_ANSWER)
    assert result.reachable
    assert not result.readings
    publish("zigbee2mqtt/hall", '{"temperature": 25}')
    good = await until(collector, lambda result: bool(result.readings))
    assert good.reason is None
    await collector.close()


async def test_silence_beyond_three_intervals_is_unreachable(broker: Mosquitto, publish: Callable[..., None]) -> None:
    clock = FakeClock()
    collector = MqttCollector(device(broker.port, "zigbee2mqtt/hall", timeout=0.2, interval=60), clock)
    assert (await collector.poll()).reachable  # nothing was heard, but it is not overdue
    publish("zigbee2mqtt/hall", '{"temperature": 25}')
    await until(collector, lambda result: bool(result.readings))
    clock.advance(179)
    assert (await collector.poll()).readings
    clock.advance(2)
    late = await collector.poll()
    assert (late.reachable, code(late), list(late.readings)) == (False, ReasonCode.SENSOR_SILENT, [])
    publish("zigbee2mqtt/hall", '{"temperature": 26}')
    assert values(await until(collector, lambda result: result.reachable)) == {"temperature_celsius": 26}
    await collector.close()


async def test_a_sensor_that_never_spoke_is_unreachable_when_its_time_is_over(broker: Mosquitto) -> None:
    clock = FakeClock()
    collector = MqttCollector(device(broker.port, "zigbee2mqtt/hall", timeout=0.1), clock)
    await until(collector, lambda result: result.reachable)
    clock.advance(901)
    assert code(await collector.poll()) is ReasonCode.SENSOR_SILENT
    await collector.close()


def test_one_value_that_stopped_coming_is_forgotten_while_others_live() -> None:
    clock = FakeClock()
    ear = Ear("zigbee2mqtt/hall", clock)
    ear.hear("zigbee2mqtt/hall", b'{"temperature": 25, "humidity": 50}', False)
    clock.advance(100)
    ear.hear("zigbee2mqtt/hall", b'{"temperature": 26}', False)
    assert [reading.value for reading in ear.readings(clock.monotonic() - 60)] == [26]
