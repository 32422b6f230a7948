"""Somebody on the district's broker who says again what the wards said: at once, or later and in another order."""

from __future__ import annotations

import random
import threading
from enum import Enum
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from chaos.district import BROKER_PORT
from chaos.kernel import call_inside
from chaos.network import DISTRICT_ADDRESS
from chaos.ward import DISTRICT_ID
from telemetry.topics import FROM_WARD, all_wards

_AGAIN = FROM_WARD
_KEPT = 12  # messages that wait for one another


class Meddling(Enum):
    """What is done with each message."""

    TWICE = "twice"
    LATE = "late"  # and in another order


class Meddler:
    """An MQTT client in the district's namespace; idle until told."""

    def __init__(self, namespace: Path) -> None:
        self._namespace = namespace
        self._client: Client | None = None
        self._how = Meddling.TWICE
        self._chance = random.Random()
        self._kept: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self.said_again = 0

    def start(self, how: Meddling, chance: random.Random) -> None:
        """From now on, until `stop`. Where the broker is away, it is tried again and again."""
        self.stop()
        self._how, self._chance = how, chance
        self._client = call_inside(self._namespace, self._connected)

    def stop(self) -> None:
        """What was kept back is said now; where there is a broker to say it to."""
        client, self._client = self._client, None
        if client is None:
            return
        with self._lock:
            self._say_kept(client)
        client.disconnect()
        client.loop_stop()

    close = stop

    def _connected(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, "chaos-meddler", protocol=MQTTv5)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.reconnect_delay_set(1, 2)
        client.connect_async(DISTRICT_ADDRESS, BROKER_PORT, keepalive=10)
        client.loop_start()  # its thread is in the namespace of the one that starts it
        return client

    def _on_connect(self, client: Client, *_: Any) -> None:
        # noLocal: what we say ourselves does not come back to us.
        options = SubscribeOptions(qos=1, noLocal=True)
        client.subscribe([(all_wards(DISTRICT_ID, what), options) for what in _AGAIN])

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        if message.retain:
            return  # said by nobody now: the broker tells it to those who come
        with self._lock:
            self._kept.append((message.topic, bytes(message.payload)))
            if self._how is Meddling.TWICE or len(self._kept) >= _KEPT:
                self._say_kept(client)

    def _say_kept(self, client: Client) -> None:
        self._chance.shuffle(self._kept)
        for topic, payload in self._kept:
            client.publish(topic, payload, qos=1)
        self.said_again += len(self._kept)
        self._kept.clear()
