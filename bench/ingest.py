"""What the district's hub costs: readings from MQTT (a real mosquitto) to the committed store, as processes.

CPU is user+sys of the hub's process while the load runs, by /proc; RSS its peak, in MB (10^6 bytes); lag from an
entry's making to its commit, by the hub's own statistics. Each ward sends one batch a second, as an agent does.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from demo.processes import BIN, Program
from simulator.net.ports import free_port
from telemetry import wire_pb2 as wire
from telemetry.clock import ClockState
from telemetry.entry import Entry, Lifecycle, LifecycleEvent, Payload, Readings, encode
from telemetry.readings import REACHABLE, Reading

MOST_CPU_SECONDS = 0.08
USER = "bench"


@dataclass(slots=True)
class Load:
    """A district's wards: `entries` polls of `readings` numbers in each ward's batch, one batch a second."""

    wards: int
    entries: int
    readings: int
    seconds: float


class Ward:
    """The journal of one made-up ward."""

    def __init__(self, number: int, load: Load) -> None:
        self.id = f"ward-{number}"
        self.incarnation = number.to_bytes(16, "big")
        self.position = 0
        self._load = load

    def start(self) -> bytes:
        return self._batch([self._entry(Lifecycle(LifecycleEvent.STARTED, "bench"), "")])

    def poll(self, turn: int) -> bytes:
        """A second's batch: its devices take turns, their numbers move."""
        entries = []
        for number in range(self._load.entries):
            readings = [Reading(REACHABLE, 1.0)]
            readings += [
                Reading("port_in_bits_per_second", float((turn * 7919 + port * 104729) % 10**8), str(port))
                for port in range(self._load.readings - 1)
            ]
            device = f"switch-{(turn * self._load.entries + number) % 20}"
            entries.append(self._entry(Readings(readings), device))
        return self._batch(entries)

    def status(self) -> bytes:
        message = wire.Status(
            online=True,
            incarnation=self.incarnation,
            first_position=1,
            head_position=self.position,
            agent_version="bench",
        )
        return message.SerializeToString()

    def _entry(self, payload: Payload, device: str) -> bytes:
        self.position += 1
        return encode(
            Entry(
                incarnation=self.incarnation,
                position=self.position,
                wall_time_us=time.time_ns() // 1000,
                boot_id=bytes(16),
                monotonic_us=time.monotonic_ns() // 1000,
                clock_state=ClockState.SYNCHRONISED,
                kind="switch" if device else "",
                device=device,
                payload=payload,
            )
        )

    def _batch(self, entries: list[bytes]) -> bytes:
        first = self.position - len(entries) + 1
        return wire.Batch(incarnation=self.incarnation, first_position=first, entries=entries).SerializeToString()


