"""A whole agent and a camera: what the camera says, what its stream shows, and how soon the district hears of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.blobs import FOLDER
from telemetry.conditions import Condition
from telemetry.evidence import Evidence, PictureSeen, unpack
from tests.camera.conftest import serve as serve
from tests.camera.drawn_films import FPS, covered, encode, office
from tests.camera.onvif_server import PASSWORD, USERNAME, OnvifServer
from tests.camera.peers import GstreamerCamera
from tests.edge_agent.conftest import DISTRICT, WARD, Hub, Mosquitto
from tests.edge_agent.ear import Ear, is_condition

AGENT = Path(sys.executable).parent / "ward-agent"


class Ward:
    def __init__(self, folder: Path, broker: Mosquitto, devices: str) -> None:
        self.folder = folder
        (folder / "secret").write_text(PASSWORD, encoding="utf-8")
        (folder / "ward.toml").write_text(
            f'[ward]\nid = "{WARD}"\nname = "Phường Hải Châu 1"\ndistrict = "{DISTRICT}"\n'
            f'[uplink]\nbroker = "{broker.url}"\n[journal]\ncommit_interval = "100ms"\n'
            f'[[rule]]\nid = "picture_covered"\nhold = "1s"\n{devices}',
            encoding="utf-8",
        )
        self.log = (folder / "agent.log").open("wb")
        command = [str(AGENT), "run", "-c", str(folder / "ward.toml")]
        self._process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def stop(self) -> None:
        self._process.terminate()
        assert self._process.wait(15) == 0
        self.log.close()


@pytest.fixture
def onvif() -> Iterator[OnvifServer]:
    server = OnvifServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def films(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("drawn")
    ffmpeg = peer("ffmpeg")
    change = 16 * FPS
    return {
        "office": encode(ffmpeg, folder / "office", office(20)),
        "covered": encode(
            ffmpeg,
            folder / "covered",
            office(60, lambda image, number: covered(image, number) if number > change else image),
        ),
    }


def test_an_onvif_camera_is_watched_judged_and_missed(
    tmp_path: Path,
    broker: Mosquitto,
    hub: Hub,
    onvif: OnvifServer,
    films: dict[str, Path],
    serve: Callable[..., GstreamerCamera],
) -> None:
    camera = serve({"/main": films["office"], "/sub": films["covered"]}, "--fps", str(FPS))
    onvif.rtsp_port = camera.port
    device = (
        '[[device]]\nid = "cam-1"\nkind = "camera"\nprotocol = "onvif"\nhost = "127.0.0.1"\ntimeout = 2\n'
        f'port = {onvif.port}\nusername = "{USERNAME}"\npassword_file = "secret"\n'
    )
    ear = Ear(hub)
    ward = Ward(tmp_path, broker, device)
    try:
        ear.until(is_condition("picture_covered"))
        ear.until(lambda payload: isinstance(payload, Evidence))
        facts, readings = ear.facts(), ear.readings()
        assert (facts["vendor"], facts["serial"]) == ("Acme", "AC-0042")
        assert facts["sub_stream"].startswith("H.264 High ") and facts["sub_stream"].endswith(", 640×360")
        assert readings["stream_up"] == 1 and readings["frame_rate_hz"] == pytest.approx(FPS, abs=1)
        assert readings["stream_as_set/sub"] == 1
        assert readings["picture_black"] < 0.5
        evidence = next(payload for _, payload, _ in ear.heard if isinstance(payload, Evidence))
        body = unpack(evidence)
        assert isinstance(body, PictureSeen) and (body.camera, body.condition) == ("cam-1", "covered")
        assert (tmp_path / "data" / FOLDER).exists()
        assert (tmp_path / "data" / "references" / "cam-1-day.png").exists()

        camera.kill()
        gone = time.monotonic()
        assert ear.until(is_condition("camera_stalled")) - gone < 5.0
        assert onvif.wrong_logins == 0
    finally:
        ward.stop()


def test_a_camera_with_a_wrong_password_is_asked_once_by_each_way(
    tmp_path: Path, broker: Mosquitto, hub: Hub, onvif: OnvifServer
) -> None:
    device = (
        '[[device]]\nid = "cam-1"\nkind = "camera"\nprotocol = "onvif"\nhost = "127.0.0.1"\ntimeout = 2\n'
        f'port = {onvif.port}\nusername = "someone"\npassword_file = "secret"\ninterval = 1\n'
    )
    ear = Ear(hub)
    ward = Ward(tmp_path, broker, device)
    try:
        ear.until(is_condition("unreachable"))
        reasons = {
            payload.reason.code for _, payload, _ in ear.heard if isinstance(payload, Condition) and payload.reason
        }
        assert reasons == {"wrong_credentials"}
        time.sleep(2.5)
        assert onvif.wrong_logins == 1
    finally:
        ward.stop()
