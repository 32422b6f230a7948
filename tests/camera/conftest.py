"""Real cameras: films made by FFmpeg's encoders, served by GStreamer's RTSP server; and servers that misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.camera.peers import Footage, GstreamerCamera, RtspServer, gstreamer_is_here
from tests.conftest import missing

Film = Callable[[Footage], Path]
Serve = Callable[..., GstreamerCamera]


@pytest.fixture(scope="session")
def film(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Film:
    """film(Footage(…)): its file, encoded once."""
    folder = tmp_path_factory.mktemp("films")
    made: dict[Footage, Path] = {}

    def encode(footage: Footage) -> Path:
        if footage not in made:
            made[footage] = footage.encode(peer("ffmpeg"), folder, f"film-{len(made)}")
        return made[footage]

    return encode


@pytest.fixture
def serve() -> Iterator[Serve]:
    """serve({"/main": file}, "--config-interval", "-1", login=True): a camera that runs."""
    if not gstreamer_is_here():
        missing("the peer GStreamer RTSP server is not installed; `make test` as root installs it")
    running: list[GstreamerCamera] = []

    def start(streams: dict[str, Path], *options: str, login: bool = False, port: int = 0) -> GstreamerCamera:
        running.append(GstreamerCamera(streams, *options, login=login, port=port))
        return running[-1].start()

    yield start
    for camera in running:
        camera.kill()


@pytest.fixture
def answering() -> Iterator[Callable[..., RtspServer]]:
    """answering(function): a server that answers each request with what the function makes of it."""
    running: list[RtspServer] = []

    def start(answer: Callable[[str], bytes | None], greeting: bytes = b"") -> RtspServer:
        running.append(RtspServer(answer, greeting))
        return running[-1]

    yield start
    for server in running:
        server.close()
