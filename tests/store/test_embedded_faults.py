"""What the embedded store does when its disk is full, its file damaged or someone else's, or taken already."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.base import Sample, StoreError, StoreFault, StoreFullError
from store.embedded import EmbeddedStore, packing
from store.embedded.verify import verify
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet
from tests.store.conftest import SMALL
from tests.store.samples import CHARGE, INCARNATION, SECOND_US, START_US, WARD, charges, commit, event

ALWAYS = (-(1 << 62), 1 << 62)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], EmbeddedStore]]:
    stores: list[EmbeddedStore] = []

    def open_it() -> EmbeddedStore:
        stores.append(EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, of which a test may fill all."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a tiny disk")
    folder = tmp_path / "tiny"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


def fill(folder: Path) -> Path:
    """A file that takes all room that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return ballast
    raise AssertionError("the disk is endless")


def minute(number: int) -> list[Sample]:
    return charges(*((60 * number + second, number + second / 7) for second in range(60)))


@pytest.mark.parametrize("already", [0, 1, 20])
def test_a_full_disk_refuses_whole_commits_and_takes_them_when_there_is_room(tiny_disk: Path, already: int) -> None:
    store = EmbeddedStore.open(tiny_disk / "store.db", clock=FakeClock(), settings=SMALL)
    for number in range(already):
        store.commit([commit(*minute(number), positions=[(number, number)], events=[event(number, number)])])
    ballast = fill(tiny_disk)
    number = already
    with pytest.raises(StoreFullError) as caught:
        while True:  # the log may still have room of its own
            store.commit([commit(*minute(number), positions=[(number, number)], events=[event(number, number)])])
            number += 1
    assert caught.value.fault is StoreFault.FULL
    held = IntervalSet([(0, number - 1)]) if number else IntervalSet()
    for _ in range(3):
        with pytest.raises(StoreFullError):
            store.commit([commit(*minute(number), positions=[(number, number)], events=[event(number, number)])])
        assert store.positions(WARD, INCARNATION) == held
        assert store.counts(WARD).samples_committed == 60 * number
        assert len(store.history(CHARGE, *ALWAYS).times_us) == 60 * number
        assert len(store.events(WARD)) == number
    ballast.unlink()
    store.commit([commit(*minute(number), positions=[(number, number)], events=[event(number, number)])])
    store.pack()
    store.close()
    report = verify(tiny_disk / "store.db")
    assert report.ok, report.as_dict()
    store = EmbeddedStore.open(tiny_disk / "store.db", clock=FakeClock(), settings=SMALL)
    assert store.positions(WARD, INCARNATION) == IntervalSet([(0, number)])
    assert len(store.history(CHARGE, *ALWAYS).times_us) == 60 * (number + 1)
    store.close()


