"""An agent that watches 200 SNMP devices every 30 s: share of one core in per cent, peak RSS in MB (10^6 bytes).

A real `ward-agent run` with journal and uplink (a real mosquitto); the devices answer from a process whose own time is
not counted. The share is taken between two moments of the running agent, the first after each device was read once.
Which modules it had loaded, it tells itself at its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from bench.poll_exporter import free_ports
from bench.snmp_agents import running
from journal.journal import Journal
from telemetry.clock import SystemClock
from telemetry.entry import Readings, decode
from telemetry.readings import REACHABLE, Reading

MOST_CORE_PERCENT = 10.0
MOST_RSS_MB = 150.0
INTERVAL = 30  # seconds
_START_SECONDS = 60.0  # the first polls are spread over an interval; then everything is learned

# A ward with more than its share of everything: model of the answering side, kind, how many.
_WARD = (
    ("switch-24", "switch", 30),
    ("ups", "ups", 20),
    ("printer", "printer", 50),
    ("sensor", "sensor", 20),
    ("computer", "server", 20),
    ("computer", "workstation", 60),
)
# The command as it is, plus a list of what it had imported when it ended.
_TELLING = """
import atexit, json, sys
atexit.register(lambda: open(sys.argv.pop(), "w").write(json.dumps(sorted(sys.modules))))
from edge_agent.cli import main
told, sys.argv = sys.argv[-1], ["ward-agent", "run", "-c", sys.argv[1]]
atexit.register(lambda: sys.argv.append(told))
main()
"""


def measure(folder: Path, seconds: float) -> dict[str, float | bool]:
    """The figures; SystemExit where the agent does not reach its devices."""
    broker = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if broker is None:
        raise SystemExit("bench poll: not installed: mosquitto")
    devices = [(model, kind) for model, kind, count in _WARD for _ in range(count)]
    asked = [(port, *device) for port, device in zip(free_ports(socket.SOCK_DGRAM, len(devices)), devices, strict=True)]
    (mqtt,) = free_ports(socket.SOCK_STREAM, 1)
    told = folder / "modules.json"
    configuration = _configuration(folder, asked, mqtt)
    agents = running(folder, [(port, model) for port, model, _ in asked])
    with agents, _process([broker, "-p", str(mqtt)], folder):
        command = [sys.executable, "-c", _TELLING, str(configuration), str(told)]
        with _process(command, folder) as agent:
            _wait(agent, _START_SECONDS)
            before, started = _cpu_seconds(agent), time.monotonic()
            _wait(agent, seconds)
            spent = (_cpu_seconds(agent) - before) / (time.monotonic() - started)
            peak = _peak_rss_mb(agent)
    modules = set(json.loads(told.read_text(encoding="utf-8")))
    return {
        "devices_200": float(len(asked)),
        "devices_200_reached": float(_reached(folder)),
        "devices_200_core_percent": round(100 * spent, 2),
        "devices_200_rss_mb": round(peak, 1),
        "pysnmp_loaded": "pysnmp" in modules,
        "onvif_loaded": bool(modules & {"onvif", "zeep"}),
    }


def _configuration(folder: Path, asked: Sequence[tuple[int, str, str]], mqtt: int) -> Path:
    lines = ["[ward]", 'id = "bench"', 'name = "Bench"', 'district = "bench"']
    lines += ["[uplink]", f'broker = "mqtt://127.0.0.1:{mqtt}"']
    lines += ["[agent]", f'data_dir = "{folder / "data"}"', 'log_level = "warning"']
    for at, (port, _, kind) in enumerate(asked):
        lines += ["[[device]]", f'id = "{kind}-{at}"', f'kind = "{kind}"', 'protocol = "snmp"', 'host = "127.0.0.1"']
        lines += [f"port = {port}", f'interval = "{INTERVAL}s"', f'fast_interval = "{INTERVAL}s"']
    file = folder / "ward.toml"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file


@contextmanager
def _process(command: Sequence[str], folder: Path) -> Iterator[psutil.Process]:
    with (folder / "bench.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait(agent: psutil.Process, seconds: float) -> None:
    time.sleep(seconds)
    if not agent.is_running() or agent.status() == psutil.STATUS_ZOMBIE:
        raise SystemExit("bench poll: the agent ended")


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _peak_rss_mb(process: psutil.Process) -> float:
    """VmHWM: the most it ever had, not what it has now."""
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit("bench poll: /proc tells no VmHWM")


def _reached(folder: Path) -> int:
    """How many devices the agent's journal holds as reached. All must be, or the figures mean little."""
    reached: set[str] = set()
    with closing(Journal.open(folder / "data" / "journal.db", clock=SystemClock(), agent_version="bench")) as journal:
        for held in journal.held():
            position = held.first_position
            while batch := journal.read(held.incarnation, position, held.last_position):
                for _, data in batch:
                    entry = decode(data)
                    if isinstance(entry.payload, Readings) and (Reading(REACHABLE, 1.0) in entry.payload.readings):
                        reached.add(entry.device)
                position = batch[-1][0] + 1
                if position > held.last_position:
                    break
    return len(reached)
