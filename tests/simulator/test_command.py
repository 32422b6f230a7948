"""The command ward-sim, as a person or the demo uses it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from edge_agent import config as agent_config
from simulator import cli
from telemetry.kinds import Kind

WARD_SIM = Path(sys.executable).parent / "ward-sim"
MOST_SECONDS_TO_START = 3.0
MOST_CPU_SECONDS_TO_START = 1.5


@contextmanager
def running(folder: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A ward-sim process and what it said when it was ready; always ended."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    process = subprocess.Popen(
        [str(WARD_SIM), "run", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def ward_sim(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(WARD_SIM), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
    )


def test_it_is_ready_within_three_seconds(tmp_path: Path) -> None:
    tries: list[float] = []
    while len(tries) < 3 and min(tries, default=99.0) >= MOST_SECONDS_TO_START:  # others may have the processors
        began = time.monotonic()
        with running(tmp_path) as (process, ready):
            tries.append(time.monotonic() - began)
            used = psutil.Process(process.pid)
            cpu, rss = sum(used.cpu_times()[:2]), used.memory_info().rss / 1e6
        devices = len(ready["devices"])
        print(f"ready after {tries[-1]:.2f} s, {cpu:.2f} CPU s, {rss:.0f} MB, {devices} devices")  # noqa: T201
        assert cpu < MOST_CPU_SECONDS_TO_START
        assert rss < 120
        assert devices >= 12
    assert min(tries) < MOST_SECONDS_TO_START


def test_the_configuration_is_one_that_the_agent_takes(tmp_path: Path) -> None:
    file = tmp_path / "ward.toml"
    with running(tmp_path, "--write-config", file, "--broker", "127.0.0.1:9") as (_, ready):
        config = agent_config.load(file)
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    assert (config.ward.id, config.ward.name, config.ward.district) == ("hai-chau-1", "Phường Hải Châu 1", "hai-chau")
    assert raw["uplink"]["broker"] == f"mqtt://127.0.0.1:{ready['man_port']}"
    ids = {device["id"] for device in raw["device"]}
    assert ids == set(ready["devices"])
    assert {"ups-1", "ups-2", "printer-1", "printer-2", "switch-1", "server-1"} <= ids
    assert all(device["kind"] in set(Kind) for device in raw["device"])
    assert all(device.get("parent") in ids | {None} for device in raw["device"])
    parents = {device["id"]: device.get("parent") for device in raw["device"]}
    assert all(device not in ancestors(device, parents) for device in parents)
    assert (parents["uplink-backup"], parents["service-1"], parents["tablet-1"]) == (
        "router-1",
        "uplink-man",
        "switch-1",
    )
    secret = [device for device in raw["device"] if "auth_file" in device]
    assert [device["id"] for device in secret] == ["router-1", "uplink-man", "uplink-backup"]  # one router tells of all
    for key in ("auth_file", "priv_file"):
        mode = (tmp_path / secret[0][key]).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600


def ancestors(device: str, parents: dict[str, str | None]) -> list[str]:
    """What a device hangs on, and what that hangs on; ends where a circle closes."""
    found: list[str] = []
    above = parents[device]
    while above is not None and above not in found:
        found.append(above)
        above = parents[above]
    return found


def test_keys_stay_the_same_over_a_restart(tmp_path: Path) -> None:
    file, key = tmp_path / "ward.toml", tmp_path / "secrets" / "router-1.auth"
    with running(tmp_path, "--write-config", file):
        first = key.read_bytes()
    with running(tmp_path, "--write-config", file):
        assert key.read_bytes() == first


def test_a_fault_finds_the_running_ward_by_itself_and_by_its_port(tmp_path: Path) -> None:
    with running(tmp_path) as (_, ready):
        on = ward_sim(tmp_path, "fault", "power-cut", "ups-1", "on")
        assert (on.returncode, on.stdout) == (0, "Đã bật sự cố: Mất điện (ups-1).\n  Fault on: Power cut (ups-1).\n")
        listed = ward_sim(tmp_path, "faults", "--control", ready["control_port"], "--json")
        active = {one["name"]: one.get("active", []) for one in json.loads(listed.stdout)}
        assert active["power-cut"] == ["ups-1"]
        assert "power-cut ups-1" in ward_sim(tmp_path, "faults").stdout
        elsewhere = ("--control", ready["control_port"])
        assert ward_sim(tmp_path / "x", "fault", "power-cut", "ups-1", "off", *elsewhere).returncode == 0
        assert "Không có sự cố nào" in ward_sim(tmp_path, "faults").stdout
        state = json.loads(ward_sim(tmp_path, "state").stdout)
        assert state["devices"]["ups-1"]["reachable"] is True
    gone = ward_sim(tmp_path, "faults")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert "ward-sim run" in gone.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fault", "printer-jam", "printer-1", "maybe"), "maybe"),
        (("run", "--begin", "noon"), "noon"),
        (("run", "--broker", "nowhere"), "nowhere"),
        (("run", "--cut", "scissors"), "scissors"),
        (("run", "--ward", "/nowhere.toml"), "/nowhere.toml"),
        (("run", "--speed", "0"), "--speed"),
    ],
)
def test_a_wrong_option_is_refused_with_status_2(arguments: tuple[str, ...], words: str) -> None:
    told = CliRunner().invoke(cli.app, list(arguments))
    assert told.exit_code == 2
    assert words in told.output


def test_a_wrong_fault_is_told_in_words_with_status_2(tmp_path: Path) -> None:
    with running(tmp_path):
        for arguments, words in (
            (("fault", "earthquake", "ward", "on"), "power-cut, switch-port-down"),
            (("fault", "printer-jam", "ups-1", "on"), "printer-1, printer-2, printer-3"),
        ):
            told = ward_sim(tmp_path, *arguments)
            assert told.returncode == 2
            assert words in told.stderr
            assert "Traceback" not in told.stderr


WARD = '[ward]\nid = "a"\nname = "A"\ndistrict = "d"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[ward", "ward.toml"),
        (WARD, "device"),
        (WARD + 'colour = "red"\n[[device]]\nid="x"\nmodel="ups"\n', "colour"),
        (WARD + '[[device]]\nid="x"\nmodel="toaster"\n', "toaster"),
        (WARD + '[[device]]\nid="x"\nmodel="ups"\nfeed="y"\n', "feed"),
        (WARD + '[[device]]\nid="x"\nmodel="ups"\nport=3\n', "switch"),
        (WARD + 2 * '[[device]]\nid="x"\nmodel="ups"\n', "twice"),
        (WARD + '[[device]]\nid="x"\nmodel="switch-24"\n[[device]]\nid="y"\nmodel="ups"\nport=30\n', "24"),
    ],
)
def test_a_ward_file_that_cannot_be_is_refused_with_where_and_why(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "ward.toml"
    file.write_text(text, encoding="utf-8")
    told = CliRunner().invoke(cli.app, ["run", "--ward", str(file)])
    assert told.exit_code == 2
    assert words in told.output


def test_a_port_that_is_taken_is_told_and_nothing_is_left_behind(tmp_path: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    with running(tmp_path, "--control", port):
        told = ward_sim(tmp_path, "run", "--control", port, "--write-config", tmp_path / "second.toml")
        assert told.returncode == 1
        assert "Traceback" not in told.stderr
        assert not (tmp_path / "second.toml").exists()
        assert ward_sim(tmp_path, "faults").returncode == 0


def test_time_can_be_sped_up(tmp_path: Path) -> None:
    with running(tmp_path, "--speed", "1000"):
        ward_sim(tmp_path, "fault", "power-cut", "ward", "on")
        deadline = time.monotonic() + 60.0
        while (state := json.loads(ward_sim(tmp_path, "state").stdout))["devices"]["ups-2"]["reachable"]:
            assert time.monotonic() < deadline, "half an hour of battery has not passed in a minute"
    assert state["devices"]["workstation-1"]["powered"] is False
