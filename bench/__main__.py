"""`make bench`: every benchmark, or `make bench ARGS="NAME --json"` for one; each prints one JSON line last."""

from __future__ import annotations

import importlib
import subprocess
import sys

# A new benchmark is a module with `main(arguments) -> int` and a line here.
BENCHMARKS = {
    "poll": "bench.poll",  # SNMP from wire to durable entry beside prometheus-snmp-exporter, 200 devices, a check of 40
    "agent": "bench.agent",  # memory and processor of an agent that watches a ward
    "ingest": "bench.ingest",  # readings from MQTT to the committed store
    "man-bytes": "bench.man_bytes",  # what a ward of 40 devices sends for an hour, beside MQTT with JSON and Influx
    "store": "bench.store",  # the embedded store alone
    "console": "bench.console",  # a page of 40 devices, 200 pages that listen
    "live": "bench.live",  # the live picture: relay, fan-out, glass to glass, a narrow line
    "watch": "bench.watch",  # 16 cameras watched and judged, beside copying and decoding them; a whole agent's memory
    "picture": "bench.picture",  # hits and false alarms of the picture's judges on real footage
    "catch-up": "bench.catch_up",  # a ward after 7 days without its district, and whom it keeps waiting
    "backup": "bench.backup",  # a store that is written to while it is backed up
    "rebuild": "bench.rebuild",  # a district that lost all, made again from its ward's journal
    "power-loss": "bench.power_loss",  # journals cut off under load
}


def main(arguments: list[str]) -> int:
    if arguments and not arguments[0].startswith("-"):
        name, *rest = arguments
        if name not in BENCHMARKS:
            print(f"no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
            return 2
        done: int = importlib.import_module(BENCHMARKS[name]).main(rest)
        return done
    worst = 0
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        # A process each, so that one's memory and imports are not counted as another's.
        worst = max(worst, subprocess.run([sys.executable, "-m", "bench", name, *arguments]).returncode)
    return worst


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
