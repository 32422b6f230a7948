"""A UPS that is asked every 30 s says by a trap that the mains are gone: the ward knows within a second or so."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from journal.events import events_newest_first
from journal.model import JournalError
from telemetry.conditions import Condition
from telemetry.entry import Facts, Payload, decode

BIN = Path(sys.executable).parent
SECONDS = 20.0  # how long anything may take on a busy machine
TARGET_SECONDS = 1.5  # from the trap to the durable condition
WARD = '[ward]\nid = "test-ward"\nname = "Phường thử"\ndistrict = "test"\n'


@contextmanager
def virtual_ups(folder: Path) -> Iterator[tuple[int, Callable[[str], None]]]:
    """A virtual ward with one UPS: its SNMP port, and the switch of its mains."""
    ward, config = folder / "sim.toml", folder / "config.toml"
    ward.write_text(WARD + '[[device]]\nid = "ups-1"\nmodel = "ups"\n', encoding="utf-8")
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    command = [BIN / "ward-sim", "run", "--ward", ward, "--write-config", config]
    process = subprocess.Popen(
        list(map(str, command)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        [device] = tomllib.loads(config.read_text(encoding="utf-8"))["device"]

        def power_cut(state: str) -> None:
            switch = [BIN / "ward-sim", "fault", "power-cut", "ward", state]
            subprocess.run(list(map(str, switch)), env=environment, check=True, timeout=SECONDS, capture_output=True)

        yield int(device["port"]), power_cut
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=SECONDS)


@contextmanager
def agent(folder: Path, ups_port: int, trap_port: int) -> Iterator[Path]:
    """An agent that asks the UPS every 30 s, its vital values too; the path of its journal."""
    config = folder / "ward.toml"
    config.write_text(
        WARD + f'[traps]\nlisten = "127.0.0.1"\nport = {trap_port}\n[[device]]\nid = "ups-1"\nkind = "ups"\n'
        f'protocol = "snmp"\nhost = "127.0.0.1"\nport = {ups_port}\ninterval = "30s"\nfast_interval = "30s"\n',
        encoding="utf-8",
    )
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen([str(BIN / "ward-agent"), "run", "-c", str(config)], stdout=log, stderr=log)
    try:
        yield folder / "data" / "journal.db"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=SECONDS) == 0, (folder / "agent.log").read_text(encoding="utf-8")


def journaled(journal: Path) -> list[Payload]:
    try:
        return [decode(entry).payload for entry in events_newest_first(journal)]
    except JournalError:
        return []


def wait_for(what: str, good: Callable[[], bool], seconds: float = SECONDS) -> float:
    began = time.monotonic()
    while not good():
        assert time.monotonic() - began < seconds, f"{what} did not come"
        time.sleep(0.02)
    return time.monotonic() - began


def on_battery(journal: Path) -> bool:
    return any(isinstance(each, Condition) and each.rule == "ups_on_battery" for each in journaled(journal))


@pytest.mark.peer("snmptrap")
def test_a_trap_makes_a_power_cut_known_within_about_a_second(
    tmp_path: Path, peer: Callable[[str], str], free_port: Callable[[int], int]
) -> None:
    trap_port = free_port(socket.SOCK_DGRAM)
    with virtual_ups(tmp_path) as (ups_port, power_cut), agent(tmp_path, ups_port, trap_port) as journal:
        wait_for("the first poll", lambda: any(isinstance(each, Facts) for each in journaled(journal)))
        time.sleep(1.2)  # the first poll has ended, the next is half a minute away
        power_cut("on")
        time.sleep(1.5)
        assert not on_battery(journal), "it was known without a trap: this proves nothing"
        trap = [peer("snmptrap"), "-v2c", "-c", "public", f"127.0.0.1:{trap_port}", "", "1.3.6.1.2.1.33.2.1"]
        sent = time.monotonic()
        subprocess.run(trap, check=True, timeout=SECONDS)
        wait_for("the condition", lambda: on_battery(journal))
        taken = time.monotonic() - sent
        print(f"known {taken:.2f} s after the trap")  # noqa: T201
        assert taken < TARGET_SECONDS