class District:
    """The processes: broker and hub, and a signed-in reader of its statistics."""

    def __init__(self, folder: Path, wards: list[Ward]) -> None:
        self.broker_port, self.console_port = free_port(), free_port()
        broker = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if broker is None:
            raise SystemExit("bench ingest: mosquitto is not installed")
        broker_file, self._file = folder / "mosquitto.conf", folder / "district.toml"
        broker_file.write_text(f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
        names = "".join(f'[[ward]]\nid = "{ward.id}"\nname = "{ward.id}"\n' for ward in wards)
        self._file.write_text(
            f'[district]\nid = "bench"\nname = "Bench"\n[broker]\nurl = "mqtt://127.0.0.1:{self.broker_port}"\n'
            f'[console]\nlisten = "127.0.0.1:{self.console_port}"\n{names}',
            encoding="utf-8",
        )
        self.broker = Program("mosquitto", (broker, "-c", broker_file), folder / "mosquitto.log")
        command = (BIN / "ward-district", "run", "-c", self._file)
        self.hub = Program("district", command, folder / "district.log")
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{self.console_port}", timeout=10)

    def start(self) -> None:
        self.broker.start()
        password = self._run("user", "add", USER, "--role", "district").split()[-1]
        self.hub.start()
        deadline = time.monotonic() + 30
        while True:
            try:
                self._client.post("/api/session", json={"user": USER, "password": password}).raise_for_status()
                return
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise SystemExit(f"bench ingest: no hub\n{self.hub.last_words()}") from None
                time.sleep(0.1)

    def statistics(self) -> dict[str, float]:
        found: dict[str, float] = self._client.get("/api/statistics").raise_for_status().json()
        return found

    def readings_committed(self) -> int:
        """From the files, after the hub has ended."""
        counts = json.loads(self._run("counts", "--json"))
        return sum(ward["readings_committed"] for ward in counts["wards"])

    def stop(self) -> None:
        self._client.close()
        self.hub.stop(seconds=20)
        self.broker.stop(seconds=5)

    def _run(self, *arguments: str) -> str:
        command = [str(BIN / "ward-district"), *arguments, "-c", str(self._file)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def measure(folder: Path, load: Load) -> dict[str, float]:
    wards = [Ward(number, load) for number in range(1, load.wards + 1)]
    district = District(folder, wards)
    try:
        district.start()
        client = Client(CallbackAPIVersion.VERSION2, "bench")
        client.connect("127.0.0.1", district.broker_port)
        client.loop_start()
        for ward in wards:
            client.publish(f"wardwatch/1/bench/{ward.id}/entries", ward.start(), qos=1)
            client.publish(f"wardwatch/1/bench/{ward.id}/status", ward.status(), qos=1, retain=True)
        time.sleep(2.0)
        idle = cpu_seconds(district.hub.pid)
        time.sleep(5.0)
        idle = (cpu_seconds(district.hub.pid) - idle) / 5.0
        before, began = cpu_seconds(district.hub.pid), time.monotonic()
        turns = round(load.seconds)
        for turn in range(turns):
            for number, ward in enumerate(wards):
                # Evenly over the second, as wards that know nothing of each other are.
                time.sleep(max(0.0, began + turn + number / len(wards) - time.monotonic()))
                client.publish(f"wardwatch/1/bench/{ward.id}/entries", ward.poll(turn), qos=1)
        time.sleep(1.0)  # the last ones are committed
        spent, took = cpu_seconds(district.hub.pid) - before, time.monotonic() - began
        statistics = district.statistics()
        client.disconnect()
        client.loop_stop()
    finally:
        district.stop()
    readings = district.readings_committed()
    expected = turns * load.wards * load.entries * load.readings
    if readings != expected:
        raise SystemExit(f"bench ingest: {readings} readings are committed, not {expected}")
    return {
        "cpu_seconds_per_1000_readings": round(1000 * spent / readings, 4),
        "lag_ms_p50": round(statistics["live_age_ms_p50"], 1),
        "lag_ms_p99": round(statistics["live_age_ms_p99"], 1),
        "rss_mb": round(district.hub.usage.peak_rss_mb, 1),
        "readings": readings,
        "readings_per_second": round(readings / took, 1),
        "idle_core_percent": round(100 * idle, 2),
        "wards": load.wards,
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench ingest", description=__doc__)
    parser.add_argument("--wards", type=int, default=12, help="wards of the district (default 12)")
    parser.add_argument(
        "--entries", type=int, default=5, help="entries in a ward's batch (default 5: 50 devices, each every 10 s)"
    )
    parser.add_argument("--readings", type=int, default=12, help="readings in an entry (default 12)")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to send (default 30)")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    load = Load(options.wards, options.entries, options.readings, options.seconds)
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        figures = measure(Path(folder), load)
    if not options.json:
        print(f"target: cpu_seconds_per_1000_readings <= {MOST_CPU_SECONDS}")
    print(json.dumps(figures))
    return 0 if figures["cpu_seconds_per_1000_readings"] <= MOST_CPU_SECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
