"""The hub and its broker as real processes, and a ward that speaks to them by a real MQTT client."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner, Result

from district.cli import app
from telemetry import wire_pb2 as wire
from telemetry.intervals import IntervalSet
from tests.district.fakes import ScriptedWard

BIN = Path(sys.executable).parent
USER = "kiem-tra"


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Until `true()`; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


@contextlib.contextmanager
def process(*command: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, ended (by its id) whatever happens."""
    with log.open("ab") as out:
        running = subprocess.Popen([str(part) for part in command], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait(10)


def mosquitto(program: str, folder: Path, port: int) -> tuple[str | Path, ...]:
    """The command of a mosquitto that anybody on this machine may use."""
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n", encoding="utf-8")
    return program, "-c", file


def embedded(port: int) -> tuple[str | Path, ...]:
    return BIN / "ward-district", "broker", "--listen", f"127.0.0.1:{port}"


class HubProcess:
    """`ward-district run`, its files and its API."""

    def __init__(self, folder: Path, broker_port: int, console_port: int) -> None:
        self.folder, self.console_port = folder, console_port
        self.config = folder / "district.toml"
        self.log = folder / "hub.log"
        self.config.write_text(
            f"""\
[district]
id = "hai-chau"
name = "Quận Hải Châu"
[broker]
url = "mqtt://127.0.0.1:{broker_port}"
[console]
listen = "127.0.0.1:{console_port}"
[[ward]]
id = "hai-chau-1"
name = "Phường Hải Châu 1"
""",
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._client: httpx.Client | None = None
        self.password = ""

    def invoke(self, *arguments: str) -> Result:
        """Another command on the same files, in this process: starting one costs seconds."""
        return CliRunner().invoke(app, [*arguments, "-c", str(self.config)], catch_exceptions=False)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the same program on the same files."""
        command = [str(BIN / "ward-district"), *arguments, "-c", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def add_user(self) -> None:
        done = self.invoke("user", "add", USER, "--role", "district")
        assert done.exit_code == 0, done.stderr
        self.password = done.stdout.split()[-1]

    def renew(self) -> None:
        """Its tables are gone, and its users with them."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self.add_user()

    def start(self) -> None:
        with self.log.open("ab") as out:
            command = [str(BIN / "ward-district"), "run", "-c", str(self.config)]
            self._process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        wait_until(lambda: listens(self.console_port), 30, f"the hub listens; {self.log.read_text()[-2000:]}")

    def end(self, how: signal.Signals) -> int:
        """Send a signal and wait; the exit status."""
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(20)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def get(self, path: str) -> Any:
        """The API's answer."""
        if self._client is None:
            self._client = httpx.Client(base_url=f"http://127.0.0.1:{self.console_port}", timeout=10)
            done = self._client.post("/api/session", json={"user": USER, "password": self.password})
            assert done.status_code == 200, done.text
        answer = self._client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def counts(self) -> Any:
        """`ward-district counts` of the one ward; the hub must have ended."""
        done = self.invoke("counts", "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)["wards"][0]


class WardOnTheLine:
    """A ScriptedWard behind a real MQTT client that loses, doubles and disorders what it sends."""

    def __init__(self, ward: ScriptedWard, port: int, chance: random.Random, bad_line: bool = True) -> None:
        self.ward, self.chance, self.bad_line = ward, chance, bad_line
        self.committed = IntervalSet()
        self._lock = threading.RLock()
        self._kept_back: list[tuple[str, bytes]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, f"test-{ward.ward}", clean_session=True)
        self._client.will_set(ward.topic("status"), ward.status(online=False), qos=1, retain=True)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(ward.topic("requests"), qos=1)
        self._ready = threading.Event()
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port, keepalive=10)
        self._client.loop_start()
        assert self._ready.wait(10)

    def tell_status(self) -> None:
        with self._lock:
            self._client.publish(self.ward.topic("status"), self.ward.status(), qos=1, retain=True)

    def tell(self, first: int) -> None:
        """Live entries from `first` to the newest."""
        with self._lock:
            self._send("entries", self.ward.batch(first))

    def heal(self) -> None:
        """From here on nothing is lost."""
        with self._lock:
            self.bad_line = False
            for topic, payload in self._kept_back:
                self._client.publish(topic, payload, qos=1)
            self._kept_back.clear()

    def die(self) -> None:
        """Without a goodbye: the broker tells of it."""
        socket_ = self._client.socket()
        self._client.reconnect_delay_set(1000, 1000)
        if socket_ is not None:
            socket_.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def hear(self, request: wire.Request) -> None:
        """For those who do more than replay."""

    def _send(self, what: str, payload: bytes) -> None:
        topic = self.ward.topic(what)
        if not self.bad_line:
            self._client.publish(topic, payload, qos=1)
            return
        if self.chance.random() < 0.2:
            return  # lost
        self._kept_back.extend([(topic, payload)] * self.chance.choice((1, 1, 1, 2)))
        self.chance.shuffle(self._kept_back)
        while len(self._kept_back) > 3:
            self._client.publish(*self._kept_back.pop(), qos=1)

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        request = wire.Request.FromString(bytes(message.payload))
        self.hear(request)
        with self._lock:
            if request.WhichOneof("what") == "committed" and request.committed.incarnation == self.ward.incarnation:
                self.committed.update(IntervalSet((each.first, each.last) for each in request.committed.ranges))
            elif request.WhichOneof("what") == "replay" and request.replay.incarnation == self.ward.incarnation:
                last = min(request.replay.last, len(self.ward.entries))
                for first in range(request.replay.first, last + 1, 100):
                    self._send("replay", self.ward.batch(first, min(first + 99, last), request.id))
                self._send("replies", wire.Reply(request_id=request.id, ok=True).SerializeToString())


@contextlib.contextmanager
def hub_and_broker(
    mosquitto_program: str, folder: Path, free_port: Callable[[], int]
) -> Iterator[tuple[HubProcess, int]]:
    """A hub with a user that is not started yet, and the port of a real broker that is."""
    port = free_port()
    with process(*mosquitto(mosquitto_program, folder, port), log=folder / "broker.log"):
        wait_until(lambda: listens(port), 20, "the broker listens")
        hub = HubProcess(folder, port, free_port())
        hub.add_user()
        try:
            yield hub, port
        finally:
            hub.close()
