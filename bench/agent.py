"""What an agent costs that watches the virtual ward: peak RSS in MB (10^6 bytes), share of one core in percent; first
with its cameras and their recorder, then without them, when neither OpenCV nor ONVIF is loaded.

The share is taken between two moments of the running agent, the first one after its start-up; the peak counts all.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from pathlib import Path

import psutil

from demo import plan as plans
from demo.console import Console, every_device_has_readings
from demo.run import Demo
from demo.run import arguments as demo_arguments

MOST_RSS_MB, MOST_CORE_PERCENT = 90.0, 3.0
MOST_WITH_CAMERAS_RSS_MB = 300.0
_SETTLE_SECONDS = 10.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench agent", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure (default 60)")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        figures = measure(Path(folder), options.seconds)
    if not options.json:
        print(f"targets: agent_rss_mb <= {MOST_RSS_MB:.0f}, agent_core_percent <= {MOST_CORE_PERCENT:.0f},", end=" ")
        print(f"with_cameras_rss_mb <= {MOST_WITH_CAMERAS_RSS_MB:.0f}")
    print(json.dumps(figures))
    good = figures["agent_rss_mb"] <= MOST_RSS_MB and figures["agent_core_percent"] <= MOST_CORE_PERCENT
    return 0 if good and figures["with_cameras_rss_mb"] <= MOST_WITH_CAMERAS_RSS_MB else 1


def measure(folder: Path, seconds: float) -> dict[str, float]:
    plan = plans.make(folder, None, 0)
    demo = Demo(plan, demo_arguments([]))
    try:
        password = demo.start()
        console = Console(plan.console, plans.USER, password)
        deadline = time.monotonic() + 60
        while (page := console.ward(plan.ward.id)) is None or not every_device_has_readings(page):
            if time.monotonic() > deadline:
                raise SystemExit("bench agent: the ward did not show its devices within 60 s")
            time.sleep(0.2)
        console.close()
        with_cameras_rss, with_cameras = _watched(demo.programs.agent.pid, seconds)
        demo.programs.agent.kill()
        left = _without_cameras(plan.ward_file)
        agent = demo.programs.agent
        agent.start()
        time.sleep(_SETTLE_SECONDS)
        rss, core = _watched(agent.pid, seconds)
    finally:
        demo.stop()
    return {
        "devices": float(left),
        "agent_rss_mb": round(rss, 1),
        "agent_core_percent": round(core, 2),
        "with_cameras_devices": float(len(page.devices)),
        "with_cameras_rss_mb": round(with_cameras_rss, 1),
        "with_cameras_core_percent": round(with_cameras, 2),
        "seconds": seconds,
    }


def _without_cameras(ward_file: Path) -> int:
    """Take cameras and their recorder out of the agent's configuration. Returns how many devices are left."""
    head, *tables = ward_file.read_text(encoding="utf-8").split("\n[[device]]\n")
    kept = [table for table in tables if not re.search(r'^kind = "(camera|recorder)"$', table, re.MULTILINE)]
    ward_file.write_text("\n[[device]]\n".join([head, *kept]), encoding="utf-8")
    return len(kept)


def _watched(pid: int, seconds: float) -> tuple[float, float]:
    """Peak RSS in MB since the process began, share of a core in percent while it is looked at."""
    process = psutil.Process(pid)
    before, started = _cpu_seconds(process), time.monotonic()
    time.sleep(seconds)
    spent = (_cpu_seconds(process) - before) / (time.monotonic() - started)
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    return peak_kb * 1024 / 1e6, 100 * spent


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