def test_packing_that_finds_no_room_loses_nothing_and_is_done_later(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    store = EmbeddedStore.open(path, clock=clock, settings=SMALL)

    def no_room(*_: object) -> bytes:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(packing, "encode", no_room)
        for number in range(5):
            store.commit([commit(*minute(number), positions=[(number, number)])])
    assert len(caplog.records) == 1, "it waits before it tries again"
    assert len(store.history(CHARGE, *ALWAYS).times_us) == 300
    clock.advance(31)
    for number in range(5, 9):
        store.commit([commit(*minute(number), positions=[(number, number)])])
    store.close()
    report = verify(path)
    assert report.ok, report.as_dict()
    assert report.invariants["S2"].checked > 0, "nothing was packed"
    assert report.samples == 540


def test_a_store_is_opened_once_only(opened: Callable[[], EmbeddedStore]) -> None:
    opened()
    with pytest.raises(StoreError) as caught:
        opened()
    assert caught.value.fault is StoreFault.IN_USE


def test_a_closed_store_may_be_opened_again(opened: Callable[[], EmbeddedStore]) -> None:
    store = opened()
    store.commit([commit(*charges((1, 5)))])
    store.close()
    assert opened().history(CHARGE, *ALWAYS).values == [5.0]


def test_a_folder_that_is_not_there_is_said_so(path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        EmbeddedStore.open(path.parent / "nowhere" / "store.db", clock=FakeClock())
    assert caught.value.fault is StoreFault.NOT_OPENED


def test_a_file_of_something_else_is_left_alone(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        EmbeddedStore.open(path, clock=FakeClock())
    assert caught.value.fault is StoreFault.NOT_A_STORE
    assert path.read_bytes() == before


def test_a_store_of_a_later_version_is_left_alone(path: Path, opened: Callable[[], EmbeddedStore]) -> None:
    opened().close()
    later = sqlite3.connect(path)
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(StoreError) as caught:
        opened()
    assert caught.value.fault is StoreFault.NEWER


@pytest.mark.parametrize("content", [b"not a database at all" * 1000, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_file_that_is_no_database_says_what_to_do(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"move store\.db") as caught:
        EmbeddedStore.open(path, clock=FakeClock())
    assert caught.value.fault is StoreFault.DAMAGED
    assert path.read_bytes() == content


def test_random_damage_is_an_error_of_ours_never_a_crash_or_a_wrong_number(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    for number in range(30):
        store.commit([commit(*minute(number), positions=[(number, number)], events=[event(number, number)])])
    true = dict(zip(*_points(store), strict=True))
    store.close()
    whole = path.read_bytes()
    found = 0
    for _ in range(60):
        damaged = bytearray(whole)
        at = chance.randrange(len(damaged))
        damaged[at : at + chance.randrange(1, 64)] = chance.randbytes(chance.randrange(1, 64))
        path.write_bytes(damaged[: len(whole)])
        try:
            store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
        except StoreError:
            found += 1
            continue
        try:
            times, values = _points(store)
            store.events(WARD)
            store.commit([commit(*charges((999_999, 1.0)), positions=[(5000, 5000)])])
        except StoreError:
            found += 1
        else:
            # A chunk carries a checksum: what is read of it is right. (The tail does not: SQLite's log has its own.)
            packed = [(t, v) for t, v in zip(times, values, strict=True) if t < START_US + 600 * SECOND_US]
            assert all(true.get(t) == v for t, v in packed)
        finally:
            store.close()
    assert found > 0, "no damage was noticed at all"


def test_damage_that_sqlite_quotes_or_cannot_decode_is_told_as_damage(path: Path) -> None:
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    store.commit([commit(*minute(0), positions=[(0, 0)], events=[event(0, 0)])])
    store.close()
    whole = path.read_bytes()
    schema = whole.replace(b"tableeventsevents", b"table\xd1ventsevents").replace(b"TABLE events (", b"TABLE events {")
    device = whole.replace(CHARGE.device.encode(), b"\xd1" * len(CHARGE.device))
    for damaged in (schema, device):
        assert damaged != whole
        path.write_bytes(damaged)
        with pytest.raises(StoreError) as caught:
            EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
        assert caught.value.fault is StoreFault.DAMAGED


def _points(store: EmbeddedStore) -> tuple[list[int], list[float]]:
    series = store.history(CHARGE, *ALWAYS)
    return series.times_us, series.values


VOLTAGE = CHARGE._replace(metric="input_voltage_volts")


def _both(*points: tuple[float, float]) -> list[Sample]:
    return [each for s in charges(*points) for each in (s, s._replace(metric=VOLTAGE.metric))]


def _write_with_a_damaged_chunk(path: Path) -> None:
    """Eight samples of each of two series; those of the first cannot be read."""
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    store.commit([commit(*_both(*((n, n) for n in range(8))))])
    store.pack()
    store.close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE chunks SET data = x'00' WHERE series = 1")
    raw.commit()
    raw.close()


@pytest.mark.parametrize("in_the_way", [False, True])
def test_one_damaged_chunk_stops_neither_other_series_nor_what_comes_after(path: Path, in_the_way: bool) -> None:
    _write_with_a_damaged_chunk(path)
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    late = [(3.5, 3.5)] if in_the_way else []
    for point in (*late, *((n, n) for n in range(8, 200))):
        store.commit([commit(*_both(point))])
    store.pack()
    rest = [value for _, value in late] + list(range(8, 200))
    if in_the_way:
        assert store.history(CHARGE, *ALWAYS).values == rest
    else:
        with pytest.raises(StoreError) as caught:
            store.history(CHARGE, *ALWAYS)
        assert caught.value.fault is StoreFault.DAMAGED
        assert store.history(CHARGE, START_US + 8 * SECOND_US, ALWAYS[1]).values == rest
    assert store.history(VOLTAGE, *ALWAYS).values == sorted([*range(8), *rest])
    assert {each.value for each in store.latest(WARD)} == {199}
    store.close()
    assert [name for name, rule in verify(path).invariants.items() if not rule.ok] == ["S2"]


def test_what_was_set_aside_is_told_once_with_what_to_do(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _write_with_a_damaged_chunk(path)

    def told() -> list[str]:
        found = [each.getMessage() for each in caplog.records if each.name == "store.embedded.set_aside"]
        caplog.clear()
        return found

    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    assert not told()
    store.commit([commit(*_both((3.5, 3.5)))])  # into the damaged chunk's midst
    store.prune()
    stretch, advice = told()
    assert "8 samples between 2026-" in stretch
    assert CHARGE.device in stretch
    assert "ward-district restore" in advice
    store.prune()
    assert not told()
    store.close()
    EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL).close()  # and at each start
    assert len(told()) == 2
