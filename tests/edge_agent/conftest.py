"""A real broker, a district's ear at it, and journals."""

from __future__ import annotations

import contextlib
import queue
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from journal.journal import Journal, JournalSettings
from telemetry import wire_pb2 as wire
from telemetry.clock import SystemClock
from telemetry.topics import Topic, What, parse

DISTRICT, WARD = "hai-chau", "hai-chau-1"
SECONDS = 15.0  # how long anything may take on a busy machine


class Mosquitto:
    """Debian's broker on a port of its own; can die and come back."""

    def __init__(self, program: str, folder: Path, port: int, *options: str) -> None:
        self.port = port
        self._command = [program, "-c", str(folder / "mosquitto.conf")]
        (folder / "mosquitto.conf").write_text(
            "\n".join((f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", *options, "")),
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "mosquitto did not start"
                time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def broker(peer: Callable[[str], str], tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Mosquitto]:
    running = Mosquitto(peer("mosquitto"), tmp_path, free_port())
    running.start()
    yield running
    running.kill()


@dataclass
class Hub:
    """What a district hears of one ward, and how it speaks to it."""

    client: Client
    statuses: queue.Queue[wire.Status] = field(default_factory=queue.Queue)
    live: queue.Queue[wire.Batch] = field(default_factory=queue.Queue)
    replayed: queue.Queue[wire.Batch] = field(default_factory=queue.Queue)
    replies: queue.Queue[wire.Reply] = field(default_factory=queue.Queue)

    def ask(self, request: wire.Request | bytes) -> None:
        data = request if isinstance(request, bytes) else request.SerializeToString()
        self.client.publish(str(Topic(DISTRICT, WARD, What.REQUESTS)), data, qos=1)

    def status(self, wanted: Callable[[wire.Status], bool]) -> wire.Status:
        """The next status that is as wanted."""
        deadline = time.monotonic() + SECONDS
        while True:
            status = self.statuses.get(timeout=max(0.01, deadline - time.monotonic()))
            if wanted(status):
                return status

    def online(self) -> wire.Status:
        return self.status(lambda status: status.online)

    def positions(self, source: queue.Queue[wire.Batch], last: int) -> list[int]:
        """Positions as they come in, until `last` is among them."""
        found: list[int] = []
        while last not in found:
            batch = source.get(timeout=SECONDS)
            found += range(batch.first_position, batch.first_position + len(batch.entries))
        return found

    def hear(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        data = bytes(message.payload)
        match parse(message.topic).what:
            case What.STATUS:
                self.statuses.put(wire.Status.FromString(data))
            case What.ENTRIES:
                self.live.put(wire.Batch.FromString(data))
            case What.REPLAY:
                self.replayed.put(wire.Batch.FromString(data))
            case What.REPLIES:
                self.replies.put(wire.Reply.FromString(data))


@contextlib.contextmanager
def listening(broker: Mosquitto) -> Iterator[Hub]:
    """A district's ear at the broker."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.reconnect_delay_set(1, 1)
    subscribed = queue.Queue[bool]()
    client.on_connect = lambda *_: client.subscribe(f"wardwatch/1/{DISTRICT}/{WARD}/#", qos=1)
    client.on_subscribe = lambda *_: subscribed.put(True)
    found = Hub(client)
    client.on_message = found.hear
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    subscribed.get(timeout=SECONDS)
    yield found
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def hub(broker: Mosquitto) -> Iterator[Hub]:
    with listening(broker) as found:
        yield found


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    settings = JournalSettings(commit_interval_seconds=0.05)
    opened = Journal.open(tmp_path / "journal.db", clock=SystemClock(), agent_version="1.2.3", settings=settings)
    yield opened
    opened.close()
