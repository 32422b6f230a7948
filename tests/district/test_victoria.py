"""The ingest on VictoriaMetrics that is killed, and loses its disk: every reading of the wards is there once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.base import SeriesKey
from store.victoria import VictoriaSettings, VictoriaStore
from store.victoria.kept import kept_time, kept_value
from telemetry.clock import FakeClock
from tests.district.conftest import Desk, answer
from tests.district.fakes import START_US, ScriptedWard, journaled, many_polls
from tests.victoria import VictoriaMetrics, running

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
EVER = (0, START_US + 10 * 86_400_000_000)


@pytest.fixture
def victoria(peer: Callable[[str], str]) -> Iterator[VictoriaMetrics]:
    with running(peer("victoria-metrics")) as made:
        yield made


def opened(folder: Path, victoria: VictoriaMetrics) -> VictoriaStore:
    there = VictoriaSettings(url=victoria.url, district="hai-chau", ship_seconds=0.05)
    return VictoriaStore.connect(folder / "victoria.db", clock=FakeClock(START_US + 86_400_000_000), there=there)


def kept_by_it(ward: ScriptedWard) -> dict[SeriesKey, dict[int, float]]:
    """What the ward's journal says, as VictoriaMetrics keeps numbers."""
    return {
        key: {kept_time(time_us): kept_value(value) for time_us, value in points.items()}
        for key, points in journaled(ward).items()
    }


def stored(store: VictoriaStore, keys: dict[SeriesKey, dict[int, float]]) -> dict[SeriesKey, dict[int, float]]:
    found = {}
    for key in keys:
        series = store.history(key, *EVER)
        assert len(set(series.times_us)) == len(series.times_us), "doubled"
        found[key] = dict(zip(series.times_us, series.values, strict=True))
    return found


def test_kills_and_a_lost_disk_lose_and_double_nothing(
    victoria: VictoriaMetrics, tmp_path: Path, ward: ScriptedWard, seed: int
) -> None:
    chance = random.Random(seed)
    many_polls(ward, 600, chance)
    store = opened(tmp_path, victoria)
    desk = Desk(tmp_path, store)  # type: ignore[arg-type]  # any store will do
    at = 1
    while at <= len(ward.entries):
        last = min(at + chance.randrange(1, 30), len(ward.entries))
        if chance.random() < 0.9:  # the others stay holes until they are asked for
            desk.hear((ward.topic("entries"), ward.batch(at, last)))
        at = last + 1
        if chance.random() < 0.12:
            victoria.kill()
            if chance.random() < 0.5:  # and the hub with it, as a machine that is switched off
                store.close()
                store = opened(tmp_path, victoria)
                desk = Desk(tmp_path, store)  # type: ignore[arg-type]
            victoria.start()
    replay_all(desk, ward)
    store.pack()
    assert stored(store, kept_by_it(ward)) == kept_by_it(ward)
    assert store.counts(ward.ward).samples_committed == sum(map(len, kept_by_it(ward).values()))

    victoria.kill()
    victoria.wipe()
    time.sleep(1.1)  # its start is told in whole seconds
    victoria.start()
    until(lambda: store.counts(ward.ward).positions < len(ward.entries) // 2)
    desk.hear((ward.topic("entries"), ward.batch(ward.poll(battery_charge_percent=1.0))))
    replay_all(desk, ward)
    store.pack()
    assert stored(store, kept_by_it(ward)) == kept_by_it(ward)
    events = [(event.incarnation, event.position) for event in store.events(ward.ward)]
    assert len(events) == len(set(events))
    store.close()


def replay_all(desk: Desk, ward: ScriptedWard) -> None:
    """Until the hub holds all that the ward has; a few rounds of asking and answering."""
    desk.hear((ward.topic("status"), ward.status()))
    for _ in range(200):
        if desk.held(ward) == [(1, len(ward.entries))]:
            return
        desk.wait(1.0)
        asked = [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]
        desk.sent.clear()
        for request in asked:
            answer(desk, ward, request)
    raise AssertionError(f"never whole: {desk.held(ward)}")


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.05)
