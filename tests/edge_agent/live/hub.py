"""A hub for tests: takes publishers as the contract says, keeps what they send, acknowledges as it is told to."""

from __future__ import annotations

import http
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from telemetry.live import Frame, LiveNote, LiveNoteType, decode_frames, decode_note, encode_ack

SECONDS = 15.0  # how long anything may take on a busy machine


@dataclass
class Publishing:
    """One publisher's connection, from its query to its end."""

    query: dict[str, str]
    connection: ServerConnection
    heard: list[Frame | LiveNote] = field(default_factory=list)
    heard_at: list[float] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def frames(self) -> list[Frame]:
        return [each for each in self.heard if isinstance(each, Frame)]

    def notes(self, kind: LiveNoteType) -> list[LiveNote]:
        return [each for each in self.heard if isinstance(each, LiveNote) and each.type is kind]

    def acknowledge(self) -> None:
        """All that has come."""
        self.connection.send(encode_ack(self.frames[-1].sequence))

    @property
    def troubles(self) -> list[str]:
        return [note.reason for note in self.notes(LiveNoteType.TROUBLE)]


class TestHub:
    """`tickets` are taken once each; others get a 403. While `silent` is set nothing is acknowledged."""

    __test__ = False

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tickets: set[str] = {f"ticket-{number}" for number in range(100)}
        self.publishings: list[Publishing] = []
        self.silent = threading.Event()
        self.wire = bytearray()  # all that came, as messages
        self._server: Server = serve(
            self._take, "127.0.0.1", 0, process_request=self._admit, ssl=tls, compression=None, max_size=8 << 20
        )
        self.port: int = self._server.socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        for each in self.publishings:
            each.connection.socket.close()

    def publishing(self, number: int = 0) -> Publishing:
        """The first, second … publisher, when it is there."""
        wait_for(lambda: len(self.publishings) > number)
        return self.publishings[number]

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path != "/live/publish" or query.get("ticket") not in self.tickets:
            return connection.respond(http.HTTPStatus.FORBIDDEN, '{"code": "ticket_refused"}')
        self.tickets.remove(query["ticket"])
        return None

    def _take(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = {name: values[0] for name, values in parse_qs(urlsplit(connection.request.path).query).items()}
        publishing = Publishing(query, connection)
        self.publishings.append(publishing)
        try:
            for message in connection:
                self._hear(publishing, message)
        except ConnectionClosed:
            return
        finally:
            publishing.ended.set()

    def _hear(self, publishing: Publishing, message: bytes | str) -> None:
        publishing.heard_at.append(time.monotonic())
        if isinstance(message, str):
            self.wire += message.encode()
            publishing.heard.append(decode_note(message))
            return
        self.wire += message
        frames = list(decode_frames(message))
        publishing.heard += frames
        if not self.silent.is_set():
            publishing.connection.send(encode_ack(frames[-1].sequence))


def wait_for(what: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.005)
