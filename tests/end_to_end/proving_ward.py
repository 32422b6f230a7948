"""A ward that proves: the agent's own journal, uplink and pictures in a process, without devices.

Each line on standard input is a moment (µs) to journal a replay proof of, "coverage", or "polls N": that many polls of
five made-up devices, and now and then a condition. The end of input ends it.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import threading
import time
from pathlib import Path

from edge_agent.blobs import FOLDER, BlobStore
from edge_agent.live.hub_address import Hub
from edge_agent.uplink.link import Broker
from edge_agent.uplink.pictures import PictureSender
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from journal.model import JournalSettings
from telemetry.clock import SystemClock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Readings
from telemetry.evidence import Coverage, Day, ReplayProof, Verdict, pack
from telemetry.readings import DeviceInfo, Inventory, Reading
from tests.telemetry.test_jpeg import made

CAMERA, RECORDER = "cam-1", "nvr-1"
WARD, DISTRICT = "hai-chau-1", "hai-chau"
SMALL = made(320, 180, b"the newest")


def picture(moment_us: int) -> bytes:
    """What the recorder showed of that moment."""
    return made(640, 360, b"%d" % moment_us)


def proof(moment_us: int) -> ReplayProof:
    return ReplayProof(
        recorder=RECORDER,
        camera=CAMERA,
        asked_us=moment_us,
        shown_us=moment_us + 200_000,
        decoded=True,
        proves=True,
        frame_sha256=hashlib.sha256(b"%d" % moment_us).hexdigest(),
    )


def coverage() -> Coverage:
    day = Day(date="2026-11-25", open_percent=100.0, whole_percent=99.9)
    return Coverage(recorder=RECORDER, camera=CAMERA, verdict=Verdict.MET, from_us=0, to_us=1, days=(day,))


def poll(number: int, chance: random.Random) -> tuple[str, Readings]:
    """One device's, of ten metrics."""
    readings = [Reading("port_rx_bits_per_second", chance.random() * 1e9, f"Gi1/0/{port}") for port in range(4)]
    readings += [Reading("temperature_celsius", chance.randrange(200, 400) / 10, f"S{sensor}") for sensor in range(5)]
    return f"switch-{number % 5}", Readings([Reading("reachable", 1.0), *readings])


def polls(journal: Journal, count: int) -> None:
    chance = random.Random()
    for number in range(count):
        device, readings = poll(number, chance)
        journal.append(readings, kind="switch", device=device)
        if number % 100 == 0:
            state = ConditionState.RAISED if number % 200 else ConditionState.CLEARED
            condition = Condition(device, "port_down", f"Gi1/0/{number}", state, Severity.ATTENTION, number)
            journal.append(condition, kind="switch", device=device)
        if number % 5 == 4:
            time.sleep(0.002)  # a device has one value a millisecond, and memory's queue stays short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--hub", required=True)
    options = parser.parse_args()
    clock = SystemClock()
    settings = JournalSettings(commit_interval_seconds=0.05)
    journal = Journal.open(options.folder / "journal.db", clock=clock, agent_version="0", settings=settings)
    blobs = BlobStore(options.folder / FOLDER, clock)
    pictures = PictureSender(WARD, blobs, Hub(options.hub))
    uplink = Uplink(
        UplinkSettings(DISTRICT, WARD, Broker.from_url(options.broker), "0", retry_seconds=(0.2, 1.0)),
        *(journal, lambda device: False, clock, random.Random()),
        pictures=pictures,
    )
    journal.subscribe(uplink.offer)
    uplink.start()
    journal.append(Inventory("Phường", (DeviceInfo(CAMERA, "camera"), DeviceInfo(RECORDER, "recorder"))))
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            blobs.set_thumbnail(CAMERA, SMALL)

    threading.Thread(target=look, daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "coverage":
            journal.append(pack(coverage()), kind="camera", device=CAMERA)
        elif line.startswith("polls "):
            polls(journal, int(line.split()[1]))
        else:
            moment_us = int(line)
            sha256 = blobs.put(picture(moment_us))
            journal.append(pack(proof(moment_us), (sha256,)), kind="camera", device=CAMERA)
    stop.set()
    pictures.close()
    journal.finish()
    uplink.stop()
    journal.close()


if __name__ == "__main__":
    main()
