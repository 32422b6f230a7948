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
DRESSES = ("onvif",)


@dataclass
class Ward:
    """A virtual ward that runs, with its recorder in one dress."""

    control: int
    configuration: Path

    def fault(self, name: str, state: str) -> None:
        command = [str(BIN / "ward-sim"), "fault", name, "nvr-1", state, "--control", str(self.control)]
        subprocess.run(command, check=True, timeout=30, capture_output=True)

    def inspect(self) -> tuple[int, list[dict[str, Any]]]:
        command = [str(BIN / "ward-agent"), "recorder", "inspect", "-c", str(self.configuration), "nvr-1", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return done.returncode, json.loads(done.stdout)["channels"]


@pytest.fixture(scope="module", params=DRESSES)
def ward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("recorder")
    file = folder / "sim.toml"
    text = RECORDERS.read_text(encoding="utf-8")
    before, recorder = text.split('id = "nvr-1"')
    file.write_text(f'{before}id = "nvr-1"{recorder.replace("onvif", request.param)}', encoding="utf-8")
    configuration = folder / "ward.toml"
    command = [str(BIN / "ward-sim"), "run", "--ward", str(file), "--begin", "now", "--write-config"]
    running = subprocess.Popen([*command, str(configuration)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert running.stdout is not None
        ready = json.loads(running.stdout.readline())
        yield Ward(ready["control_port"], configuration)
    finally:
        running.terminate()
        running.wait(timeout=20)


def test_a_sound_recorder_is_met_and_every_moment_that_is_asked_replays(ward: Ward) -> None:
    status, channels = ward.inspect()
    assert (status, [each["verdict"] for each in channels]) == (0, ["met", "met"])
    assert [each["camera"] for each in channels] == ["cam-1", "cam-2"]
    proofs = [proof for each in channels for proof in each["proofs"]]
    assert len(proofs) == 8 and all(proof["decoded"] and proof["proves"] for proof in proofs)
    assert len({proof["sha256"] for proof in proofs}) == 8


@pytest.mark.parametrize("fault", ["recorder-gap", "recorder-short", "recorder-locked-clip"])
def test_what_befalls_a_recorder_is_found_in_its_index(ward: Ward, fault: str) -> None:
    ward.fault(fault, "on")
    try:
        status, channels = ward.inspect()
    finally:
        ward.fault(fault, "off")
    assert (status, [each["verdict"] for each in channels]) == (1, ["not_met", "not_met"])
    assert all(each["gaps"] for each in channels)
    assert all(proof["proves"] for each in channels for proof in each["proofs"])


def test_a_recorder_that_stops_is_seen_by_the_next_poll(ward: Ward) -> None:
    ward.fault("recorder-stop", "on")
    try:
        command = [str(BIN / "ward-agent"), "check", "-c", str(ward.configuration), "--device", "nvr-1", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    finally:
        ward.fault("recorder-stop", "off")
    readings = json.loads(done.stdout)["devices"][0]["readings"]
    assert (readings["recording/cam-1"], readings["recording/cam-2"]) == (0.0, 0.0)
