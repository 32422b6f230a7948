"""One MQTT connection, from its opening to its end. It is never opened again: a new one starts with empty hands, so
that nothing of an old connection is sent late. MQTT 5 or 3.1.1, clean session, QoS 1."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.uplink.aliases import Name, TopicAliases
from edge_agent.uplink.pace import Pace
from telemetry.clock import Clock

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
GOODBYE_SECONDS = 2.0
QOS = 1
_UNSUPPORTED_VERSION = 0x84  # MQTT 5.0 section 3.2.2.2; paho tells 3.1.1's "unacceptable protocol version" so, too


class LinkError(Exception):
    """There is no connection, and the message says why."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and how it is spoken to. `ca_file` None: the system's certificates."""

    host: str
    port: int
    tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(
        cls, url: str, *, ca_file: Path | None = None, username: str | None = None, password: str | None = None
    ) -> Broker:
        """mqtt://host[:1883] or mqtts://host[:8883]."""
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        port = parts.port or (8883 if tls else 1883)
        return cls(parts.hostname or "", port, tls, ca_file, username, password)

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we fall silent; retained."""

    topic: str
    payload: bytes


class Link:
    """Publishes, counts what is not acknowledged yet, hands on what arrives. Callbacks come from its own thread."""

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str,
        listen: str,
        will: Will,
        keepalive: int,
        received: Callable[[bytes], None],
        changed: Callable[[], None],
        pace: Pace,
        clock: Clock,
        mqtt5: bool = True,
    ) -> None:
        self._broker = broker
        self._listen = listen
        self._keepalive = keepalive
        self._received = received
        self._changed = changed
        self._lock = threading.Lock()
        self._pace, self._clock = pace, clock
        self._aliases = TopicAliases()
        self._connected = False
        self._answered = False
        self._refused = False  # a message, and that was told
        self._ready = False
        self._ended = ""
        self._client = self._make_client(client_id, will, mqtt5)

    @property
    def ready(self) -> bool:
        """Whether the broker has accepted us and our subscription, and nothing ended it since."""
        return self._ready and not self._ended

    @property
    def ended(self) -> str:
        """Why the connection is over; empty while it is not."""
        return self._ended

    @property
    def is_too_new(self) -> bool:
        """Whether MQTT 5 may be why this came to nothing: the broker said so, or heard us and said nothing at all.
        Of brokers that know 3.1.1 only, some answer, some hang up, some wait for ever; and one that takes few messages
        at a time (Receive Maximum, section 3.2.2.3.3) says so in MQTT 5 only, and paho would go on all the same."""
        return self._connected and not self._answered and self._client.protocol == MQTTProtocolVersion.MQTTv5

    @property
    def in_flight(self) -> int:
        """How many messages the broker has not acknowledged."""
        return len(self._pace)

    @property
    def may_replay(self) -> bool:
        """Whether one more message of a replay may be under way, as wide as this line is."""
        return self._pace.may_replay

    @property
    def replay_batch(self) -> int:
        """How many bytes of entries that message should have."""
        return self._pace.batch

    def open(self) -> None:
        """Connect; `ready` or `ended` follow. Raises LinkError when there is no way to the broker."""
        try:
            if self._broker.tls:
                ca_file = self._broker.ca_file
                self._client.tls_set(ca_certs=None if ca_file is None else str(ca_file))
            self._client.connect(self._broker.host, self._broker.port, keepalive=self._keepalive)
        except (OSError, ValueError) as error:
            raise LinkError(f"{type(error).__name__}: {error}") from error
        self._connected = True
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, replay: bool = False) -> None:
        """Send one message. What is lost with the connection is not sent again."""
        with self._lock:
            self._pace.sent(len(payload), self._clock.monotonic(), replay=replay)
            name = self._aliases.name(topic)
        self._client.publish(name.topic, payload, qos=QOS, retain=retain, properties=_properties(name))

    def close(self, goodbye: Will | None = None) -> None:
        """End the connection; with a goodbye, that is published first and the broker does not speak for us."""
        heard = self.ready and goodbye is not None and self._say_goodbye(goodbye)
        self._client.disconnect()
        connection = self._client.socket()
        if not heard and isinstance(connection, socket.socket):
            # paho's thread would wait for what a dead line never acknowledges, until the keepalive ends it.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def _say_goodbye(self, goodbye: Will) -> bool:
        info = self._client.publish(goodbye.topic, goodbye.payload, qos=QOS, retain=True)
        try:
            info.wait_for_publish(GOODBYE_SECONDS)
            return info.is_published()
        except (RuntimeError, ValueError) as error:
            log.debug("the goodbye did not go out: %s", error)
            return False

    # ---- paho's side ---------------------------------------------------------------------------------------------

    def _make_client(self, client_id: str, will: Will, mqtt5: bool) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if mqtt5 else True,  # MQTT 5's sessions end with their connection unless asked otherwise
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_SECONDS
        client.will_set(will.topic, will.payload, qos=QOS, retain=True)
        client.username_pw_set(self._broker.username, self._broker.password)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        takes_at_once = getattr(properties, "ReceiveMaximum", client.max_inflight_messages)
        self._answered = code.value != _UNSUPPORTED_VERSION and takes_at_once >= client.max_inflight_messages
        if code.is_failure or not self._answered:
            self._end(f"the broker refused: {code}" if code.is_failure else f"the broker takes {takes_at_once} at once")
            return
        with self._lock:
            self._aliases.allow(getattr(properties, "TopicAliasMaximum", 0))
        client.subscribe(self._listen, qos=QOS)

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, codes: list[ReasonCode], properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._end(f"the broker refused the subscription: {codes[0]}")
            return
        self._ready = True
        self._changed()

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._end(f"the connection ended: {code}")

    def _on_publish(
        self, client: Client, userdata: Any, mid: int, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure and not self._refused:
            self._refused = True
            log.error("the broker does not take what this ward sends: %s", code)
        with self._lock:
            self._pace.acknowledged(self._clock.monotonic())
            if not len(self._pace):
                self._aliases.all_acknowledged()
        self._changed()

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        if message.topic == self._listen:
            self._received(bytes(message.payload))
        else:  # a broker that mixes up sessions must not make us act on what was not for us
            log.warning("a message of topic %s was ignored", message.topic)

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        self._changed()


def _properties(name: Name) -> Properties | None:
    if name.alias is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.TopicAlias = name.alias
    return properties
