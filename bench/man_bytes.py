"""What one ward costs on the MAN: bytes for an hour of 40 devices, by a real agent, broker and hub as processes in
two network namespaces, counted on the cable between them, both directions, everything included (statuses,
confirmations, acknowledgements). Beside it the same readings as JSON by MQTT and as Influx line protocol, gzipped, over
the same cable.

TCP bytes are what the connections carried; IP bytes have the headers of TCP and IP too, which count more the sooner a
reading is sent: ours go within a second, Influx's every ten, or every second. Cameras are left out: their
pictures go by HTTPS, and only while somebody looks.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.agent import _without_cameras
from bench.man_line import DISTRICT, Crossed, Line, line
from bench.man_peers import influx_over_http, json_over_mqtt
from demo.processes import BIN, Program
from journal.verify import read_entries
from telemetry.entry import Entry, Readings, decode

BROKER_PORT = 1883
WARM_SECONDS = 100.0  # until every device was asked twice, and the district remembers entries of each
_WARD_ID = "hai-chau-1"
# Beside the virtual ward's 32 that are no cameras: what a ward has more of, at the same addresses.
_TWICE = ("switch-1", "ups-1", "printer-1", "printer-2", "workstation-1", "workstation-2", "sensor-1", "service-1")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench man-bytes", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long to count (default 5)")
    parser.add_argument("--keep", type=Path, help="leave journal and logs in this folder")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as name, line() as cable:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        figures = measure(folder, cable, 60.0 * options.minutes)
    if not options.json:
        print("target: wardwatch_ip_kb and wardwatch_tcp_kb no more than the smallest of the others")
    print(json.dumps(figures))
    return 0 if figures["ip_ratio"] <= 1 and figures["tcp_ratio"] <= 1 else 1


def measure(folder: Path, cable: Line, seconds: float) -> dict[str, float]:
    began_us, ended_us, devices, ours = _ward(folder, cable, seconds)
    entries = _readings(folder / "agent" / "journal.db", began_us, ended_us)
    _say(f"{len(entries)} entries in {seconds:.0f} s; the same by the others")
    broker = Program("mosquitto", cable.inside("district", *_broker(folder)), folder / "mosquitto.log")
    broker.start()
    try:
        time.sleep(1.0)
        others = {
            "json_mqtt": json_over_mqtt(cable, BROKER_PORT, _WARD_ID, entries),
            "influx_gzip_10s": influx_over_http(cable, _WARD_ID, entries, 10),
            "influx_gzip_1s": influx_over_http(cable, _WARD_ID, entries, 1),
        }
    finally:
        broker.stop(5)
    figures = {"devices": float(devices), "seconds": seconds, "entries_per_hour": _hourly(len(entries), seconds)}
    readings = sum(len(each.payload.readings) for each in entries if isinstance(each.payload, Readings))
    figures["readings_per_hour"] = _hourly(readings, seconds)
    for what, crossed in {"wardwatch": ours, **others}.items():
        figures[f"{what}_ip_kb"] = _hourly(crossed.ip_bytes / 1000, seconds)
        figures[f"{what}_tcp_kb"] = _hourly(crossed.tcp_bytes / 1000, seconds)
        figures[f"{what}_packets"] = _hourly(crossed.packets, seconds)
    figures["ip_ratio"] = round(ours.ip_bytes / min(each.ip_bytes for each in others.values()), 3)
    figures["tcp_ratio"] = round(ours.tcp_bytes / min(each.tcp_bytes for each in others.values()), 3)
    return figures


def _ward(folder: Path, cable: Line, seconds: float) -> tuple[int, int, int, Crossed]:
    """From when to when (µs) was counted, how many devices, and what crossed."""
    ward_file, district_file = folder / "ward.toml", folder / "district.toml"
    district_file.write_text(
        f'[district]\nid = "hai-chau"\nname = "Hải Châu"\n[broker]\nurl = "mqtt://{DISTRICT}:{BROKER_PORT}"\n'
        f'[console]\nlisten = "127.0.0.1:8080"\n[[ward]]\nid = "{_WARD_ID}"\nname = "{_WARD_ID}"\n',
        encoding="utf-8",
    )

    def program(name: str, machine: str, *command: str | Path) -> Program:
        return Program(name, cable.inside(machine, *command), folder / f"{name}.log")

    url = f"mqtt://{DISTRICT}:{BROKER_PORT}"
    agent = ("run", "-c", ward_file, "--data-dir", folder / "agent", "--broker", url)
    programs = [
        program("broker", "district", *_broker(folder)),
        program("district", "district", BIN / "ward-district", "run", "-c", district_file),
        program("simulator", "ward", BIN / "ward-sim", "run", "--write-config", ward_file),
        program("agent", "ward", BIN / "ward-agent", *agent),
    ]
    try:
        for each in programs[:-1]:
            each.start()
        devices = _forty(ward_file, programs[2])
        programs[-1].start()
        _say(f"{devices} devices; counting begins in {WARM_SECONDS:.0f} s and takes {seconds:.0f} s")
        time.sleep(WARM_SECONDS)
        before, began_us = cable.crossed(BROKER_PORT), time.time_ns() // 1000
        time.sleep(seconds)
        ours, ended_us = cable.crossed(BROKER_PORT) - before, time.time_ns() // 1000
        for each in programs:
            if not each.running:
                raise SystemExit(f"bench man-bytes: {each.name} ended\n{each.last_words()}")
    finally:
        for each in reversed(programs):
            each.stop(20)
    return began_us, ended_us, devices, ours


def _forty(ward_file: Path, simulator: Program) -> int:
    """Wait for the virtual ward, and have its configuration name 40 devices, without cameras and pictures."""
    deadline = time.monotonic() + 30
    while not ward_file.exists():
        if time.monotonic() > deadline or not simulator.running:
            raise SystemExit(f"bench man-bytes: no virtual ward\n{simulator.last_words()}")
        time.sleep(0.1)
    count = _without_cameras(ward_file)
    text = re.sub(r"(?m)^hub = .*\n", "", ward_file.read_text(encoding="utf-8"))
    tables = text.split("\n[[device]]\n")[1:]
    for device in _TWICE:
        (table,) = [each for each in tables if f'id = "{device}"\n' in each]
        text += "\n[[device]]\n" + table.replace(f'id = "{device}"', f'id = "{device}-more"')
        count += 1
    ward_file.write_text(text, encoding="utf-8")
    return count


def _broker(folder: Path) -> Sequence[str | Path]:
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        raise SystemExit("bench man-bytes: mosquitto is not installed")
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {BROKER_PORT} {DISTRICT}\nallow_anonymous true\n", encoding="utf-8")
    return program, "-c", file


def _readings(file: Path, began_us: int, ended_us: int) -> list[Entry]:
    """The entries with readings that the ward made meanwhile, in order."""
    entries = [decode(data) for _, _, data in read_entries(file)]
    return [each for each in entries if began_us <= each.wall_time_us < ended_us and isinstance(each.payload, Readings)]


def _hourly(number: float, seconds: float) -> float:
    return round(number * 3600 / seconds, 1)


def _say(what: str) -> None:
    print(f"man-bytes: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
