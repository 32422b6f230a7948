"""The embedded store after a year: what old samples take once they are summarised, and how soon a year is drawn."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from store.base import Commit, Sample, SeriesKey
from store.embedded import EmbeddedStore
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet

DAY_US = 86_400_000_000
INTERVAL_US = 60_000_000  # what the rules of a ward's journal let through at least
NOW_US = 1_790_000_000_000_000 // DAY_US * DAY_US
JITTER_US = 3000
POINTS = 600  # what a chart of the console asks for


def measure(path: Path, series: int, days: int) -> dict[str, float]:
    """Fill a store with `days` of `series`, let it summarise while small commits go on, and read years."""
    store = EmbeddedStore.open(path, clock=FakeClock(NOW_US))
    keys = [SeriesKey("ward", f"device-{number}", "level_percent") for number in range(series)]
    samples = _fill(store, keys, days)
    full = _bytes(path)
    took: list[float] = []
    working = threading.Thread(target=_live, args=(store, keys[0], stop := threading.Event(), took))
    working.start()
    before, cpu_before = time.perf_counter(), time.thread_time()
    summarised = store.prune().summarised
    seconds, cpu = time.perf_counter() - before, time.thread_time() - cpu_before
    stop.set()
    working.join()
    figures = {
        "year_samples": float(samples),
        "year_bytes_per_sample_full": round(full / samples, 2),
        "summarise_samples_per_second": round(summarised / seconds),
        "summarise_cpu_seconds_per_1000": round(1000 * cpu / summarised, 4),
        "commit_while_summarising_p50_ms": _percentile(took, 50),
        "commit_while_summarising_p99_ms": _percentile(took, 99),
        "commit_while_summarising_longest_ms": _percentile(took, 100),
    }
    store.close()
    figures["year_bytes_per_sample"] = round(_bytes(path) / samples, 2)
    store = EmbeddedStore.open(path, clock=FakeClock(NOW_US))
    drawn = []
    for key in random.Random(3).choices(keys, k=60):
        before = time.perf_counter()
        found = store.history(key, NOW_US - 365 * DAY_US, NOW_US, points=POINTS)
        drawn.append(1000 * (time.perf_counter() - before))
        if not 0.9 * POINTS * min(days, 365) / 365 < len(found.times_us) <= POINTS + 1:
            raise SystemExit(f"bench store: a year of {key} has {len(found.times_us)} points")
    figures["history_year_p50_ms"], figures["history_year_p95_ms"] = _percentile(drawn, 50), _percentile(drawn, 95)
    store.close()
    return figures


def _fill(store: EmbeddedStore, keys: list[SeriesKey], days: int) -> int:
    chance = random.Random(2)
    position = samples = 0
    for number, key in enumerate(keys):
        level = 500 + chance.randrange(400)
        for day in range(days):
            row = []
            for poll in range(DAY_US // INTERVAL_US):
                # As in bench.store: of ten metrics two never change, four seldom, four wander.
                if number % 10 >= 6 or (number % 10 >= 2 and chance.random() < 0.1):
                    level += chance.choice((-3, -2, -1, 0, 0, 1, 2, 3))
                time_us = NOW_US - (days - day) * DAY_US + poll * INTERVAL_US + chance.randrange(JITTER_US)
                row.append(Sample(key.ward, key.device, "ups", key.metric, "", time_us, level / 10))
            position += 1
            samples += len(row)
            store.commit([Commit("ward", b"\x01" * 16, IntervalSet([(position, position)]), row)])
    store.pack()
    return samples


def _live(store: EmbeddedStore, key: SeriesKey, stop: threading.Event, took: list[float]) -> None:
    position = 0
    while not stop.is_set():
        position += 1
        now = [Sample(key.ward, key.device, "ups", key.metric, "", NOW_US + position, 1.0)] * 50
        before = time.perf_counter()
        store.commit([Commit("ward", b"\x02" * 16, IntervalSet([(position, position)]), now)])
        took.append(1000 * (time.perf_counter() - before))
        time.sleep(0.01)


def _bytes(path: Path) -> int:
    """Without pages that are free: they are used again."""
    import sqlite3

    raw = sqlite3.connect(path)
    (pages,), (free,), (size,) = (
        raw.execute(f"PRAGMA {each}").fetchone() for each in ("page_count", "freelist_count", "page_size")
    )
    raw.close()
    return int((pages - free) * size)


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)
