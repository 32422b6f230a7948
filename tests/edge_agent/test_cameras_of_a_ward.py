"""A whole agent in the virtual ward: what a camera sends, what its recorder is set to, what it says of itself."""

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

from edge_agent.camera_watch import MAIN_EVERY_SECONDS, SAMPLED
from simulator.net.ports import free_port
from telemetry import wire_pb2 as wire
from telemetry.conditions import ConditionState
from telemetry.entry import Facts, Readings
from tests.edge_agent.conftest import DISTRICT, WARD, Hub, Mosquitto, listening
from tests.edge_agent.ear import Ear, is_condition

BIN = Path(sys.executable).parent
_WARD = f"""[ward]
id = "{WARD}"
name = "Phường Hải Châu 1"
district = "{DISTRICT}"
seed = "recorded"
[[device]]
id = "cam-1"
model = "camera-counter"
recorder = "nvr-1"
channel = 1
[[device]]
id = "cam-2"
model = "camera-hall"
dress = "onvif"
recorder = "nvr-1"
channel = 2
[[device]]
id = "nvr-1"
model = "recorder"
"""
SOON_SECONDS = 60.0  # on a machine that has other work; alone it is a few
_POLLED_LATE = 'interval = "1h"\n'  # nothing below waits for a poll
_LOOKED_INTO = f'watch = "sampled"\n{_POLLED_LATE}'


@dataclass
class Running:
    """`cam-1` is plain RTSP; `cam-2` speaks ONVIF and is looked into every three minutes; nobody is polled again."""

    hub: Hub
    ear: Ear
    control: int

    def fault(self, name: str, device: str, state: str) -> float:
        command = [str(BIN / "ward-sim"), "fault", name, device, state, "--control", str(self.control)]
        subprocess.run(command, check=True, timeout=30, capture_output=True)
        return time.monotonic()


@pytest.fixture(scope="module")
def running(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ward")
    (folder / "virtual.toml").write_text(_WARD, encoding="utf-8")
    configuration = folder / "ward.toml"
    broker = Mosquitto(peer("mosquitto"), folder, free_port())
    broker.start()
    simulate = [
        str(BIN / "ward-sim"),
        "run",
        "--ward",
        str(folder / "virtual.toml"),
        "--begin",
        "now",
        "--write-config",
    ]
    ward = subprocess.Popen([*simulate, str(configuration)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert ward.stdout is not None
        ready = json.loads(ward.stdout.readline())
        written = configuration.read_text(encoding="utf-8")
        for device, more in (("cam-1", _POLLED_LATE), ("cam-2", _LOOKED_INTO), ("nvr-1", _POLLED_LATE)):
            written = re.sub(rf'(id = "{device}"\n)', rf"\1{more}", written)
        written += f'[uplink]\nbroker = "{broker.url}"\n[journal]\ncommit_interval = "50ms"\n'
        written += "".join(f'[[rule]]\nid = "{rule}"\nhold = "1s"\n' for rule in ("recorded_not_as_set",))
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


def is_reading(metric: str, value: float) -> Callable[[object], bool]:
    return lambda payload: (
        isinstance(payload, Readings) and any((each.metric, each.value) == (metric, value) for each in payload.readings)
    )


def is_above(metric: str, value: float) -> Callable[[object], bool]:
    return lambda payload: (
        isinstance(payload, Readings) and any(each.metric == metric and each.value > value for each in payload.readings)
    )


def is_fact(name: str, begins: str) -> Callable[[object], bool]:
    return lambda payload: (
        isinstance(payload, Facts) and any(fact.name == name and fact.text.startswith(begins) for fact in payload.facts)
    )


def test_a_plain_camera_that_is_set_to_h265_is_told_at_once_and_so_is_that_its_recorder_is_not(
    running: Running,
) -> None:
    ear = running.ear
    ear.until(is_reading("recorded_as_set", 1.0), device="cam-1")
    facts = ear.facts("cam-1")
    assert facts["recorder_setting"] == "H.264, 1280×720, 25 fps, 1900 kbit/s"
    assert facts["main_stream"].startswith("H.264 ")

    changed = running.fault("camera-h265", "cam-1", "on")
    sub = ear.until(is_fact("sub_stream", "H.265 "), SOON_SECONDS, "cam-1") - changed
    main = ear.until(is_fact("main_stream", "H.265 "), SOON_SECONDS, "cam-1") - changed
    print(f"H.265: sub-stream told after {sub:.1f} s, main stream after {main:.1f} s")  # noqa: T201
    assert sub < main < SOON_SECONDS < MAIN_EVERY_SECONDS / 4
    ear.until(is_reading("recorded_as_set", 0.0), device="cam-1")
    ear.until(is_condition("recorded_not_as_set"), device="cam-1")
    running.fault("camera-h265", "cam-1", "off")
    ear.until(is_condition("recorded_not_as_set", ConditionState.CLEARED), device="cam-1")


def test_what_a_camera_says_of_its_picture_is_looked_at_at_once(running: Running) -> None:
    ear = running.ear
    ear.until(is_reading("camera_says_tampered", 0.0), device="cam-2")
    ear.until(is_above("picture_covered", -1.0), device="cam-2")  # it was looked into when the agent began
    running.fault("camera-cover", "cam-2", "on")
    asked = time.monotonic()
    running.hub.ask(wire.Request(id="look", poll=wire.PollNow(device="cam-2")))
    ear.until(is_reading("camera_says_tampered", 1.0), device="cam-2")
    seen = ear.until(is_above("picture_covered", 0.5), device="cam-2") - asked
    print(f"covered: judged {seen:.1f} s after the poll that brought the event")  # noqa: T201
    assert seen < SOON_SECONDS < SAMPLED.every / 2
