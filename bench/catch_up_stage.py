"""The processes of `make bench ARGS="catch-up"`: broker, hub, wards that are well, a reader of the hub's figures."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from bench.catch_up_journal import devices, inventory
from bench.crowding import Crowding, own_thread, threads_of
from bench.hub_stage import HubStage
from demo.processes import Program
from telemetry import wire_pb2 as wire
from telemetry.clock import ClockState
from telemetry.entry import Entry, Lifecycle, LifecycleEvent, Payload, Readings, encode
from telemetry.readings import REACHABLE, Reading

DEVICES = 40
# As docs/durability.md asks for: what a flood or a bomb may take of the broker is bounded there.
MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_packet_size 1048576
max_queued_messages 20000
max_queued_bytes 67108864
"""


class Stage(HubStage):
    """Broker and hub, started; `wards` are the ids of the district's wards."""

    def __init__(self, folder: Path, wards: Sequence[str], store: str = "", broker: str = MOSQUITTO) -> None:
        super().__init__(folder, wards, store, broker)

    def wards(self) -> dict[str, dict[str, Any]]:
        """What the hub counts, by ward."""
        return {ward["id"]: ward for ward in self.statistics()["wards"]}

    def live_ages(self, ward: str, since_ms: float) -> list[tuple[float, float]]:
        """When the ward's live batches were committed that were since then, and how late; ms."""
        found = self.statistics(f"/{ward}/live-ages")
        pairs = zip(found["committed_ms"], found["age_ms"], strict=True)
        return [(committed, age) for committed, age in pairs if committed >= since_ms]

    def crowding(self, wards: WellWards) -> Crowding:
        """How long the ways of those wards' entries waited for a processor, from now on: the wards' own threads,
        broker and hub."""
        ways = [own_thread(number) for number in wards.threads()]
        return Crowding(lambda: [*ways, *threads_of(self.broker.pid, self.hub.pid)]).start()

    def ward(self, ward: str, journal: Path) -> Program:
        """A ward's process on that journal; not started."""
        options = ("--journal", journal, "--ward", ward, "--port", str(self.port), "--devices", str(DEVICES))
        command = (sys.executable, "-m", "bench.catch_up_ward", *options)
        return Program(ward, command, self.folder / f"{ward}.log")


class WellWards:
    """Wards that were never away: each sends a batch a second. `asked`: how often the hub asked one of them again,
    which it does only where something of theirs was lost."""

    def __init__(self, port: int, names: Sequence[str]) -> None:
        self.asked = 0
        self.sent = 0
        self._wards = [_Well(name) for name in names]
        self._client = Client(CallbackAPIVersion.VERSION2, "bench-well-wards")
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        for name in names:
            self._client.subscribe(f"wardwatch/1/bench/{name}/requests", qos=1)
        self._client.loop_start()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def threads(self) -> list[int]:
        """Native ids of those that send."""
        return [each.native_id for each in (self._thread, self._client._thread) if each and each.native_id is not None]

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        began, turn = time.monotonic(), 0
        while not self._ending.is_set():
            for number, ward in enumerate(self._wards):
                self._ending.wait(max(0.0, began + turn + number / len(self._wards) - time.monotonic()))
                self._client.publish(f"wardwatch/1/bench/{ward.name}/entries", ward.batch(turn), qos=1)
                self.sent += 1
                if turn % 5 == 0:
                    self._client.publish(f"wardwatch/1/bench/{ward.name}/status", ward.status(), qos=1)
            turn += 1

    def _hear(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        if wire.Request.FromString(bytes(message.payload)).WhichOneof("what") == "replay":
            self.asked += 1


class _Well:
    """The journal of one ward that is well; nothing of it is kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.incarnation = name.encode().ljust(16, b"\0")
        self.position = 0
        self._devices = devices(DEVICES)

    def batch(self, turn: int) -> bytes:
        """A second's entries: its devices take turns."""
        if turn == 0:
            entries = [self._entry(Lifecycle(LifecycleEvent.STARTED, "bench")), self._entry(inventory(self._devices))]
        else:
            entries = []
            for number in (2 * turn, 2 * turn + 1):
                device = self._devices[number % DEVICES]
                readings = [Reading(REACHABLE, 1.0), Reading("temperature_celsius", float(turn % 50))]
                entries.append(self._entry(Readings(readings), device.id, device.kind))
        first = self.position - len(entries) + 1
        return wire.Batch(incarnation=self.incarnation, first_position=first, entries=entries).SerializeToString()

    def status(self) -> bytes:
        message = wire.Status(
            online=True,
            incarnation=self.incarnation,
            first_position=1,
            head_position=self.position,
            agent_version="bench",
        )
        return message.SerializeToString()

    def _entry(self, payload: Payload, device: str = "", kind: str = "") -> bytes:
        self.position += 1
        return encode(
            Entry(
                incarnation=self.incarnation,
                position=self.position,
                wall_time_us=time.time_ns() // 1000,
                boot_id=bytes(16),
                monotonic_us=time.monotonic_ns() // 1000,
                clock_state=ClockState.SYNCHRONISED,
                kind=kind,
                device=device,
                payload=payload,
            )
        )
