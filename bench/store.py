"""The embedded store alone: a day of a whole district, in batches as a replay sends them, then as live wards do.

Times are those of real polls: each device every 30 s with some ms of jitter, readings rounded as devices give them.
Figures: samples_per_second (big commits, packing included; replay_cpu_seconds_per_1000_readings says how much of it
was work rather than waiting for the disk or the machine), bytes_per_sample (the closed file, divided by what it
holds), history_24h_p95_ms (one whole series), latest_3000_ms (the newest of a ward of 3000 series, p95),
cpu_seconds_per_1000_readings (50 readings a commit, a transaction each, synchronous=FULL, packing included), and how
long these commits took. Of some series a year and more at 60 s is summarised while commits go on: bytes per sample
before and after, how long commits took meanwhile, and history_year_p95_ms (a chart of 600 points).
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.store_year import measure as year
from store.base import Commit, Sample, SeriesKey
from store.embedded import EmbeddedStore
from telemetry.clock import SystemClock
from telemetry.intervals import IntervalSet

INTERVAL_US = 30_000_000
START_US = 1_790_000_000_000_000
METRICS_PER_DEVICE = 10
JITTER_US = 3000
INCARNATION = b"\x01" * 16

MOST_HISTORY_MS = 5.0
MOST_LATEST_MS = 10.0
MOST_CPU_SECONDS = 0.08


class District:
    """Two wards' worth of series that wander as real ones do; deterministic. The first ward has at most 3000."""

    def __init__(self, series: int, seed: int, jitter_us: int) -> None:
        self._chance = random.Random(seed)
        self._jitter_us = jitter_us
        self.keys = [
            SeriesKey(
                f"ward-{number // 3000}", f"device-{number // METRICS_PER_DEVICE}", f"metric_{number % 10}_percent"
            )
            for number in range(series)
        ]
        self._levels = [500 + self._chance.randrange(400) for _ in self.keys]
        self._positions = dict.fromkeys((key.ward for key in self.keys), 0)

    def polls(self, device: int, first: int, count: int) -> list[Sample]:
        """`count` polls of one device from the `first`-th on."""
        samples = []
        for poll in range(first, first + count):
            time_us = START_US + poll * INTERVAL_US + self._chance.randrange(self._jitter_us + 1)
            for number in range(device * METRICS_PER_DEVICE, (device + 1) * METRICS_PER_DEVICE):
                samples.append(self._sample(number, time_us))
        return samples

    def _sample(self, number: int, time_us: int) -> Sample:
        # Of ten metrics: two never change, four seldom, four wander.
        key, step = self.keys[number], 0
        lively = number % METRICS_PER_DEVICE
        if lively >= 6 or (lively >= 2 and self._chance.random() < 0.1):
            step = self._chance.choice((-3, -2, -1, 0, 0, 1, 2, 3))
        self._levels[number] += step
        return Sample(key.ward, key.device, "ups", key.metric, "", time_us, self._levels[number] / 10)

    def commit(self, samples: list[Sample]) -> Commit:
        ward = samples[0].ward
        self._positions[ward] += 1
        position = self._positions[ward]
        return Commit(ward, INCARNATION, IntervalSet([(position, position)]), samples)

    @property
    def devices(self) -> int:
        return len(self.keys) // METRICS_PER_DEVICE


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench store", description=__doc__)
    parser.add_argument("--series", type=int, default=6000, help="how many series (default 6000)")
    parser.add_argument("--hours", type=float, default=24.0, help="how much of each (default 24)")
    parser.add_argument("--regular", action="store_true", help="poll without jitter")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--year-series", type=int, default=10, help="series that get a year and more (default 10)")
    parser.add_argument("--year-days", type=int, default=400, help="how much of each (default 400)")
    parser.add_argument("--only-year", action="store_true", help="measure nothing else")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    polls = max(1, round(options.hours * 3_600_000_000 / INTERVAL_US))
    district = District(options.series, options.seed, 0 if options.regular else JITTER_US)
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        figures = measure(Path(folder) / "store.db", district, polls) if not options.only_year else {}
        figures |= year(Path(folder) / "year.db", options.year_series, options.year_days)
    if not options.json:
        print(
            f"targets: history_24h_p95_ms <= {MOST_HISTORY_MS}, latest_3000_ms <= {MOST_LATEST_MS},"
            f" cpu_seconds_per_1000_readings <= {MOST_CPU_SECONDS}"
        )
    print(json.dumps(figures))
    good = options.only_year or (
        figures["history_24h_p95_ms"] <= MOST_HISTORY_MS
        and figures["latest_3000_ms"] <= MOST_LATEST_MS
        and figures["cpu_seconds_per_1000_readings"] <= MOST_CPU_SECONDS
    )
    return 0 if good else 1


