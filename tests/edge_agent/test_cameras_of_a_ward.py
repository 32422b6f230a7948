"""A whole agent in the virtual ward: what an ONVIF camera says of its picture is looked at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.camera_watch import SAMPLED
from simulator.net.ports import free_port
from telemetry import wire_pb2 as wire
from telemetry.entry import Readings
from tests.edge_agent.conftest import DISTRICT, WARD, Hub, Mosquitto, listening
from tests.edge_agent.ear import Ear, is_reading

BIN = Path(sys.executable).parent
_WARD = f"""[ward]
id = "{WARD}"
name = "Phường Hải Châu 1"
district = "{DISTRICT}"
seed = "recorded"
[[device]]
id = "cam-2"
model = "camera-hall"
dress = "onvif"
"""
SOON_SECONDS = 120.0  # on a machine that has other work; alone it is one or two
_LOOKED_INTO = 'watch = "sampled"\ninterval = "1h"\n'  # nothing below waits for a poll


@dataclass
class Running:
    """`cam-2` is looked into every three minutes, and not polled again."""

    hub: Hub
    ear: Ear
    control: int

    def fault(self, name: str, device: str, state: str) -> None:
        command = [str(BIN / "ward-sim"), "fault", name, device, state, "--control", str(self.control)]
        subprocess.run(command, check=True, timeout=30, capture_output=True)


@pytest.fixture(scope="module")
def running(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ward")
    (folder / "virtual.toml").write_text(_WARD, encoding="utf-8")
    configuration = folder / "ward.toml"
    broker = Mosquitto(peer("mosquitto"), folder, free_port())
    broker.start()
    options = ["--ward", str(folder / "virtual.toml"), "--begin", "now", "--write-config", str(configuration)]
    ward = subprocess.Popen([str(BIN / "ward-sim"), "run", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert ward.stdout is not None
        ready = json.loads(ward.stdout.readline())
        written = configuration.read_text(encoding="utf-8")
        written = re.sub(r'(id = "cam-2"\n)', rf"\1{_LOOKED_INTO}", written)
        written += f'[uplink]\nbroker = "{broker.url}"\n[journal]\ncommit_interval = "50ms"\n'
        configuration.write_text(written, encoding="utf-8")
        with listening(broker) as hub, (folder / "agent.log").open("wb") as log:
            command = [str(BIN / "ward-agent"), "run", "-c", str(configuration)]
            agent = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                yield Running(hub, Ear(hub), ready["control_port"])
            finally:
                agent.terminate()
                assert agent.wait(15) == 0
    finally:
        ward.terminate()
        ward.wait(timeout=20)
        broker.kill()


def is_above(metric: str, value: float) -> Callable[[object], bool]:
    return lambda payload: (
        isinstance(payload, Readings) and any(each.metric == metric and each.value > value for each in payload.readings)
    )


def test_what_a_camera_says_of_its_picture_is_looked_at_at_once(running: Running) -> None:
    ear = running.ear
    ear.until(is_reading("camera_says_tampered", 0.0), SOON_SECONDS)
    ear.until(is_above("picture_covered", -1.0), SOON_SECONDS)  # it is looked into when the agent begins
    time.sleep(SAMPLED.look or 0.0)  # and let go of
    running.fault("camera-cover", "cam-2", "on")
    asked = time.monotonic()
    running.hub.ask(wire.Request(id="look", poll=wire.PollNow(device="cam-2")))
    ear.until(is_reading("camera_says_tampered", 1.0), SOON_SECONDS, "cam-2")
    seen = ear.until(is_above("picture_covered", 0.5), SOON_SECONDS, "cam-2") - asked
    print(f"covered: judged {seen:.1f} s after the poll that brought the event")  # noqa: T201
    assert seen < SOON_SECONDS < SAMPLED.every
