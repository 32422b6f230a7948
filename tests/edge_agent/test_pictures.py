"""Single pictures to the hub: with the ticket, over TLS that is checked, and never in the uplink's way."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from edge_agent.blobs import BlobStore
from edge_agent.live.hub_address import Hub
from edge_agent.uplink.pictures import MOST_WAITING, PictureSender
from telemetry.clock import FakeClock
from telemetry.readings import ReasonCode
from tests.certificates import make_certificate
from tests.edge_agent.live.hub import wait_for
from tests.telemetry.test_jpeg import made

PROOF, SMALL = made(640, 360, b"a proof"), made(320, 180, b"small")


class PictureHub:
    """Takes what is PUT there. `status` is what it answers; `gate` holds it up."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.puts: list[tuple[str, dict[str, str], str, bytes]] = []
        self.status = 201
        self.gate = threading.Event()
        self.gate.set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hub.gate.wait(10)
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                hub.puts.append((parts.path, query, self.headers["Authorization"], body))
                self.send_response(hub.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hub() -> Iterator[PictureHub]:
    made = PictureHub()
    yield made
    made.close()


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Callable[..., tuple[PictureSender, BlobStore]]]:
    """sender(url, ca_file): closed at the end."""
    senders: list[PictureSender] = []

    def make(url: str | None, ca_file: Path | None = None) -> tuple[PictureSender, BlobStore]:
        blobs = BlobStore(tmp_path / "blobs", FakeClock())
        senders.append(PictureSender("hai-chau-1", blobs, None if url is None else Hub(url, ca_file)))
        return senders[-1], blobs

    yield make
    for each in senders:
        each.close()


def test_evidence_and_the_newest_picture_go_to_the_hub_with_their_tickets(hub: PictureHub, sender: Any) -> None:
    pictures, blobs = sender(hub.url)
    proof = blobs.put(PROOF)
    small = blobs.set_thumbnail("cam-1", SMALL, taken_us=1_790_000_000_000_000)
    assert pictures.send(proof, "cam-1", "ticket-1") is None
    assert pictures.send(b"", "cam-1", "ticket-2") is None
    wait_for(lambda: pictures.counts.sent == 2)
    ward = {"ward": "hai-chau-1", "device": "cam-1"}
    assert hub.puts == [
        (f"/api/blobs/{proof.hex()}", ward, "Ticket ticket-1", PROOF),
        (f"/api/blobs/{small.hex()}", {**ward, "taken_us": "1790000000000000"}, "Ticket ticket-2", SMALL),
    ]


def test_what_is_not_here_is_said_at_once(hub: PictureHub, sender: Any) -> None:
    pictures, blobs = sender(hub.url)
    damaged = blobs.put(PROOF)
    blobs.path(damaged).write_bytes(b"damaged")
    for asked in (bytes(32), damaged, b""):
        reason = pictures.send(asked, "cam-1", "ticket")
        assert reason is not None and reason.code is ReasonCode.NO_PICTURE
    alone, _ = sender(None)
    reason = alone.send(bytes(32), "cam-1", "ticket")
    assert reason is not None and reason.code is ReasonCode.UNSUPPORTED
    assert hub.puts == []


def test_a_slow_hub_bounds_what_waits(hub: PictureHub, sender: Any) -> None:
    pictures, blobs = sender(hub.url)
    proof = blobs.put(PROOF)
    hub.gate.clear()
    answers = [pictures.send(proof, "cam-1", f"ticket-{number}") for number in range(MOST_WAITING + 10)]
    assert answers[:MOST_WAITING] == [None] * MOST_WAITING
    assert answers[-1] is not None and answers[-1].code is ReasonCode.DEVICE_BUSY


def test_a_refusal_and_a_hub_that_is_away_end_nothing(
    hub: PictureHub, sender: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pictures, blobs = sender(hub.url)
    proof = blobs.put(PROOF)
    hub.status = 403
    pictures.send(proof, "cam-1", "ticket-secret")
    wait_for(lambda: pictures.counts.refused == 1)
    hub.status = 201
    assert pictures.send(proof, "cam-1", "ticket-secret") is None
    wait_for(lambda: pictures.counts.sent == 1)
    away, _ = sender("http://127.0.0.1:9")  # discard: nobody listens
    for number in (1, 2):
        assert away.send(proof, "cam-1", "ticket-secret") is None
        wait_for(lambda many=number: away.counts.failed == many)
    assert "403" in caplog.text
    assert "ticket-secret" not in caplog.text


def test_only_a_hub_that_proves_itself_gets_a_picture(tmp_path: Path, sender: Any) -> None:
    make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    secure = PictureHub(context)
    try:
        trusting, blobs = sender(secure.url, tmp_path / "ca.pem")
        proof = blobs.put(PROOF)
        trusting.send(proof, "cam-1", "ticket-1")
        wait_for(lambda: trusting.counts.sent == 1)
        careful, _ = sender(secure.url)
        careful.send(proof, "cam-1", "ticket-2")
        wait_for(lambda: careful.counts.failed == 1)
        assert [put[2] for put in secure.puts] == ["Ticket ticket-1"]
    finally:
        secure.close()
