"""What only the VictoriaMetrics store does: nothing committed is lost to its crashes, its retention, its lost disk."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.net import ports
from store.base import SeriesKey, StoreError, StoreFault
from store.embedded import EmbeddedStore
from store.embedded.verify import verify
from store.victoria import VictoriaSettings, VictoriaStore
from store.victoria.client import VictoriaClient
from store.victoria.kept import kept, kept_value
from store.victoria.shipping import Shipped, ship
from telemetry.clock import Clock, FakeClock, SystemClock
from telemetry.intervals import IntervalSet
from tests.store.conftest import settings_for
from tests.store.samples import CHARGE, INCARNATION, SECOND_US, START_US, WARD, charges, commit, event, sample
from tests.victoria import VictoriaMetrics, running

ALWAYS = (-(1 << 62), 1 << 62)


@pytest.fixture
def own(peer: Callable[[str], str]) -> Iterator[VictoriaMetrics]:
    """One that a test may kill."""
    with running(peer("victoria-metrics")) as made:
        yield made


def opened(path: Path, there: VictoriaSettings, clock: Clock | None = None) -> VictoriaStore:
    return VictoriaStore.connect(path, clock=clock or FakeClock(), there=there)


def waits(path: Path) -> int:
    """How many samples are in the file beside's tail or chunks, as its own books say."""
    with EmbeddedRows(path) as rows:
        return rows.count


