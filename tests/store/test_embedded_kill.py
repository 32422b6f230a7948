"""What `commit` returned for is there after kill -9 and after a power cut, whole, and nothing by halves."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.power_loss import as_left
from store.base import SeriesKey
from store.embedded import EmbeddedStore
from store.embedded.verify import verify
from telemetry.clock import SystemClock
from tests.conftest import ROOT
from tests.store import upkeep_child
from tests.store.test_downsampling import borders, expected, rows_of
from tests.store.writing_child import INCARNATION, SERIES, SETTINGS, WARD, event_of, samples_of


class Child:
    """A process that writes, and what it told as durable: read as it comes, to know what came before a cut."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def end(self) -> None:
        """Kill it, and hear what it told last."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip().isdigit():
                self.told = int(line)


@contextmanager
def writing(path: Path, seed: int, module: str = "writing_child") -> Iterator[Child]:
    command = [sys.executable, "-m", f"tests.store.{module}", str(path), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            child = Child(process)
            yield child
        finally:
            process.kill()


def check(path: Path, told: int) -> int:
    """Everything up to `told` is in the store, and what is beyond is whole too. Returns the last position held."""
    report = verify(path)
    assert report.ok, report.as_dict()
    store = EmbeddedStore.open(path, clock=SystemClock(), settings=SETTINGS)
    try:
        ranges = list(store.positions(WARD, INCARNATION))
        assert ranges, "nothing is held"
        [(first, last)] = ranges
        assert first == 1
        assert last >= told
        held = {}
        for n in range(SERIES):
            series = store.history(SeriesKey(WARD, f"ups-{n}", "level"), -(1 << 62), 1 << 62)
            held.update({(n, t): v for t, v in zip(series.times_us, series.values, strict=True)})
        expected: dict[tuple[int, int], float] = {}
        for position in range(1, last + 1):
            for n, sample in enumerate(samples_of(position)):
                place = (n, sample.wall_time_us)
                expected[place] = max(sample.value, expected.get(place, sample.value))
        assert held == expected
        assert store.events(WARD) == [event_of(position) for position in range(1, last + 1)]
        counts = store.counts(WARD)
        assert (counts.samples_committed, counts.events_committed, counts.positions) == (SERIES * last, last, last)
        return last
    finally:
        store.close()


def test_nothing_that_was_told_as_durable_is_missing_after_kill_9(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "store.db"
    held = 0
    for _ in range(8):
        with writing(path, chance.randrange(1 << 30)) as child:
            # The moment of the kill is the point here; no check waits for this time.
            time.sleep(chance.uniform(0.05, 0.8))
            child.end()
        held = check(path, max(child.told, held))
    assert held > 100, "the child hardly wrote anything, so the kills proved little"


def check_summarised(path: Path, told: int) -> tuple[int, int]:
    """As `check`, of a store that summarises: rows are what all samples come to. The last position, and how many
    samples are summarised."""
    report = verify(path)
    assert report.ok, report.as_dict()
    store = EmbeddedStore.open(path, clock=SystemClock(), settings=upkeep_child.SETTINGS)
    [(first, last)] = store.positions(WARD, INCARNATION)
    assert first == 1
    assert last >= told
    summarised = 0
    entries = [upkeep_child.samples_of(position) for position in range(1, last + 1)]
    for n in range(SERIES):
        key = SeriesKey(WARD, f"ups-{n}", "level")
        raw = {entry[n].wall_time_us: entry[n].value for entry in entries}
        series = store.history(key, -(1 << 62), 1 << 62)
        assert rows_of(series) == expected(raw, *borders(path, key))
        summarised += sum(count for count in series.counts if count > 1)
    store.close()
    return last, summarised


def test_kill_9_while_samples_are_summarised_neither_loses_nor_doubles_one(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "store.db"
    held = summarised = 0
    for _ in range(6):
        with writing(path, chance.randrange(1 << 30), "upkeep_child") as child:
            time.sleep(chance.uniform(0.1, 0.8))  # as above
            child.end()
        held, summarised = check_summarised(path, max(child.told, held))
    assert summarised > 100, f"of {held} entries hardly any was summarised, so the kills proved little"


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk to cut off")
def test_nothing_that_was_told_as_durable_is_missing_after_a_power_cut(
    tmp_path: Path, seed: int, peer: Callable[[str], str]
) -> None:
    cut, make = peer("xfs_io"), peer("mkfs.ext4")
    chance = random.Random(seed)
    image, folder = tmp_path / "disk", tmp_path / "mounted"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(256 << 20)
    subprocess.run([make, "-q", str(image)], check=True, capture_output=True)
    held = 0
    for _ in range(5):
        with mounted(image, folder), writing(folder / "store.db", chance.randrange(1 << 30)) as child:
            time.sleep(chance.uniform(0.1, 1.0))  # as above
            told = child.told  # what is told while the disk goes away proves nothing: an fsync in flight may lie
            subprocess.run([cut, "-x", "-c", "shutdown", str(folder)], check=True, capture_output=True)
            child.end()
        image = as_left(image)
        with mounted(image, folder):
            held = check(folder / "store.db", max(told, held))
    assert held > 50, "the child hardly wrote anything, so the cuts proved little"
