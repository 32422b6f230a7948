"""What an agent costs that watches the virtual ward: peak RSS in MB (10^6 bytes), share of one core in percent.

The share is taken between two moments of the running agent, the first one after its start-up; the peak counts all.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import psutil

from demo import plan as plans
from demo.console import Console, every_device_has_readings
from demo.run import Demo
from demo.run import arguments as demo_arguments

MOST_RSS_MB = 300.0  # pictures are judged; without a camera OpenCV is not loaded
MOST_CORE_PERCENT = 3.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench agent", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure (default 60)")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        figures = measure(Path(folder), options.seconds)
    if not options.json:
        print(f"targets: agent_rss_mb <= {MOST_RSS_MB:.0f}, agent_core_percent <= {MOST_CORE_PERCENT:.0f}")
    print(json.dumps(figures))
    good = figures["agent_rss_mb"] <= MOST_RSS_MB and figures["agent_core_percent"] <= MOST_CORE_PERCENT
    return 0 if good else 1


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
        agent = psutil.Process(demo.programs.agent.pid)
        before, started = _cpu_seconds(agent), time.monotonic()
        time.sleep(seconds)
        spent = (_cpu_seconds(agent) - before) / (time.monotonic() - started)
    finally:
        demo.stop()
    return {
        "devices": float(len(page.devices)),
        "agent_rss_mb": round(demo.programs.agent.usage.peak_rss_mb, 1),
        "agent_core_percent": round(100 * spent, 2),
        "seconds": seconds,
    }


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
