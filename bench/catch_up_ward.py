"""One ward of `make bench ARGS="catch-up"` as a process: the agent's journal and uplink, on devices that are made up.

It goes on until it is told to end; then it waits until the district holds all of it.
"""

from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import threading
from pathlib import Path

from bench.catch_up_journal import POLL_SECONDS, devices, inventory
from edge_agent.uplink.link import Broker
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from telemetry.clock import SystemClock


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench catch-up ward", description=__doc__)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--ward", required=True)
    parser.add_argument("--port", type=int, required=True, help="of the broker on this machine")
    parser.add_argument("--devices", type=int, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    clock, chance = SystemClock(), random.Random(options.ward)
    journal = Journal.open(options.journal, clock=clock, agent_version="bench")
    settings = UplinkSettings("bench", options.ward, Broker("127.0.0.1", options.port), "bench")
    uplink = Uplink(settings, journal, lambda _: True, clock, chance)
    journal.subscribe(uplink.offer)
    uplink.start()
    ward = devices(options.devices)
    journal.append(inventory(ward))
    turn = 0
    while not ending.wait(POLL_SECONDS / len(ward)):
        device = ward[turn % len(ward)]
        turn += 1
        payload = device.poll(clock.monotonic(), chance)
        if payload is not None:
            journal.append(payload, kind=device.kind, device=device.id)
    journal.finish()
    uplink.wait_until_committed(20.0)
    uplink.stop()
    journal.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
