"""Cameras of the camera room's tests, hubs, and streams between them."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from camera.refusals import Refusals
from camera.relay.rtsp import CameraStream, StreamAddress
from edge_agent.live.hub_address import Hub
from edge_agent.live.publisher import Open
from edge_agent.live.streams import Streams
from telemetry.clock import Clock, SystemClock
from telemetry.live import StreamName
from tests.camera.conftest import answering, film, serve
from tests.certificates import make_certificate
from tests.edge_agent.live.hub import TestHub

__all__ = ["answering", "film", "serve"]

WARD, PATH = "hai-chau-1", "/live/publish"


@pytest.fixture
def hub() -> Iterator[TestHub]:
    made = TestHub()
    yield made
    made.close()


@pytest.fixture
def secure_hub(tmp_path: Path) -> Iterator[tuple[TestHub, Path]]:
    """A hub that speaks TLS, and the certificate that signs for it."""
    make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    made = TestHub(context)
    yield made, tmp_path / "ca.pem"
    made.close()


@pytest.fixture
def make_streams() -> Iterator[Callable[..., Streams]]:
    """make_streams(url_of_hub, {"cam-1": {StreamName.MAIN: address}}): closed at the end."""
    made: list[Streams] = []

    def make(
        hub: str | None,
        cameras: dict[str, dict[StreamName, StreamAddress]],
        open_stream: Open = CameraStream.open,
        clock: Clock | None = None,
        ca_file: Path | None = None,
        refusals: Refusals | None = None,
    ) -> Streams:
        clock = clock or SystemClock()
        where = None if hub is None else Hub(hub, ca_file)
        made.append(Streams(WARD, cameras, where, open_stream, refusals or Refusals(clock), clock))
        return made[-1]

    yield make
    for streams in made:
        streams.close()