def measure(path: Path, district: District, polls: int) -> dict[str, float]:
    store = EmbeddedStore.open(path, clock=SystemClock())
    figures = {"series": float(len(district.keys)), "samples": float(len(district.keys) * polls)}
    seconds, cpu = replay(store, district, polls)
    figures["samples_per_second"] = round(figures["samples"] / seconds)
    figures["replay_cpu_seconds_per_1000_readings"] = round(1000 * cpu / figures["samples"], 4)
    store.close()
    figures["bytes_per_sample"] = round(path.stat().st_size / figures["samples"], 2)
    before = time.perf_counter()
    store = EmbeddedStore.open(path, clock=SystemClock())
    figures["open_ms"] = round(1000 * (time.perf_counter() - before), 1)
    figures["history_24h_p50_ms"], figures["history_24h_p95_ms"] = histories(store, district, polls)
    figures["latest_3000_ms"] = newest(store)
    cpu, took = live(store, district, polls)
    figures["cpu_seconds_per_1000_readings"] = round(cpu, 4)
    figures["commit_p50_ms"], figures["commit_p99_ms"] = percentile(took, 50), percentile(took, 99)
    figures["commit_longest_ms"] = percentile(took, 100)
    store.close()
    return figures


def replay(store: EmbeddedStore, district: District, polls: int) -> tuple[float, float]:
    """Commit everything in pieces of an hour of each device; the seconds and CPU seconds that the store took."""
    seconds = cpu = 0.0
    for first in range(0, polls, 120):
        for device in range(district.devices):
            commit = district.commit(district.polls(device, first, min(120, polls - first)))
            before, cpu_before = time.perf_counter(), time.process_time()
            store.commit([commit])
            seconds += time.perf_counter() - before
            cpu += time.process_time() - cpu_before
    before, cpu_before = time.perf_counter(), time.process_time()
    store.pack()
    return seconds + time.perf_counter() - before, cpu + time.process_time() - cpu_before


def histories(store: EmbeddedStore, district: District, polls: int) -> tuple[float, float]:
    """p50 and p95 in ms of reading one whole series."""
    chance = random.Random(2)
    took = []
    for key in chance.choices(district.keys, k=400):
        before = time.perf_counter()
        series = store.history(key, START_US, START_US + (polls + 1) * INTERVAL_US)
        took.append(1000 * (time.perf_counter() - before))
        if len(series.times_us) != polls:
            raise SystemExit(f"bench store: {key} has {len(series.times_us)} samples, not {polls}")
    return percentile(took, 50), percentile(took, 95)


def newest(store: EmbeddedStore) -> float:
    """p95 in ms of the newest samples of a whole ward."""
    took = []
    for _ in range(50):
        before = time.perf_counter()
        store.latest("ward-0")
        took.append(1000 * (time.perf_counter() - before))
    return percentile(took, 95)


def live(store: EmbeddedStore, district: District, polls: int) -> tuple[float, list[float]]:
    """CPU seconds per 1000 readings of an hour of small commits, packing included, and the ms that each took."""
    cpu, readings = 0.0, 0
    took = []
    for commit in live_commits(district, polls, 120):
        before, cpu_before = time.perf_counter(), time.process_time()
        store.commit([commit])
        cpu += time.process_time() - cpu_before
        took.append(1000 * (time.perf_counter() - before))
        readings += len(commit.samples)
    return 1000 * cpu / readings, took


def live_commits(district: District, first: int, polls: int) -> Iterator[Commit]:
    for poll in range(first, first + polls):
        for device in range(0, district.devices - district.devices % 5, 5):
            samples = [sample for each in range(device, device + 5) for sample in district.polls(each, poll, 1)]
            yield district.commit(samples)


def percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
