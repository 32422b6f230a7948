"""The whole agent as a process: asked over MQTT, it sends a camera's picture to the hub, and no password."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry import wire_pb2 as wire
from telemetry.entry import Readings
from tests.camera.conftest import Film, Serve, film, serve
from tests.camera.peers import PASSWORD, USERNAME, Footage, GstreamerCamera
from tests.edge_agent.conftest import DISTRICT, SECONDS, WARD, Hub, Mosquitto
from tests.edge_agent.live.hub import TestHub, wait_for
from tests.edge_agent.test_agent import Heard

__all__ = ["film", "serve"]

AGENT = Path(sys.executable).parent / "ward-agent"


@pytest.fixture
def live_hub() -> Iterator[TestHub]:
    made = TestHub()
    yield made
    made.close()


@pytest.fixture
def camera(film: Film, serve: Serve) -> GstreamerCamera:
    return serve({"/main": film(Footage()), "/sub": film(Footage(160, 90, kbps=100))}, login=True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "agent.log"


@pytest.fixture
def agent(tmp_path: Path, broker: Mosquitto, camera: GstreamerCamera, live_hub: TestHub, log: Path) -> Iterator[None]:
    secret = tmp_path / "cam-1"
    secret.write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "wrong").write_text("wrong-secret", encoding="utf-8")
    streams = f'url = "{camera.url()}"\nsub_url = "{camera.url("/sub")}"\nusername = "{USERNAME}"\n'
    config = tmp_path / "ward.toml"
    config.write_text(
        f'[ward]\nid = "{WARD}"\nname = "Phường"\ndistrict = "{DISTRICT}"\n[agent]\nlog_level = "debug"\n'
        f'[uplink]\nbroker = "{broker.url}"\nhub = "https://hub.invalid"\n[journal]\ncommit_interval = "50ms"\n'
        f'[[device]]\nid = "cam-1"\nkind = "camera"\nprotocol = "rtsp"\ninterval = 2\n{streams}'
        'password_file = "cam-1"\n'
        f'[[device]]\nid = "cam-2"\nkind = "camera"\nprotocol = "rtsp"\ninterval = 2\n{streams}'
        'password_file = "wrong"\n'
        '[[device]]\nid = "self"\nkind = "server"\nprotocol = "psutil"\n',
        encoding="utf-8",
    )
    with log.open("wb") as written:
        command = [str(AGENT), "run", "-c", str(config), "--hub", live_hub.url]
        process = subprocess.Popen(command, stdout=written, stderr=written)
    yield
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=SECONDS) == 0


def ask(hub: Hub, request: wire.Request) -> wire.Reply:
    hub.ask(request)
    while True:
        reply = hub.replies.get(timeout=SECONDS)
        if reply.request_id == request.id:
            return reply


def start(name: str, device: str, stream: str, ticket: str) -> wire.Request:
    asked = wire.StartStream(device=device, stream=stream, ticket=ticket, url="/live/publish")
    return wire.Request(id=name, start_stream=asked)


@pytest.mark.usefixtures("agent")
def test_the_district_asks_and_the_picture_comes(hub: Hub, live_hub: TestHub, camera: GstreamerCamera) -> None:
    hub.online()
    assert ask(hub, start("r1", "cam-1", "main", "ticket-1")).ok
    assert ask(hub, start("r2", "cam-1", "sub", "ticket-2")).ok
    wait_for(lambda: len(live_hub.publishings) == 2 and all(len(each.frames) > 20 for each in live_hub.publishings))
    assert {(each.query["ward"], each.query["stream"]) for each in live_hub.publishings} == {
        (WARD, "main"),
        (WARD, "sub"),
    }
    main = next(each for each in live_hub.publishings if each.query["stream"] == "main")
    stop = wire.Request(id="r3", stop_stream=wire.StopStream(device="cam-1", stream="main"))
    assert ask(hub, stop).ok
    assert main.ended.wait(1.0)
    no_camera = ask(hub, start("r4", "self", "main", "ticket-4"))
    assert (no_camera.ok, no_camera.reason.code) == (False, "unsupported")
    assert not ask(hub, start("r5", "cam-9", "main", "ticket-5")).ok


def test_no_password_and_no_ticket_is_in_the_log_the_journal_or_on_the_wire(
    agent: None, hub: Hub, live_hub: TestHub, log: Path, tmp_path: Path
) -> None:
    heard = Heard(hub)
    heard.begin()
    assert ask(hub, start("r1", "cam-1", "main", "ticket-1")).ok
    assert ask(hub, start("r2", "cam-2", "main", "ticket-2")).ok
    wait_for(lambda: any(each.troubles == ["wrong_credentials"] * 2 for each in live_hub.publishings))
    wait_for(lambda: any(len(each.frames) > 20 for each in live_hub.publishings))
    for device, reason in (("cam-1", None), ("cam-2", "wrong_credentials")):  # both were checked too
        found = heard.until(lambda entry, of=device: isinstance(entry.payload, Readings) and entry.device == of)
        assert isinstance(found.payload, Readings)
        assert (found.payload.reason and found.payload.reason.code) == reason
    wire_and_disk = (
        repr(heard.entries).encode()
        + bytes(live_hub.wire)
        + log.read_bytes()
        + (tmp_path / "data" / "journal.db").read_bytes()
    )
    for secret in (PASSWORD, "wrong-secret", "ticket-1", "ticket-2", f"//{USERNAME}:", f"//{USERNAME}@"):
        assert secret.encode() not in wire_and_disk
    assert b"cam-1/main" in wire_and_disk
