"""Made-up wards that speak by the agent's own uplink: batches deflated, statuses, requests answered, ranges replayed.

Only their journals are lists in memory, so that one process can be a hundred of them.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping, Sequence

from bench.hub_stage import DISTRICT
from edge_agent.uplink.link import Broker
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.worker import Uplink
from journal.model import Durable, Held
from telemetry.clock import ClockState, SystemClock
from telemetry.entry import Entry, Lifecycle, LifecycleEvent, Payload, Readings, encode
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading, Reason

POLL_SECONDS = 30
TURNS = 10  # in which a ward asks its devices: an agent's are 2.9 s apart
METRICS_PER_DEVICE = 10
_US = 1_000_000


class MemoryJournal:
    """An edge_agent.uplink.journal_view.JournalView of one incarnation, in a list."""

    def __init__(self, incarnation: bytes) -> None:
        self.incarnation = incarnation
        self._entries: list[bytes] = []
        self._lock = threading.Lock()

    def append(self, payload: Payload, kind: str, device: str, wall_us: int) -> bytes:
        with self._lock:
            entry = encode(
                Entry(
                    incarnation=self.incarnation,
                    position=len(self._entries) + 1,
                    wall_time_us=wall_us,
                    boot_id=self.incarnation[::-1],
                    monotonic_us=wall_us % (1 << 40),
                    clock_state=ClockState.SYNCHRONISED,
                    kind=kind,
                    device=device,
                    payload=payload,
                )
            )
            self._entries.append(entry)
        return entry

    def head(self) -> int:
        return len(self._entries)

    def held(self) -> Sequence[Held]:
        return [Held(self.incarnation, 1, self.head())]

    def is_whole(self) -> bool:
        return True

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> Sequence[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        size = 0
        if incarnation == self.incarnation:
            for position, entry in enumerate(self._entries[first - 1 : last], first):
                size += len(entry)
                if found and size > max_bytes:
                    break
                found.append((position, entry))
        return found

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None: ...

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None: ...

    def committed(self) -> Mapping[bytes, IntervalSet]:
        return {}

    def trouble(self) -> Reason | None:
        return None


def ward_id(number: int) -> str:
    """What the district calls it."""
    return f"ward-{number}"


class Ward:
    """A ward of `devices` devices of ten metrics each: of ten, two stand still, four seldom move, four wander."""

    def __init__(self, number: int, devices: int, broker_port: int) -> None:
        self.id = ward_id(number)
        self.devices = devices
        self._chance = random.Random(number)
        self._levels = [500 + self._chance.randrange(400) for _ in range(devices * METRICS_PER_DEVICE)]
        self.journal = MemoryJournal(self._chance.randbytes(16))
        settings = UplinkSettings(DISTRICT, self.id, Broker("127.0.0.1", broker_port), "bench")
        self.uplink = Uplink(settings, self.journal, lambda device: False, SystemClock(), self._chance)
        self.journal.append(Lifecycle(LifecycleEvent.STARTED, "bench"), "", "", time.time_ns() // 1000)

    def readings(self, device: int) -> list[Reading]:
        """What its next poll brings."""
        found = []
        for lively in range(METRICS_PER_DEVICE):
            number = device * METRICS_PER_DEVICE + lively
            if lively >= 6 or (lively >= 2 and self._chance.random() < 0.1):
                self._levels[number] += self._chance.choice((-3, -2, -1, 0, 0, 1, 2, 3))
            found.append(Reading(f"metric_{lively}_percent", self._levels[number] / 10))
        return found

    def turn(self, turn: int) -> int:
        """A turn's polls, made and sent now; how many readings they are."""
        entries, readings = [], 0
        for device in range(turn % TURNS, self.devices, TURNS):
            found = self.readings(device)
            readings += len(found)
            entries.append(self.journal.append(Readings(found), "ups", f"device-{device}", time.time_ns() // 1000))
        first = self.journal.head() - len(entries) + 1
        self.uplink.offer(Durable(self.journal.incarnation, first, entries))
        return readings

    def past(self, hours: float) -> int:
        """The polls of the last hours go into the journal, and nobody is told; how many readings they are."""
        readings = 0
        begun_us = time.time_ns() // 1000 - round(hours * 3600 * _US)
        for poll in range(round(hours * 3600 / POLL_SECONDS)):
            for device in range(self.devices):
                wall_us = begun_us + poll * POLL_SECONDS * _US + device * 700_000 + self._chance.randrange(3000)
                found = self.readings(device)
                readings += len(found)
                self.journal.append(Readings(found), "ups", f"device-{device}", wall_us)
        return readings
