"""A ward's journal after days without its district: made as an agent makes one, only faster, on a clock of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from journal import database
from journal.ledger import Ledger, stamp
from journal.waiting import Item
from telemetry.clock import FakeClock
from telemetry.entry import Lifecycle, LifecycleEvent, Payload, Readings, encode_content
from telemetry.readings import REACHABLE, DeviceInfo, Inventory, Reading

POLL_SECONDS = 30.0
AT_LEAST_SECONDS = 60.0  # as the agent's report by exception: each reading is written that often whatever it does
MOVES = 0.15  # of all polls, a reading is beyond its dead-band in so many
METRICS = 11  # beside `reachable`
KINDS = ("switch", "ups", "printer", "sensor", "workstation", "camera", "router", "server")
COMMIT = 2_000


@dataclass(slots=True)
class Device:
    """One device whose numbers wander."""

    number: int
    kind: str
    values: list[float] = field(default_factory=lambda: [50.0] * METRICS)
    written_at: list[float] = field(default_factory=lambda: [-AT_LEAST_SECONDS] * (METRICS + 1))

    @property
    def id(self) -> str:
        return f"{self.kind.replace('_', '-')}-{self.number}"

    def poll(self, now: float, chance: random.Random) -> Readings | None:
        """What of it is worth an entry."""
        found: list[Reading] = []
        for at in range(METRICS + 1):
            due = now - self.written_at[at] >= AT_LEAST_SECONDS - 1
            moved = at > 0 and chance.random() < MOVES
            if moved:
                self.values[at - 1] = round(self.values[at - 1] + chance.uniform(-2, 2), 1)
            if due or moved:
                self.written_at[at] = now
                found.append(Reading(REACHABLE, 1.0) if at == 0 else _reading(at, self.values[at - 1]))
        return Readings(found) if found else None


def _reading(at: int, value: float) -> Reading:
    return Reading("cpu_load_percent", value, str(at)) if at > 1 else Reading("temperature_celsius", value)


def devices(count: int) -> list[Device]:
    return [Device(number, KINDS[number % len(KINDS)]) for number in range(1, count + 1)]


def inventory(ward: list[Device]) -> Inventory:
    return Inventory("Bench", tuple(DeviceInfo(each.id, each.kind) for each in ward))


def fill(path: Path, count: int, days: float, end_us: int, seed: int) -> tuple[int, int]:
    """Make the journal of `count` devices over `days` that end at `end_us`; how many entries and readings it has."""
    clock = FakeClock(wall_us=end_us - round(days * 86_400e6))
    connection = database.open_for_writing(path)
    # An agent syncs each second; that this one is made without is what makes it fast, and it is closed soundly.
    connection.execute("PRAGMA synchronous = OFF")
    ledger = Ledger(path, connection, clock)
    waiting: list[Item] = []
    for kind, device, payload in _life(clock, ledger, count, days, random.Random(seed)):
        readings = len(payload.readings) if isinstance(payload, Readings) else None
        now = stamp(clock)
        waiting.append(Item(0, now.wall_time_us, encode_content(now, kind, device, payload), readings))
        if len(waiting) >= COMMIT:
            ledger.commit(waiting, {})
            ledger.checkpoint()
            waiting = []
    ledger.commit(waiting, {})
    ledger.checkpoint(Lifecycle(LifecycleEvent.STOPPED, "bench"))
    made = ledger.state.entries, ledger.state.readings
    ledger.close()
    return made


def _life(
    clock: FakeClock, ledger: Ledger, count: int, days: float, chance: random.Random
) -> Iterator[tuple[str, str, Payload]]:
    """What happens in the ward, in order, while its clock goes on."""
    ward = devices(count)
    yield "", "", ledger.started("bench")
    yield "", "", inventory(ward)
    step = POLL_SECONDS / count
    for _ in range(round(days * 86_400 / POLL_SECONDS)):
        for device in ward:
            clock.advance(step)
            payload = device.poll(clock.monotonic(), chance)
            if payload is not None:
                yield device.kind, device.id, payload
