"""The virtual ward's recorder, asked by the agent's own command: sound, and with each of its faults."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent
RECORDERS = Path(__file__).parents[2] / "simulator" / "wards" / "recorders.toml"
# By ONVIF, by ISAPI, by Dahua's API, and by ISAPI with local times that it calls UTC.
CAMERAS = {"nvr-1": ["cam-1", "cam-2"], "nvr-2": ["cam-3"], "nvr-3": ["cam-4"], "nvr-4": ["cam-5"]}
each_recorder = pytest.mark.parametrize("recorder", CAMERAS)


@dataclass
class Ward:
    """A virtual ward that runs, with a recorder in each dress."""

    control: int
    configuration: Path

    def fault(self, name: str, recorder: str, state: str) -> None:
        command = [str(BIN / "ward-sim"), "fault", name, recorder, state, "--control", str(self.control)]
        subprocess.run(command, check=True, timeout=30, capture_output=True)

    def inspect(self, recorder: str) -> tuple[int, list[dict[str, Any]]]:
        command = [str(BIN / "ward-agent"), "recorder", "inspect", "-c", str(self.configuration), recorder, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return done.returncode, json.loads(done.stdout)["channels"]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    configuration = tmp_path_factory.mktemp("recorder") / "ward.toml"
    command = [str(BIN / "ward-sim"), "run", "--ward", str(RECORDERS), "--begin", "now", "--write-config"]
    running = subprocess.Popen([*command, str(configuration)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert running.stdout is not None
        ready = json.loads(running.stdout.readline())
        yield Ward(ready["control_port"], configuration)
    finally:
        running.terminate()
        running.wait(timeout=20)


@each_recorder
def test_a_sound_recorder_is_met_and_every_moment_that_is_asked_replays(ward: Ward, recorder: str) -> None:
    status, channels = ward.inspect(recorder)
    assert (status, [each["verdict"] for each in channels]) == (0, ["met" for _ in CAMERAS[recorder]])
    assert [each["camera"] for each in channels] == CAMERAS[recorder]
    proofs = [proof for each in channels for proof in each["proofs"]]
    assert len(proofs) == 4 * len(channels) and all(proof["decoded"] and proof["proves"] for proof in proofs)
    assert len({proof["sha256"] for proof in proofs}) == len(proofs)


@each_recorder
@pytest.mark.parametrize("fault", ["recorder-gap", "recorder-short", "recorder-locked-clip"])
def test_what_befalls_a_recorder_is_found_in_its_index(ward: Ward, recorder: str, fault: str) -> None:
    ward.fault(fault, recorder, "on")
    try:
        status, channels = ward.inspect(recorder)
    finally:
        ward.fault(fault, recorder, "off")
    assert (status, [each["verdict"] for each in channels]) == (1, ["not_met" for _ in CAMERAS[recorder]])
    assert all(each["gaps"] for each in channels)
    assert all(proof["proves"] for each in channels for proof in each["proofs"])


@each_recorder
def test_a_recorder_that_stops_or_loses_a_disk_is_seen_by_a_poll(ward: Ward, recorder: str) -> None:
    faults = ["recorder-stop", "disk-fail"]
    for fault in faults:
        ward.fault(fault, recorder, "on")
    try:
        command = [str(BIN / "ward-agent"), "check", "-c", str(ward.configuration), "--device", recorder, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    finally:
        for fault in faults:
            ward.fault(fault, recorder, "off")
    readings = json.loads(done.stdout)["devices"][0]["readings"]
    if recorder == "nvr-1":  # by ONVIF it says at once that it stopped, and nothing of its disks
        assert [readings[f"recording/{camera}"] for camera in CAMERAS[recorder]] == [0.0, 0.0]
    else:
        assert sorted(value for name, value in readings.items() if name.startswith("disk_healthy/")) == [0.0, 1.0]
