"""The hub's connection to the broker: kept up by itself, words in by a callback, requests out.

Clean sessions and QoS 1: what the broker loses, or sends while nobody listens, the log's own replay brings again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from district.config import BrokerSection
from district.errors import DistrictError
from telemetry import topics
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.topics import Topic, What

QOS = 1
KEEPALIVE_SECONDS = 15
LONGEST_RETRY_SECONDS = 10
FILTERS_AT_ONCE = 100  # of one subscription

logger = logging.getLogger(__name__)

Received = Callable[[str, bytes, bool], None]  # topic, payload, retained; from paho's thread


class LinkError(DistrictError):
    """The connection cannot even be tried: a certificate file, a host name."""


class Link:
    """One MQTT client for all wards of the district."""

    def __init__(
        self, broker: BrokerSection, district: str, wards: Iterable[str], clock: Clock, received: Received
    ) -> None:
        self._broker, self._district, self._clock, self._received = broker, district, clock, received
        self._named = tuple(wards)
        self._deaf: frozenset[str] = frozenset()
        self._hearing_since: float | None = None
        self._said = ""
        self.refusals = 0  # by the broker, one after another
        self._lock = threading.Lock()
        self._client = self._make_client()

    @property
    def hearing_since(self) -> float | None:
        """Since when (monotonic seconds) the broker hands us the wards' words; None while it does not."""
        return self._hearing_since

    def start(self) -> None:
        """Connect and stay connected, in a thread of its own. Raises LinkError."""
        try:
            if self._broker.tls:
                ca_file = self._broker.ca_file
                self._client.tls_set(ca_certs=None if ca_file is None else str(ca_file))
        except (OSError, ValueError) as error:
            url = self._broker.url
            raise LinkError(f"TLS to {url}: {error}", "link", url=url, detail=f"TLS: {error}") from error
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_SECONDS)
        self._client.loop_start()

    def stop(self) -> None:
        """End the connection and its thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, ward: str, request: wire.Request) -> bool:
        """Hand a request to the broker; False when there is none. Any thread."""
        if self._hearing_since is None:
            return False
        topic = str(Topic(self._district, ward, What.REQUESTS))
        return self._client.publish(topic, request.SerializeToString(), qos=QOS).rc == MQTT_ERR_SUCCESS

    def listen(self, deaf: frozenset[str]) -> None:
        """Have the broker keep from us what these wards say ("" for any that is not configured here). Otherwise it
        is told all wards at once, so that a ward that the configuration lacks is noticed."""
        if deaf == self._deaf:
            return
        with self._lock:
            before, after = self._filters(self._deaf), self._filters(deaf)
            self._deaf = deaf
        if self._hearing_since is None:
            return  # the next connection begins with it
        self._subscribe([each for each in after if each not in before])
        gone = [each for each in before if each not in after]
        for at in range(0, len(gone), FILTERS_AT_ONCE):
            self._client.unsubscribe(gone[at : at + FILTERS_AT_ONCE])

    def _filters(self, deaf: frozenset[str]) -> list[str]:
        if not deaf:
            return [topics.all_wards(self._district, what) for what in topics.FROM_WARD]
        heard = [ward for ward in self._named if ward not in deaf]
        return [str(Topic(self._district, ward, what)) for ward in heard for what in topics.FROM_WARD]

    def _subscribe(self, filters: list[str]) -> None:
        for at in range(0, len(filters), FILTERS_AT_ONCE):
            self._client.subscribe([(each, QOS) for each in filters[at : at + FILTERS_AT_ONCE]])

    def _make_client(self) -> Client:
        # Not to be guessed: whoever connects by the same name ends this connection (MQTT 3.1.1, section 3.1.4).
        name = f"ward-district-{self._district}-{os.urandom(6).hex()}"
        client = Client(CallbackAPIVersion.VERSION2, name, clean_session=True)
        password = self._broker.password
        client.username_pw_set(self._broker.username, password.get_secret_value() if password else None)
        client.reconnect_delay_set(1, LONGEST_RETRY_SECONDS)
        client.connect_timeout = 5.0
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            self.refusals += 1
            self._say(logging.ERROR, f"the broker {self._broker.url} refused us: {code}")
            return
        self.refusals = 0
        with self._lock:
            filters = self._filters(self._deaf)
        self._subscribe(filters)

    def _on_connect_fail(self, client: Client, userdata: Any) -> None:
        self._say(logging.ERROR, f"no way to the broker {self._broker.url}; trying again")

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._say(logging.ERROR, f"the broker {self._broker.url} refused the subscription: {codes[0]}")
            return
        if self._hearing_since is None:
            self._hearing_since = self._clock.monotonic()
        self._say(logging.INFO, f"listening at the broker {self._broker.url}")

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._hearing_since = None
        if code.is_failure and not self.refusals:  # else it is known why
            self._say(logging.ERROR, f"the broker {self._broker.url} is gone: {code}")

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # none of ours; refused as such
        self._received(topic, bytes(message.payload), message.retain)

    def _say(self, level: int, what: str) -> None:
        """Once for each change, not once for each attempt."""
        if what != self._said:
            self._said = what
            logger.log(level, "%s", what)
