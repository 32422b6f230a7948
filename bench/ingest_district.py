"""The district under load: a real mosquitto and a hub as processes, their figures, and a store with a past."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.hub_stage import HubStage
from bench.ingest_wards import METRICS_PER_DEVICE, POLL_SECONDS, Ward
from store.base import Commit, Sample, SeriesKey
from store.embedded import EmbeddedStore
from store.embedded.database import open_for_reading
from store.embedded.history import Tail, read
from telemetry.clock import SystemClock
from telemetry.intervals import IntervalSet

_DAY_SECONDS = 86_400
_US = 1_000_000
_QUERIES = 200


class District(HubStage):
    """Broker and hub, with the embedded store where its file is known."""

    def __init__(self, folder: Path, wards: Sequence[str]) -> None:
        self.store = folder / "store.db"
        super().__init__(folder, wards, f'[store]\npath = "{self.store}"\n')

    def missing(self, ward: str) -> int:
        """Positions that the ward has and the district not yet."""
        wards = self.statistics()["wards"]
        return sum(int(each["missing_positions"]) for each in wards if each["id"] == ward)

    def cpu_seconds(self) -> float:
        """User and system, of the hub, since its start."""
        times = psutil.Process(self.hub.pid).cpu_times()
        return float(times.user + times.system)


def fill_a_day(path: Path, ward: Ward) -> int:
    """The last 24 hours of all of a ward's series, into a store that nobody has open; how many samples they are."""
    store = EmbeddedStore.open(path, clock=SystemClock())
    incarnation, samples = random.Random(ward.id).randbytes(16), 0
    polls = _DAY_SECONDS // POLL_SECONDS
    begun_us = time.time_ns() // 1000 - _DAY_SECONDS * _US
    chance = random.Random(1)
    try:
        for position, first in enumerate(range(0, polls, 120), 1):
            together = [
                Sample(ward.id, f"device-{device}", "ups", metric, "", at_us, value)
                for poll in range(first, min(first + 120, polls))
                for device in range(ward.devices)
                for at_us in (begun_us + poll * POLL_SECONDS * _US + device * 700_000 + chance.randrange(3000),)
                for metric, value, _ in ward.readings(device)
            ]
            store.commit([Commit(ward.id, incarnation, IntervalSet([(position, position)]), together)])
            samples += len(together)
        store.pack()
    finally:
        store.close()
    return samples


def history_ms(path: Path, ward: Ward, *, hub_runs: bool) -> tuple[float, float]:
    """24 hours of one series, p95 of 200 such queries in ms, and of that the processor's share: by the store, or while
    the hub has it open by the store's own reading of the file, from beside it."""
    chance = random.Random(2)
    took: list[float] = []
    spent: list[float] = []
    end_us = time.time_ns() // 1000
    keys = [
        SeriesKey(ward.id, f"device-{device}", f"metric_{metric}_percent")
        for device in range(ward.devices)
        for metric in range(METRICS_PER_DEVICE)
    ]
    if hub_runs:
        connection = open_for_reading(path)
        query = "SELECT DISTINCT series FROM chunks ORDER BY series LIMIT ?"
        numbers = [number for (number,) in connection.execute(query, (len(keys),))]
        for _ in range(_QUERIES):
            number = chance.choice(numbers)
            began, cpu = time.perf_counter(), time.thread_time()
            read(connection, keys[0], number, Tail((), (), 0), end_us - _DAY_SECONDS * _US, end_us, full=False)
            took.append(time.perf_counter() - began)
            spent.append(time.thread_time() - cpu)
            time.sleep(0.02)
        connection.close()
    else:
        store = EmbeddedStore.open(path, clock=SystemClock())
        for _ in range(_QUERIES):
            key = chance.choice(keys)
            began, cpu = time.perf_counter(), time.thread_time()
            found = store.history(key, end_us - _DAY_SECONDS * _US, end_us)
            took.append(time.perf_counter() - began)
            spent.append(time.thread_time() - cpu)
            if len(found.times_us) < 0.9 * _DAY_SECONDS / POLL_SECONDS:
                raise SystemExit(f"bench ingest: {key} has {len(found.times_us)} samples of a day")
        store.close()
    return _p95_ms(took), _p95_ms(spent)


def _p95_ms(seconds: list[float]) -> float:
    return round(1000 * sorted(seconds)[int(0.95 * len(seconds))], 2)
