"""One connection to the ward's own MQTT broker, shared by all sensors that publish there. paho's side of things ends
here: its callbacks come in its thread, and what they bring is handed to the listeners, who take care of that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage

_LOG = logging.getLogger(__name__)
_KEEP_ALIVE = 30  # seconds
_RECONNECT = (1, 30)  # seconds, first and longest
_REFUSED = (134, 135)  # reason codes: bad user name or password, not authorized (MQTT 5.0 section 3.2.2.2)

Hear = Callable[[str, bytes, bool], None]  # topic, payload, whether it is a stored message; in paho's thread
_links: dict[tuple[str, int, str], BrokerLink] = {}
_links_lock = threading.Lock()


class BrokerLink:
    """Connects in the background, again and again; subscribes to what its listeners want."""

    def __init__(self, host: str, port: int, username: str, password: str) -> None:
        self._host, self._port = host, port
        self._username, self._password = username, password
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._listeners: dict[Hear, tuple[str, ...]] = {}
        self.users = 0
        self.connected = False
        self.refused = ""  # what the broker says to our name and password; empty while it has not said no

    def listen(self, topics: Sequence[str], hear: Hear) -> None:
        """Hear every message on these topics (filters), the stored ones first."""
        with self._lock:
            self._listeners[hear] = tuple(topics)
            client = self._client
        if client is None:
            self._start()
        elif self.connected:
            client.subscribe([(topic, 0) for topic in topics])

    def stop_listening(self, hear: Hear) -> None:
        """Not to be heard of any more; the connection ends with its last listener."""
        with self._lock:
            self._listeners.pop(hear, None)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _start(self) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        client = self._client = Client(CallbackAPIVersion.VERSION2)
        if self._username:
            client.username_pw_set(self._username, self._password)
        client.reconnect_delay_set(*_RECONNECT)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async(self._host, self._port, keepalive=_KEEP_ALIVE)
        client.loop_start()

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.refused = str(reason) if reason.value in _REFUSED else ""
            _LOG.warning("the broker %s:%d refuses: %s", self._host, self._port, reason)
            return
        with self._lock:
            topics = dict.fromkeys(topic for wanted in self._listeners.values() for topic in wanted)
        self.connected, self.refused = True, ""
        if topics:
            client.subscribe([(topic, 0) for topic in topics])

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.connected = False

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        from paho.mqtt.client import topic_matches_sub

        try:
            topic = message.topic
        except UnicodeDecodeError:  # a topic that is no text is nobody's
            return
        with self._lock:
            listeners = list(self._listeners.items())
        for hear, wanted in listeners:
            if any(topic_matches_sub(each, topic) for each in wanted):
                hear(topic, bytes(message.payload), bool(message.retain))


def link_to(host: str, port: int, username: str, password: str) -> BrokerLink:
    """The connection to this broker by this name; to be given back with `give_back`."""
    key = (host, port, username)
    with _links_lock:
        link = _links.get(key)
        if link is None:
            link = _links[key] = BrokerLink(host, port, username, password)
        link.users += 1
        return link


def give_back(link: BrokerLink) -> None:
    """One user less; the last one closes it. May wait for paho's thread: not in the event loop."""
    with _links_lock:
        link.users -= 1
        if link.users:
            return
        for key in [key for key, other in _links.items() if other is link]:
            del _links[key]
    link.close()
