"""Sensors by MQTT: a Zigbee2MQTT or Tasmota one, telling what it measures to the ward's own broker.

The broker is amqtt's, inside this process and on the loopback: it stands on the agent's own machine and lives as long.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.model.climate import Sensor, SplitUnit
from simulator.net.ports import free_port
from simulator.services.base import LOOPBACK, Outlet, Premises, Setting

if TYPE_CHECKING:
    from amqtt.broker import Broker

TELL_SECONDS = 4.0  # real ones on a battery take minutes, which no demo waits for


class WardBroker:
    """The ward's MQTT broker; opened by the first sensor that needs it."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._broker: Broker | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self, port: int) -> int:
        """The port it listens at. Raises OSError where it is taken."""
        if self._broker is None:
            from amqtt.broker import Broker  # only a ward that has such sensors pays for it

            logging.getLogger("amqtt").setLevel(logging.ERROR)
            logging.getLogger("transitions").setLevel(logging.ERROR)
            self.port = port or free_port()
            listen = {"type": "tcp", "bind": f"{LOOPBACK}:{self.port}", "max_connections": 20}
            plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
            self._broker = Broker({"listeners": {"default": listen}, "plugins": plugins})
            await self._broker.start()
        return self.port

    async def close(self) -> None:
        for task in self._telling:
            task.cancel()
        if self._broker is not None:
            await self._broker.shutdown()

    def tell(self, topic: str, payload: str) -> None:
        """Publish, retained, so that who subscribes later knows the last word."""
        task = asyncio.get_running_loop().create_task(self._publish(topic, payload.encode()))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _publish(self, topic: str, data: bytes) -> None:
        if self._broker is not None:
            await self._broker.retain_message(None, topic, data, qos=0)
            await self._broker.internal_message_broadcast(topic, data, qos=0)


class MqttService:
    """One sensor. It tells every few seconds; that it is gone is told for it (LWT, availability)."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        machine = outlet.machine
        assert isinstance(machine, (Sensor, SplitUnit))
        self._sensor = machine.sensor if isinstance(machine, SplitUnit) else machine
        self._cools = machine if isinstance(machine, SplitUnit) else None
        self._premises = premises
        self._broker = premises.shared(WardBroker)
        self._told_at: float | None = None
        self._online: bool | None = None

    async def open(self, port: int) -> int:
        return await self._broker.open(port)

    def show(self) -> None:
        if not self._broker.port:
            return
        online = self._premises.ward.reachable(self._sensor.id)
        now = self._premises.clock.monotonic()
        if online is not self._online:
            # A silent sensor is not known to be gone: nobody speaks for it, so it just says nothing more.
            self._online = online
            if online or not self._sensor.silent:
                self._tell_online(online)
            self._told_at = None
        if online and (self._told_at is None or now - self._told_at >= TELL_SECONDS):
            self._told_at = now
            self._tell_values()

    async def close(self) -> None:
        """The broker closes with the ward."""

    def settings(self, beside: Path) -> list[Setting]:
        found: list[Setting] = [("host", LOOPBACK), ("port", self._broker.port), ("topic", self._values_topic)]
        return found if self._cools is None else [*found, ("target_celsius", self._cools.setpoint_celsius)]

    @property
    def _topic(self) -> str:
        return f"zigbee2mqtt/{self._sensor.id}" if self._sensor.on_battery else f"tele/{self._sensor.id}"

    @property
    def _values_topic(self) -> str:
        return self._topic if self._sensor.on_battery else f"{self._topic}/SENSOR"

    def _tell_online(self, online: bool) -> None:
        if self._sensor.on_battery:
            state = json.dumps({"state": "online" if online else "offline"})
            self._broker.tell(f"{self._topic}/availability", state)
        else:
            self._broker.tell(f"{self._topic}/LWT", "Online" if online else "Offline")

    def _tell_values(self) -> None:
        celsius, humidity = round(self._sensor.celsius, 1), round(self._sensor.humidity_percent, 1)
        if self._sensor.on_battery:
            battery = round(self._sensor.battery_percent)
            told = {"battery": battery, "humidity": humidity, "linkquality": 112, "temperature": celsius}
            self._broker.tell(self._values_topic, json.dumps(told))
            return
        at = datetime.fromtimestamp(self._premises.clock.wall_us() / 1e6, tz=timezone(timedelta(hours=7)))
        measured = {"Temperature": celsius, "Humidity": humidity}
        told_with_time = {"Time": at.strftime("%Y-%m-%dT%H:%M:%S"), "SI7021": measured, "TempUnit": "C"}
        self._broker.tell(self._values_topic, json.dumps(told_with_time))
