"""SNMP: its cost beside prometheus-snmp-exporter, an agent with 200 devices, and how long a check of 40 takes."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench import poll_check, poll_devices, poll_exporter

PARTS = ("exporter", "devices", "check")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench poll", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--polls", type=int, default=200, help="polls and scrapes beside the exporter (default 200)")
    parser.add_argument("--seconds", type=float, default=90.0, help="how long 200 devices are watched (default 90)")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    figures: dict[str, float | bool] = {}
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as made:
        folder = Path(made)
        if options.only in (None, "exporter"):
            figures |= poll_exporter.measure(folder, options.polls)
        if options.only in (None, "devices"):
            figures |= poll_devices.measure(folder, options.seconds)
        if options.only in (None, "check"):
            figures |= poll_check.measure(folder)
    missed = _missed(figures)
    if not options.json:
        print("\n".join(missed) or "every target is kept")
    print(json.dumps(figures))
    return 1 if missed else 0


def _missed(figures: dict[str, float | bool]) -> list[str]:
    """The targets that were not kept, in words."""
    most = {
        "ratio_to_exporter": poll_exporter.MOST_RATIO,
        "devices_200_core_percent": poll_devices.MOST_CORE_PERCENT,
        "devices_200_rss_mb": poll_devices.MOST_RSS_MB,
        "pysnmp_loaded": False,
        "onvif_loaded": False,
        "check_40_seconds_per_timeout": poll_check.MOST_TIMEOUTS,
    }
    return [f"{name} is {figures[name]}, over {limit}" for name, limit in most.items() if figures.get(name, 0) > limit]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
