"""A whole agent, a plain RTSP camera and its recorder: that the camera was set otherwise is told at once, and that the
recorder was not."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.camera_watch import MAIN_EVERY_SECONDS
from tests.camera.conftest import Film, Serve
from tests.camera.conftest import film as film
from tests.camera.conftest import serve as serve
from tests.camera.peers import PASSWORD, USERNAME, Footage
from tests.camera.recorders import http_recorders
from tests.camera.recorders.footage import month
from tests.edge_agent.conftest import Hub, Mosquitto
from tests.edge_agent.ear import Ear, is_condition, is_fact, is_reading
from tests.edge_agent.test_camera_watch import Ward

SOON_SECONDS = 60.0  # on a machine that has other work; alone it is six
_SET = (
    "<StreamingChannelList><StreamingChannel><id>101</id><Video><videoCodecType>H.264</videoCodecType>"
    "<videoResolutionWidth>320</videoResolutionWidth><videoResolutionHeight>180</videoResolutionHeight>"
    "<maxFrameRate>2500</maxFrameRate></Video></StreamingChannel></StreamingChannelList>"
)
H264 = {"/main": Footage(), "/sub": Footage(160, 90, kbps=100)}
H265 = {"/main": Footage(codec="h265"), "/sub": Footage(160, 90, kbps=100, codec="h265")}


def test_a_camera_that_is_set_to_h265_is_told_at_once_and_that_its_recorder_is_not(
    tmp_path: Path, broker: Mosquitto, hub: Hub, film: Film, serve: Serve
) -> None:
    old, new = ({path: film(footage) for path, footage in films.items()} for films in (H264, H265))
    camera = serve(old, login=True)
    recorder = http_recorders.isapi(month(), 0)
    usual = recorder.answer
    recorder.answer = lambda method, path, body: (
        (200, _SET) if urlsplit(path).path == "/ISAPI/Streaming/channels" else usual(method, path, body)
    )
    (tmp_path / "camera").write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "recorder").write_text(http_recorders.PASSWORD, encoding="utf-8")
    devices = (
        '[[rule]]\nid = "recorded_not_as_set"\nhold = "1s"\n'
        '[[device]]\nid = "cam-1"\nkind = "camera"\nprotocol = "rtsp"\ninterval = "1h"\n'
        'recorder = "nvr-1"\nchannel = 1\n'
        f'url = "{camera.url()}"\nsub_url = "{camera.url("/sub")}"\nusername = "{USERNAME}"\npassword_file = "camera"\n'
        '[[device]]\nid = "nvr-1"\nkind = "recorder"\nprotocol = "isapi"\nhost = "127.0.0.1"\ninterval = "2s"\n'
        f'port = {recorder.port}\nusername = "{http_recorders.USERNAME}"\npassword_file = "recorder"\n'
    )
    ear = Ear(hub)
    ward = Ward(tmp_path, broker, devices)
    try:
        ear.until(is_reading("recorded_as_set", 1.0), SOON_SECONDS, "cam-1")
        assert ear.facts("cam-1")["recorder_setting"] == "H.264, 320×180, 25 fps"
        assert ear.facts("cam-1")["main_stream"].startswith("H.264 ")

        camera.kill()
        serve(new, login=True, port=camera.port)
        began = time.monotonic()
        sub = ear.until(is_fact("sub_stream", "H.265 "), SOON_SECONDS, "cam-1") - began
        main = ear.until(is_fact("main_stream", "H.265 "), SOON_SECONDS, "cam-1") - began
        print(f"H.265: sub-stream told after {sub:.1f} s, main stream after {main:.1f} s")  # noqa: T201
        assert max(sub, main) < SOON_SECONDS < MAIN_EVERY_SECONDS / 2
        ear.until(is_condition("recorded_not_as_set"), SOON_SECONDS, "cam-1")
        assert ear.readings("cam-1")["recorded_as_set"] == 0
    finally:
        ward.stop()
        recorder.close()
