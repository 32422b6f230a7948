"""A backup beside a store that is written to: how long it takes, and how long commits take meanwhile.

A process commits 50 readings every 10 ms to a store of `--megabytes`, first alone, then while `ward-district backup`
(another process) copies it to the same disk.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from district.config import load
from district.database import open_database
from district.stores import open_store
from store.base import Commit, Sample
from store.embedded import EmbeddedStore
from store.embedded.verify import verify
from telemetry.clock import SystemClock
from telemetry.intervals import IntervalSet

WARD = "hai-chau-1"
MOST_MS = 100.0  # p99 of commits while it is copied
_DISTRICT = """
[district]
id = "hai-chau"
name = "Hải Châu"
[broker]
url = "mqtt://127.0.0.1:1"
[[ward]]
id = "hai-chau-1"
name = "Hải Châu 1"
"""


class Writer:
    """Commits, and how many ms each took."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store, self._position, self._chance = store, 0, random.Random(1)

    def commit(self, samples: int) -> float:
        self._position += 1
        now = time.time_ns() // 1000
        # Random values do not compress: the file grows by 9 bytes a sample.
        made = [
            Sample(WARD, f"device-{n % 50}", "ups", "level", "", now + n, self._chance.random()) for n in range(samples)
        ]
        commit = Commit(WARD, b"\x01" * 16, IntervalSet([(self._position, self._position)]), made)
        before = time.perf_counter()
        self._store.commit([commit])
        return 1000 * (time.perf_counter() - before)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench backup", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        figures = measure(Path(folder), options.megabytes)
    if not options.json:
        print(f"target: commit_while_p99_ms <= {MOST_MS}")
    print(json.dumps(figures))
    return 0 if figures["commit_while_p99_ms"] <= MOST_MS else 1


def measure(folder: Path, megabytes: int) -> dict[str, float]:
    file = folder / "district.toml"
    file.write_text(_DISTRICT, encoding="utf-8")
    configuration = load(file)
    open_database(configuration.hub_path).dispose()
    store = open_store(configuration, SystemClock())
    writer = Writer(store)
    while configuration.store_path.stat().st_size < megabytes * 1_000_000:
        writer.commit(5000)
    alone = [_one(writer) for _ in range(300)]
    command = [Path(sys.executable).parent / "ward-district", "backup", folder / "saved", "-c", file]
    before = time.perf_counter()
    copying = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    meanwhile = []
    while copying.poll() is None:
        meanwhile.append(_one(writer))
    seconds = time.perf_counter() - before
    store.close()
    if copying.returncode or not verify(folder / "saved" / "store.db").ok:
        raise SystemExit("bench backup: the backup failed, or is not sound")
    size = (folder / "saved" / "store.db").stat().st_size
    return {
        "megabytes": round(size / 1e6),
        "seconds": round(seconds, 2),
        **_percentiles("commit_alone", alone),
        **_percentiles("commit_while", meanwhile),
    }


def _one(writer: Writer) -> float:
    took = writer.commit(50)
    time.sleep(0.01)
    return took


def _percentiles(name: str, took: list[float]) -> dict[str, float]:
    ordered = sorted(took)
    at = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "longest": len(ordered) - 1}
    return {f"{name}_{which}_ms": round(ordered[index], 2) for which, index in at.items()}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