class EmbeddedRows:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def __enter__(self) -> EmbeddedRows:
        tail = sum(len(data) // 20 for (data,) in self._db.execute("SELECT data FROM tail"))
        (chunks,) = self._db.execute("SELECT coalesce(sum(count), 0) FROM chunks").fetchone()
        self.count = tail + chunks
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()


def test_samples_go_there_under_the_names_that_grafana_reads(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    there = settings_for(victoria, ship_seconds=60)
    store = opened(tmp_path / "beside.db", there)
    port = SeriesKey(WARD, "switch-1", "port_up", "Gi1/0/1")
    store.commit([commit(*charges((0, 99.5)), sample(port, START_US, 1.0, "switch"), positions=[(1, 1)])])
    assert waits(tmp_path / "beside.db") == 2
    store.pack()
    assert waits(tmp_path / "beside.db") == 0
    query = {"query": f'{{district="{there.district}"}}', "time": str(START_US / 1e6 + 5), "nocache": "1"}
    found = httpx.get(f"{victoria.url}/api/v1/query", params=query, trust_env=False).json()["data"]["result"]
    labels = {each["metric"].pop("__name__"): (each["metric"], each["value"][1]) for each in found}
    common = {"district": there.district, "ward": WARD}
    assert labels == {
        "ups_battery_charge_percent": ({**common, "device": "ups-1", "kind": "ups"}, "99.5"),
        "switch_port_up": ({**common, "device": "switch-1", "kind": "switch", "instance": "Gi1/0/1"}, "1"),
    }
    store.close()


def test_values_come_back_bit_for_bit_whatever_their_company(
    victoria: VictoriaMetrics, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    values = [kept_value(chance.uniform(-1, 1) * 10 ** chance.randrange(-4, 13)) for _ in range(2000)]
    store = opened(tmp_path / "beside.db", settings_for(victoria, ship_seconds=60))
    keys = [SeriesKey(WARD, f"ups-{n % 200}", "level") for n in range(len(values))]
    store.commit(
        [commit(*(sample(k, START_US + n * SECOND_US, v) for n, (k, v) in enumerate(zip(keys, values, strict=True))))]
    )
    store.pack()
    # Of a few values of twelve digits (999941.780472) it gives back the neighbour: those stay beside it (V3).
    assert waits(tmp_path / "beside.db") <= len(values) // 500
    back = sorted(
        point
        for key in set(keys)
        for found in [store.history(key, *ALWAYS)]
        for point in zip(found.times_us, found.values, strict=True)
    )
    assert struct.pack("2000d", *(v for _, v in back)) == struct.pack("2000d", *values)
    store.close()


def test_beside_summaries_nothing_is_seen_twice_while_it_goes_there(
    victoria: VictoriaMetrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = EmbeddedStore.open(tmp_path / "before.db", clock=FakeClock())
    before.commit([commit(*charges(*((-n * 86_400 - n, 1.0) for n in range(41, 61))))])
    before.prune()
    summaries = before.summarised(CHARGE)
    assert summaries is not None and summaries.samples == 20
    store = opened(tmp_path / "beside.db", settings_for(victoria, ship_seconds=60))
    store.adopt(CHARGE, "ups", summaries)
    store.commit([commit(*charges((-50 * 86_400, 2.0), (-60, 3.0), (0, 4.0)))])
    seen = store.history(CHARGE, *ALWAYS)
    assert sum(seen.counts) == 20 + 3

    def broken(*_: object) -> None:
        raise StoreError("no room", StoreFault.FULL)

    with monkeypatch.context() as patch:
        patch.setattr(store, "_release", broken)  # it is there by now, and waits here as well
        with pytest.raises(StoreError, match="no room"):
            store.ship_once()
    assert store.history(CHARGE, *ALWAYS) == seen
    store.pack()
    assert waits(tmp_path / "beside.db") == 0
    assert store.history(CHARGE, *ALWAYS) == seen
    for each in (before, store):
        each.close()


def test_what_it_cannot_keep_stays_beside_it(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    store = opened(tmp_path / "beside.db", settings_for(victoria, ship_seconds=60))
    far = round(time.time() + 30 * 86_400) * SECOND_US  # a ward's clock that is a month ahead
    odd = SeriesKey(WARD, "ups\\1", "level", "two\nlines")
    points = [*charges((0, 1.0), (1, float("inf")), (2, 1e300)), sample(CHARGE, far, 7.0), sample(CHARGE, 5_000, 3.0)]
    store.commit([commit(*points, sample(odd, START_US, 4.0))])
    store.pack()
    assert waits(tmp_path / "beside.db") == len(points)
    assert store.history(CHARGE, *ALWAYS).values == [3.0, 1.0, float("inf"), 1e300, 7.0]
    assert store.history(odd, *ALWAYS).values == [4.0]
    store.close()
    assert verify(tmp_path / "beside.db").ok


def test_a_retention_that_is_shorter_than_asked_is_refused(peer: Callable[[str], str], tmp_path: Path) -> None:
    short = VictoriaMetrics(peer("victoria-metrics"), tmp_path / "short", ports.free_port(), retention="31d")
    short.start()
    try:
        with pytest.raises(StoreError) as caught:
            opened(tmp_path / "beside.db", settings_for(short, samples_days=60))
        assert caught.value.fault is StoreFault.SHORT_RETENTION
        store = opened(tmp_path / "beside.db", settings_for(short, samples_days=30))  # and it was closed
        store.close()
    finally:
        short.stop()


def test_a_commit_waits_for_no_victoriametrics_and_goes_there_when_it_comes(
    own: VictoriaMetrics, tmp_path: Path
) -> None:
    there = settings_for(own, most_waiting=3)
    own.stop()
    store = opened(tmp_path / "beside.db", there)
    store.commit([commit(*charges((0, 1), (1, 2), (2, 3)), positions=[(1, 3)])])
    assert store.positions(WARD, INCARNATION) == IntervalSet([(1, 3)])
    assert [each.value for each in store.latest(WARD)] == [3]
    with pytest.raises(StoreError) as caught:
        store.history(CHARGE, *ALWAYS)
    assert caught.value.fault is StoreFault.UNREACHABLE
    with pytest.raises(StoreError) as caught:
        store.commit([commit(*charges((3, 4)), positions=[(4, 4)])])
    assert caught.value.fault is StoreFault.UNREACHABLE
    own.start()
    until(lambda: waits(tmp_path / "beside.db") == 0)
    store.commit([commit(*charges((3, 4)), positions=[(4, 4)])])
    assert store.history(CHARGE, *ALWAYS).values == [1, 2, 3, 4]
    store.close()


def test_nothing_committed_is_lost_nor_doubled_when_it_is_killed_under_load(
    own: VictoriaMetrics, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    store = VictoriaStore.connect(tmp_path / "beside.db", clock=SystemClock(), there=settings_for(own))
    keys = [SeriesKey(WARD, f"ups-{n}", "level") for n in range(40)]
    now_us = round(time.time()) * SECOND_US
    given: dict[SeriesKey, list[tuple[int, float]]] = {key: [] for key in keys}
    done = threading.Event()

    def write() -> None:
        at = 0
        while not done.is_set():
            at += 1
            points = [(key, now_us - 3_600 * SECOND_US + at * 100_000, float(at % 977)) for key in keys]
            store.commit([commit(*(sample(*point) for point in points), positions=[(at, at)])])
            for key, time_us, value in points:
                given[key].append((time_us, value))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            time.sleep(chance.uniform(0.1, 0.6))
            own.kill()
            time.sleep(chance.uniform(0.0, 0.1))
            own.start()
    finally:
        done.set()
        writer.join()
    own.kill()
    own.start()
    until(lambda: waits(tmp_path / "beside.db") == 0)
    for key, points in given.items():
        found = store.history(key, *ALWAYS)
        assert list(zip(found.times_us, found.values, strict=True)) == points
    assert len(given[keys[0]]) > 20, "no load"
    store.close()
    assert verify(tmp_path / "beside.db").ok


def test_what_was_released_is_asked_for_again_when_its_disk_is_lost(own: VictoriaMetrics, tmp_path: Path) -> None:
    there = settings_for(own, ship_seconds=60)
    store = opened(tmp_path / "beside.db", there)
    both = event(3, 1, "readings")
    one = commit(*charges((0, 1), (1, 2)), positions=[(1, 3)], events=[event(2, 1), both])
    store.commit([one, commit(positions=[(9, 9)], events=[event(9, 9)])])
    store.pack()
    own.kill()
    own.wipe()
    time.sleep(1.1)  # its start is told in whole seconds
    own.start()
    store._look()
    assert store.positions(WARD, INCARNATION) == IntervalSet([(2, 2), (9, 9)])  # what is an event alone is not lost
    assert verify(tmp_path / "beside.db").ok
    with pytest.raises(StoreError) as caught:
        store.commit([commit(*charges((2, 3)), positions=[(4, 4)])])
    assert caught.value.fault is StoreFault.TAKEN_BACK
    again = commit(*charges((0, 1), (1, 2)), positions=[(1, 1), (3, 3)], events=[both])  # as the ward sends it
    store.commit([again, commit(*charges((2, 3)), positions=[(4, 4)])])
    store.pack()
    assert store.history(CHARGE, *ALWAYS).values == [1, 2, 3]
    assert [each.position for each in store.events(WARD)] == [2, 3, 9]
    store.close()
    store = opened(tmp_path / "beside.db", there)
    assert store.positions(WARD, INCARNATION) == IntervalSet([(1, 4), (9, 9)])
    store.close()
    assert verify(tmp_path / "beside.db").ok


def test_only_what_came_after_the_backup_is_asked_for_when_it_is_put_back(own: VictoriaMetrics, tmp_path: Path) -> None:
    there = settings_for(own, ship_seconds=60)
    clock = FakeClock()
    store = opened(tmp_path / "beside.db", there, clock)
    store.commit([commit(*charges((0, 1)), positions=[(1, 1)])])
    store.pack()
    own.stop()
    shutil.copytree(own.folder / "data", own.folder / "backup")
    own.start()
    clock.advance(3600)  # what came when is known by the hour
    store.commit([commit(*charges((1, 2)), positions=[(2, 2)])])
    store.pack()
    own.kill()
    own.wipe()
    shutil.copytree(own.folder / "backup", own.folder / "data")
    time.sleep(1.1)
    own.start()
    store._look()
    assert store.positions(WARD, INCARNATION) == IntervalSet([(1, 1)])
    store.close()


def test_a_restart_that_lost_nothing_asks_for_nothing(own: VictoriaMetrics, tmp_path: Path) -> None:
    store = opened(tmp_path / "beside.db", settings_for(own, ship_seconds=60))
    store.commit([commit(*charges((0, 1)), positions=[(1, 1)])])
    store.pack()
    store.commit([commit(*charges((1, 2)), positions=[(2, 2)])])
    own.kill()
    time.sleep(1.1)
    own.start()
    store._look()
    store.commit([commit(*charges((2, 3)), positions=[(3, 3)])])
    store.pack()
    assert store.history(CHARGE, *ALWAYS).values == [1, 2, 3]
    store.close()


@pytest.mark.parametrize("wiped", [False, True], ids=["restarted", "with its disk lost"])
def test_a_restart_between_the_look_and_the_flush_hides_nothing(
    own: VictoriaMetrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wiped: bool
) -> None:
    store = opened(tmp_path / "beside.db", settings_for(own, ship_seconds=60))
    store.commit([commit(*charges((0, 1)), positions=[(1, 1)])])
    store.pack()
    store.commit([commit(*charges((1, 2), (2, 3)), positions=[(2, 3)])])
    read = store._client.read

    def broken() -> None:
        raise StoreError("no answer", StoreFault.UNREACHABLE)

    def killed_after_it(*asked: Any) -> dict[Any, Any]:
        found = read(*asked)
        monkeypatch.undo()
        own.kill()
        if wiped:
            own.wipe()
        time.sleep(1.1)  # its start is told in whole seconds
        own.start()
        return found

    monkeypatch.setattr(store._client, "flush", broken)
    with pytest.raises(StoreError, match="no answer"):
        store.ship_once()  # the samples are in its memory now, and nowhere else there
    monkeypatch.undo()
    monkeypatch.setattr(store._client, "read", killed_after_it)
    with pytest.raises(StoreError) as caught:
        store.ship_once()
    assert caught.value.fault is StoreFault.UNREACHABLE
    assert waits(tmp_path / "beside.db") == 2
    store.pack()
    assert waits(tmp_path / "beside.db") == 0
    # What only the lost disk had is asked for; all else is there.
    assert store.positions(WARD, INCARNATION) == IntervalSet([(2, 3) if wiped else (1, 3)])
    assert store.history(CHARGE, *ALWAYS).values == ([2, 3] if wiped else [1, 2, 3])
    store.close()


def test_a_hub_that_was_off_for_two_months_asks_for_nothing(
    victoria: VictoriaMetrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = settings_for(victoria, ship_seconds=60)
    long_ago_us = round(time.time() - 60 * 86_400) * SECOND_US
    with monkeypatch.context() as patch:
        patch.setattr(VictoriaClient, "now_us", lambda _: long_ago_us)
        store = opened(tmp_path / "beside.db", there)
        sampled = sample(CHARGE, long_ago_us, 1.0)
        store.commit([commit(sampled, positions=[(1, 2)])])
        store.pack()
        assert waits(tmp_path / "beside.db") == 0
        store.close()
    store = opened(tmp_path / "beside.db", there)
    assert store.positions(WARD, INCARNATION) == IntervalSet([(1, 2)])
    store.commit([commit(sample(CHARGE, long_ago_us + SECOND_US, 2.0), positions=[(3, 3)])])
    store.pack()
    assert store.history(CHARGE, *ALWAYS).values == [1.0, 2.0]
    store.close()


def test_flushed_means_that_a_kill_takes_nothing_back(own: VictoriaMetrics) -> None:
    """The one thing that all of this stands on."""
    client = VictoriaClient(settings_for(own))
    now_us = round(time.time()) * SECOND_US
    for turn in range(1, 6):
        client.write_own("wardwatch_store_trial", float(turn), now_us + turn * SECOND_US)
        client.flush()
        own.kill()
        own.start()
        found = client.read_own("wardwatch_store_trial", now_us, now_us + 60 * SECOND_US)
        assert list(found.values()) == [float(n) for n in range(1, turn + 1)]
    client.close()


def test_neither_store_opens_the_other_ones_file(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    opened(tmp_path / "beside.db", settings_for(victoria)).close()
    EmbeddedStore.open(tmp_path / "store.db", clock=FakeClock()).close()
    with pytest.raises(StoreError) as caught:
        EmbeddedStore.open(tmp_path / "beside.db", clock=FakeClock())
    assert caught.value.fault is StoreFault.NOT_A_STORE
    with pytest.raises(StoreError) as caught:
        opened(tmp_path / "store.db", settings_for(victoria))
    assert caught.value.fault is StoreFault.NOT_A_STORE


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("given", "back"),
    [(1 / 3, 0.333333), (-0.0, 0.0), (-1e-9, 0.0), (2.0**53 - 1, 2.0**53 - 1), (123456789.123456789, 123456789.123)],
)
def test_numbers_take_the_form_in_which_they_come_back(given: float, back: float) -> None:
    one = kept(sample(CHARGE, START_US + 1999, given))
    assert (one.wall_time_us, struct.pack("d", one.value)) == (START_US + 1000, struct.pack("d", back))


def test_what_is_not_shown_at_once_is_looked_for_again(
    victoria: VictoriaMetrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = []

    def late(*arguments: Any, last_try: bool) -> Shipped:
        rounds.append(last_try)
        shipped = ship(*arguments, last_try=last_try)
        return shipped if len(rounds) > 2 else Shipped(missing=2)

    monkeypatch.setattr("store.victoria.victoria.ship", late)
    monkeypatch.setattr("store.victoria.victoria._LOOK_AGAIN_SECONDS", 0.0)
    store = opened(tmp_path / "beside.db", settings_for(victoria, ship_seconds=60))
    store.commit([commit(*charges((0, 1), (1, 2)))])
    store.pack()
    assert rounds == [False, False, False]
    assert waits(tmp_path / "beside.db") == 0
    assert store.history(CHARGE, *ALWAYS).values == [1, 2]
    store.close()


def test_a_way_that_was_closed_says_so(victoria: VictoriaMetrics) -> None:
    client = VictoriaClient(settings_for(victoria))
    assert client.now_us() > 0
    client.close()
    with pytest.raises(StoreError) as caught:
        client.now_us()
    assert caught.value.fault is StoreFault.CLOSED
