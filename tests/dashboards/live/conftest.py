"""A console with cameras under a real uvicorn; a ward that does what a test says; viewers with real sockets."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from dashboards.console.live.interest import Refused
from dashboards.console.live.settings import LiveSettings
from telemetry.clock import SystemClock
from telemetry.live import Frame, LiveNote, LiveNoteType, StreamName, decode_ack, decode_frames, decode_note, encode_ack
from telemetry.readings import Reason
from tests.dashboards.conftest import Running
from tests.dashboards.live.camera import Film, film
from tests.dashboards.plain_site import PlainSite, device_state

WARD, CAMERA = "hai-chau-1", "cam-1"
PATIENCE = 10.0  # seconds for what comes at once on a machine that is not overloaded


@dataclass(frozen=True)
class Asked:
    """What a ward was asked for."""

    ward: str
    device: str
    stream: StreamName
    ticket: str
    url: str


class Ward:
    """A `StreamRequests` that only remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.stopped: list[tuple[str, str, StreamName]] = []
        self.answer: Reason | None = None  # to the next questions
        self.refused: Refused | None = None
        self._news = threading.Condition()

    def start(self, ward: str, device: str, stream: StreamName, ticket: str, url: str) -> Reason | None:
        with self._news:
            self.asked.append(Asked(ward, device, stream, ticket, url))
            self._news.notify_all()
        return self.answer

    def stop(self, ward: str, device: str, stream: StreamName) -> None:
        with self._news:
            self.stopped.append((ward, device, stream))
            self._news.notify_all()

    def listen(self, refused: Refused) -> None:
        self.refused = refused

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        with self._news:
            assert self._news.wait_for(holds, PATIENCE), what

    def question(self, number: int = 0) -> Asked:
        """The one that came as this number; waits for it."""
        self.wait(lambda: len(self.asked) > number, f"question {number} did not come")
        return self.asked[number]


class Socket:
    """One end of a WebSocket to the console."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, *messages: bytes | str) -> None:
        for message in messages:
            self.socket.send(message)

    def receive(self) -> bytes | str:
        return self.socket.recv(PATIENCE)

    def closed(self) -> tuple[int, str]:
        """Wait for the end; its code and words."""
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                self.socket.recv(PATIENCE)
        except ConnectionClosed as error:
            assert error.rcvd is not None, error
            return error.rcvd.code, error.rcvd.reason
        raise AssertionError("it was not closed")

    def close(self) -> None:
        self.socket.close()


class Publisher(Socket):
    """A ward's."""

    def acknowledged(self) -> int:
        message = self.receive()
        assert isinstance(message, bytes)
        return decode_ack(message)

    def play(self, shown: Film, first: int, end: int) -> None:
        """Send these frames, each after the one before was acknowledged."""
        for number in range(first, end):
            self.send(shown.record(number))
            while self.acknowledged() != number:
                continue


class Watcher(Socket):
    """A viewer."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(socket)
        self.notes: list[LiveNote] = []
        self.sizes: list[int] = []  # frames in each message

    def frames(self, count: int) -> list[Frame]:
        """The next so many; each message is acknowledged."""
        found: list[Frame] = []
        while len(found) < count:
            message = self.receive()
            if isinstance(message, str):
                self.notes.append(decode_note(message))
                continue
            frames = list(decode_frames(message))
            self.sizes.append(len(frames))
            found += frames
            self.send(encode_ack(frames[-1].sequence))
        return found

    def until(self, sequence: int) -> list[Frame]:
        """All frames up to this one."""
        found = self.frames(1)
        while found[-1].sequence < sequence:
            found += self.frames(1)
        return found

    def note(self, kind: LiveNoteType) -> LiveNote:
        """The next note of this kind."""
        while True:
            message = self.receive()
            if isinstance(message, str) and decode_note(message).type is kind:
                return decode_note(message)


class Stage:
    """All of it together."""

    def __init__(self, running: Running, ward: Ward) -> None:
        self.running, self.ward = running, ward
        self.film = film()
        self._cookies: dict[str, str] = {}
        self._open: list[Socket] = []
        scheme = "wss" if running.url.startswith("https") else "ws"
        self.address = f"{scheme}://127.0.0.1:{running.port}"

    def cookie(self, user: str = "lan") -> str:
        if user not in self._cookies:
            with contextlib.closing(self.running.client(user)) as client:
                self._cookies[user] = f"wardwatch_session={client.cookies['wardwatch_session']}"
        return self._cookies[user]

    def connect(self, path: str, **headers: str) -> ClientConnection:
        context = None
        if self.address.startswith("wss"):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return connect(
            self.address + path,
            additional_headers=sent,
            compression=None,
            ssl=context,
            open_timeout=PATIENCE,
            close_timeout=0.5,
        )

    def watch(
        self, query: str = "", *, user: str = "lan", ward: str = WARD, camera: str = CAMERA, stream: str = "main"
    ) -> Watcher:
        path = f"/api/live/{ward}/{camera}/{stream}{query}"
        made = Watcher(self.connect(path, Cookie=self.cookie(user) if user else "none=none"))
        self._open.append(made)
        return made

    def publish(self, asked: Asked, claim: str = "") -> Publisher:
        made = Publisher(self.connect(f"{asked.url}?ticket={asked.ticket}{claim}"))
        self._open.append(made)
        return made

    def published(self, number: int = 0) -> Publisher:
        """A publisher for the question of this number, its stream told."""
        made = self.publish(self.ward.question(number))
        made.send(self.film.note)
        return made

    def refused(self, asked: Asked, claim: str = "") -> dict[str, Any]:
        """How a publisher is refused."""
        with pytest.raises(InvalidStatus) as caught:
            self.publish(asked, claim)
        response = caught.value.response
        assert response.status_code == 403
        assert response.body is not None
        answer: dict[str, Any] = json.loads(response.body)
        return answer

    def statistics(self, user: str = "lan") -> dict[str, Any]:
        with contextlib.closing(self.running.client(user)) as client:
            answer = client.get("/api/live/statistics")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

    def counted(self, reason: str) -> int:
        return sum(each["count"] for each in self.statistics()["refusals"] if each["reason"] == reason)

    def close(self) -> None:
        for each in self._open:
            each.close()


@pytest.fixture
def stage(run_console: Callable[..., Running]) -> Iterator[Callable[..., Stage]]:
    """stage(lag_seconds=1, ...) starts a console with such live settings."""
    made: list[Stage] = []

    def start(tls: dict[str, str] | None = None, **changes: Any) -> Stage:
        site = PlainSite(SystemClock())
        cameras = [device_state(name, 1, kind="camera") for name in (CAMERA, "cam-2")]
        site.add_ward(WARD, [*cameras, device_state("ups-1", 100)])
        site.add_ward("thach-thang", [device_state(CAMERA, 1, kind="camera")])
        ward = Ward()
        running = run_console(site, streams=ward, tls=tls, live=LiveSettings(**changes))
        made.append(Stage(running, ward))
        return made[-1]

    yield start
    for each in made:
        each.close()
