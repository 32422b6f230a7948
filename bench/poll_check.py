"""How long `ward-agent check` takes for 40 devices of which 10 do not answer, the command's start included."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path

from bench.poll_exporter import free_ports
from bench.snmp_agents import SILENT, running
from demo.processes import BIN

MOST_TIMEOUTS = 2.0
TIMEOUT = 5  # seconds; what a device has without a setting
_DEVICES = (("switch-24", "switch", 6), ("ups", "ups", 4), ("printer", "printer", 12), ("computer", "workstation", 8))
_SILENT = 10


def measure(folder: Path) -> dict[str, float | bool]:
    """The figures; SystemExit where the check does not find what is there."""
    devices = [(model, kind) for model, kind, count in _DEVICES for _ in range(count)] + [(SILENT, "printer")] * _SILENT
    asked = [(port, *device) for port, device in zip(free_ports(socket.SOCK_DGRAM, len(devices)), devices, strict=True)]
    lines = ["[ward]", 'id = "bench"', 'name = "Bench"', 'district = "bench"']
    for at, (port, _, kind) in enumerate(asked):
        lines += ["[[device]]", f'id = "{kind}-{at}"', f'kind = "{kind}"', 'protocol = "snmp"', 'host = "127.0.0.1"']
        lines += [f"port = {port}", f'timeout = "{TIMEOUT}s"']
    file = folder / "check.toml"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    with running(folder, [(port, model) for port, model, _ in asked]):
        started = time.monotonic()
        command = [str(BIN / "ward-agent"), "check", "-c", str(file), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        seconds = time.monotonic() - started
    reached = sum(device["reachable"] for device in json.loads(done.stdout)["devices"])
    if reached != len(asked) - _SILENT:
        raise SystemExit(f"bench poll: {reached} of {len(asked)} devices were reached, {_SILENT} are silent")
    return {
        "check_40_seconds": round(seconds, 2),
        "check_40_seconds_per_timeout": round(seconds / TIMEOUT, 3),
    }
