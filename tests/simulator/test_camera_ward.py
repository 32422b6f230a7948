"""Cameras as part of the ward: on the switch's cable, in the agent's configuration, and with their faults."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from camera.relay.rtsp import StreamAddress, StreamError
from edge_agent import config as agent_config
from simulator.client import StateFolder
from simulator.control import ControlServer
from simulator.model.camera import Camera
from simulator.rtsp.gate import Gate
from simulator.rtsp.server import RtspCamera
from simulator.run import Running
from simulator.services.rtsp import RtspService
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import ReasonCode
from tests.simulator.cameras import PASSWORD, USER, Client, address, camera, until, watched
from tests.simulator.conftest import Lived, options
from tests.simulator.onvif_peer import Soap, stream_uri, text
from tests.simulator.test_command import running

CAMERAS = ["cam-1", "cam-2", "cam-3", "cam-4"]


@pytest.fixture
async def there() -> AsyncIterator[RtspCamera]:
    opened = camera()
    opened.open()
    yield opened
    opened.close()


def switch(lived: Lived, name: str, target: str, on: bool) -> None:
    """As over the control port."""
    request = json.dumps({"do": "fault", "name": name, "target": target, "on": on}).encode()
    assert ControlServer(lived.simulation).answer(request).ok


async def test_the_four_cameras_stand_in_the_agents_configuration_with_their_passwords(tmp_path: Path) -> None:
    file = tmp_path / "ward.toml"
    async with Running(options(write_config=file), SystemClock(), StateFolder(tmp_path / "state")) as begun:
        config = agent_config.load(file)
        text = file.read_text(encoding="utf-8")
        cameras = {device.id: device for device in config.devices if device.kind is Kind.CAMERA}
        assert list(cameras) == CAMERAS
        names = {device.name for device in cameras.values()}
        assert names == {"Camera quầy 1", "Camera quầy 3", "Camera sảnh chờ", "Camera cửa ra vào"}
        watching = []
        for raw in (one for one in tomllib.loads(text)["device"] if one["kind"] == "camera"):
            secret = tmp_path / raw["password_file"]
            assert secret.stat().st_mode & 0o077 == 0
            assert secret.read_text(encoding="ascii").strip() not in text
            assert (raw["protocol"], raw["parent"]) == ("onvif", "switch-1")
            assert (raw["recorder"], raw["channel"]) == ("nvr-1", int(raw["id"].removeprefix("cam-")))
            outside = begun.simulation.devices[raw["id"]]
            assert (raw["host"], raw["port"]) == ("127.0.0.1", outside.port)
            assert isinstance(outside.service, RtspService)
            where = StreamAddress(
                outside.service.live("sub"), raw["username"], secret.read_text(encoding="ascii").strip()
            )
            watching.append(asyncio.to_thread(watched, where, 3.0))
        assert all(await asyncio.gather(*watching))


async def test_a_camera_gets_its_power_over_the_switchs_port(lived: Lived) -> None:
    ward, seen = lived.ward, lived.ward.machine("cam-1")
    before = ward.upses[0].load_watts
    lived.pass_time(1.0)
    assert ward.reachable("cam-1")
    drawn = sum(place.machine.draw_watts for place in ward.places.values() if place.feed == "ups-1")
    lived.pass_time(2.0)
    assert ward.upses[0].load_watts == pytest.approx(drawn + 4 * 6.0, abs=6.0)
    assert before >= 0
    switch(lived, "switch-port-down", "cam-1", True)
    lived.pass_time(2.0)
    assert not seen.powered
    assert not ward.reachable("cam-1")
    assert ward.reachable("cam-2")
    switch(lived, "switch-port-down", "cam-1", False)
    lived.pass_time(2.0)
    assert seen.powered
    assert not ward.reachable("cam-1"), "it has not started yet"
    lived.pass_time(6.0)
    assert ward.reachable("cam-1")
    assert seen.uptime_seconds < 10
    switch(lived, "device-dead", "switch-1", True)
    lived.pass_time(2.0)
    assert not any(ward.machine(one).powered for one in CAMERAS)


async def test_an_unplugged_camera_is_silent_and_what_was_connected_is_reset_when_it_is_back(lived: Lived) -> None:
    service = lived.simulation.devices["cam-1"].service
    assert isinstance(service, RtspService)
    there = service.camera
    password = lived.running.secrets.password("cam-1")
    client = await Client.to(there.port)
    assert (await client.ask("OPTIONS", "main"))[0] == 200
    switch(lived, "camera-offline", "cam-1", True)
    assert lived.ward.machine("cam-1").draw_watts == 0.0
    client.writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.reader.read(1), 0.3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection("127.0.0.1", there.port), 0.5)
    switch(lived, "camera-offline", "cam-1", False)
    lived.pass_time(4.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.reader.read(1), 0.2)
    lived.pass_time(2.0)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(client.reader.read(1), 5.0)
    where = StreamAddress(f"rtsp://127.0.0.1:{there.port}/sub", "wardwatch", password)
    assert await asyncio.to_thread(watched, where, 3.0)
    client.close()


async def test_a_frozen_camera_goes_on_sending_one_picture_and_its_clock_stands(there: RtspCamera) -> None:
    where = address(there.port, "sub")
    watching = asyncio.create_task(asyncio.to_thread(watched, where, 12.0))
    await until(lambda: there.streams["sub"].film.has(3))
    there.set_frozen(True)
    await asyncio.sleep(2.5)  # it is about real pictures a second, by a player that knows no other clock
    there.set_frozen(False)
    pictures = await watching
    clocks = [shown for _, shown, _ in pictures]
    stood = max(set(clocks), key=clocks.count)
    places = [number for number, shown in enumerate(clocks) if shown == stood]
    if places[1] != places[0] + 1:
        del places[0]  # shown once alive, up to a second before the keyframe from which on it stands
    frozen = [(pictures[number][0], pictures[number][2]) for number in places]
    assert 25 <= len(frozen) <= 100
    assert places == list(range(places[0], places[-1] + 1)), "nothing else is shown meanwhile"
    # The same group of pictures again and again; a player without a moment's time may have missed some of them.
    assert len({luma for _, luma in frozen}) <= 25
    assert clocks[0] is not None
    assert clocks[-1] is not None
    assert clocks[0] < stood < clocks[-1]
    assert len(set(clocks[-20:]) - {None, stood}) >= 10, "it moves again"
    gaps = [after - before for before, after in pairwise([came for came, _ in frozen])]
    assert sorted(gaps)[len(gaps) // 2] < 60


async def test_a_changed_password_ends_the_connections_and_refuses_the_old_one(there: RtspCamera) -> None:
    client = await Client.to(there.port)
    await client.ask("DESCRIBE", "main")
    assert (await client.ask("DESCRIBE", "main"))[0] == 200
    there.set_password_changed(True)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await client.reader.readexactly(1)
    with pytest.raises(StreamError) as refused:
        await asyncio.to_thread(watched, address(there.port), 1.0)
    assert refused.value.reason.code == ReasonCode.WRONG_CREDENTIALS
    there.set_password_changed(False)
    assert there.gate == Gate(USER, PASSWORD, "Camera")
    assert await asyncio.to_thread(watched, address(there.port, "sub"), 3.0)


async def test_the_faults_are_told_with_their_cameras(lived: Lived) -> None:
    machine = lived.ward.machine("cam-3")
    assert isinstance(machine, Camera)
    for name in ("camera-offline", "camera-freeze", "camera-wrong-password"):
        switch(lived, name, "cam-3", True)
        answer = ControlServer(lived.simulation).answer(b'{"do": "faults"}')
        told = {fault.name: fault for fault in answer.faults}
        assert told[name].targets == CAMERAS
        assert told[name].active == ["cam-3"]
        switch(lived, name, "cam-3", False)
    assert not (machine.unplugged or machine.frozen or machine.password_changed)
    refused = ControlServer(lived.simulation).answer(
        b'{"do": "fault", "name": "camera-freeze", "target": "printer-1", "on": true}'
    )
    assert (refused.ok, refused.error) == (False, "unknown_target")


def spent(process: psutil.Process, seconds: float) -> float:
    """Percent of one core that a process used in the next `seconds`."""
    began, before = time.monotonic(), sum(process.cpu_times()[:2])
    time.sleep(seconds)
    return 100 * (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)


@pytest.mark.slow
@pytest.mark.peer("ffmpeg")
def test_nobody_watching_costs_next_to_nothing_and_a_viewer_little(tmp_path: Path, peer: Callable[[str], str]) -> None:
    file = tmp_path / "ward.toml"
    with running(tmp_path, "--write-config", file) as (process, _):
        used = psutil.Process(process.pid)
        idle = spent(used, 2.0)
        raw = next(one for one in tomllib.loads(file.read_text(encoding="utf-8"))["device"] if one["id"] == "cam-1")
        password = (tmp_path / raw["password_file"]).read_text(encoding="ascii").strip()
        asker = Soap(raw["port"], raw["username"], password)
        told = asyncio.run(asker.ask(stream_uri("main")))
        url = text(told, "trt:MediaUri/tt:Uri").replace("rtsp://", f"rtsp://{raw['username']}:{password}@")
        arguments = ("-v", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-f", "null", "-")
        viewer = subprocess.Popen([peer("ffmpeg"), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            first = spent(used, 11.0)
            later = spent(used, 3.0)
        finally:
            viewer.terminate()
            viewer.wait(10)
        print(f"nobody: {idle:.1f} %, first loop of main: {first:.1f} %, from then on: {later:.1f} % of a core")  # noqa: T201
    assert idle < 15
    assert later - idle < 8
    assert first - idle < 30
