"""Random histories of commits, replays, packing and restarts: every store agrees with a plain model, value by value."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from store.base import Commit, Event, Sample, SeriesKey, Store
from store.embedded import EmbeddedSettings, EmbeddedStore
from store.embedded.verify import verify
from store.victoria import VictoriaStore
from store.victoria.kept import kept, kept_time
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet
from tests.store.conftest import MEMORY, settings_for
from tests.store.model import Model, bits
from tests.victoria import VictoriaMetrics

WARDS = ("ward-a", "ward-b")
KEYS = [SeriesKey(ward, device, "level", "") for ward in WARDS for device in ("d1", "d2")]
INCARNATIONS = (b"one", b"two")
EVER = (-(1 << 63), 1 << 63)

# Few different times, so that equal ones are common; and the ends of what 64 bits hold.
TIMES = st.one_of(
    st.integers(0, 60).map(lambda n: 1_790_000_000_000_000 + n * 30_000_000),
    st.integers(-40, 40),
    st.sampled_from([-(1 << 63), (1 << 63) - 1, 0]),
    st.integers(-(1 << 63), (1 << 63) - 1),
)
VALUES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 99.5, 5e-324, -5e-324, 2.2e-308, 1.7e308, float("inf"), float("-inf"), 2.0**53]),
    st.integers(0, 1000).map(lambda n: n / 10),
    st.floats(allow_nan=False),
)
POINTS = st.lists(st.tuples(st.sampled_from(KEYS), TIMES, VALUES), max_size=40)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.lists(POINTS, min_size=1, max_size=3), st.randoms(use_true_random=False)),
        st.just(("pack",)),
        st.just(("reopen",)),
        st.just(("look",)),
    ),
    min_size=1,
    max_size=25,
)


def commits_of(lists: list[list[tuple[SeriesKey, int, float]]], chance: random.Random, model: Model) -> list[Commit]:
    """Each list as commits of its wards, at positions that nobody used yet, holes included."""
    made: list[Commit] = []
    used: dict[tuple[str, bytes], set[int]] = {}
    for points in lists:
        for ward in WARDS:
            incarnation = chance.choice(INCARNATIONS)
            taken = used.setdefault((ward, incarnation), set(model.positions.get(ward, {}).get(incarnation, ())))
            free = [position for position in range(1, 400) if position not in taken]
            positions = sorted(chance.sample(free, min(len(free), chance.randrange(4))))
            taken.update(positions)
            samples = [
                Sample(k.ward, k.device, "ups", k.metric, k.instance, t, v) for k, t, v in points if k.ward == ward
            ]
            events = [
                Event(ward, incarnation, p, chance.randrange(5), "d1", "condition", bytes([p % 256]))
                for p in positions
                if p % 3 == 0
            ]
            made.append(Commit(ward, incarnation, IntervalSet((p, p) for p in positions), samples, events))
    return made


def compare(store: Store, model: Model) -> None:
    for key in KEYS:
        series = store.history(key, *EVER)
        assert list(zip(series.times_us, map(bits, series.values), strict=True)) == model.history(key, *EVER)
        middle = 1_790_000_000_000_000 + 20 * 30_000_000
        part = store.history(key, -3, middle)
        assert list(zip(part.times_us, map(bits, part.values), strict=True)) == model.history(key, -3, middle)
    for ward in WARDS:
        assert {each.key: (each.wall_time_us, bits(each.value)) for each in store.latest(ward)} == model.latest(ward)
        for incarnation in INCARNATIONS:
            assert store.positions(ward, incarnation) == model.held(ward, incarnation)
        key = [(e.wall_time_us, e.position) for e in store.events(ward)]
        assert key == [(e.wall_time_us, e.position) for e in model.events_of(ward)]
        assert sorted(map(repr, store.events(ward))) == sorted(map(repr, model.events_of(ward)))
        counts = store.counts(ward)
        assert counts.samples_committed == model.committed.get(ward, 0)
        assert counts.events_committed == len(model.events_of(ward))
        assert counts.positions == sum(len(each) for each in model.positions.get(ward, {}).values())


def as_they_are(commits: list[Commit]) -> list[Commit]:
    return commits


def as_kept(commits: list[Commit]) -> list[Commit]:
    """What VictoriaMetrics can give back of them."""
    return [replace(commit, samples=[kept(sample) for sample in commit.samples]) for commit in commits]


def walk(
    steps: list[tuple[object, ...]],
    opened: Callable[[], EmbeddedStore],
    path: Path,
    as_given: Callable[[list[Commit]], list[Commit]],
) -> Model:
    """Do the steps to a store and to a model, compare them, also after a last packing and opening."""
    store, model = opened(), Model()
    try:
        for step in steps:
            if step[0] == "commit":
                commits = commits_of(step[1], step[2], model)  # type: ignore[arg-type]
                store.commit(commits)
                model.commit(as_given(commits))
            elif step[0] == "pack":
                store.pack()
            elif step[0] == "reopen":
                store.close()
                store = opened()
            else:
                compare(store, model)
        compare(store, model)
        assert verify(path).ok
        store.pack()
        compare(store, model)
        store.close()
        store = opened()
        compare(store, model)
    finally:
        store.close()
    report = verify(path)
    assert report.ok, report.as_dict()
    return model


@settings(max_examples=120, deadline=None)
@given(STEPS, st.integers(2, 9))
def test_a_store_agrees_with_a_plain_model(steps: list[tuple[object, ...]], chunk_samples: int) -> None:
    small = EmbeddedSettings(
        tail_samples=30, tail_samples_per_series=3, chunk_samples=chunk_samples, step_samples=chunk_samples
    )
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / "store.db"
        model = walk(steps, lambda: EmbeddedStore.open(path, clock=FakeClock(), settings=small), path, as_they_are)
        assert verify(path).samples == sum(map(len, model.samples.values()))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example waits for a disk: shrinking takes minutes
)
@given(STEPS)
def test_victoriametrics_with_its_file_beside_agrees_with_a_plain_model(
    victoria: VictoriaMetrics, steps: list[tuple[object, ...]]
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path, there = Path(folder) / "store.db", settings_for(victoria, batch_samples=40)
        walk(steps, lambda: VictoriaStore.connect(path, clock=FakeClock(), there=there), path, as_kept)


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_month_of_polls_replayed_in_any_order_is_the_same_month(
    open_store: Callable[[], Store], seed: int, shuffled: bool
) -> None:
    chance = random.Random(seed)
    key = KEYS[0]
    samples = [
        Sample(key.ward, key.device, "ups", key.metric, "", kept_time(n * 30_000_000 + late_us), n % 50 / 10)
        for n, late_us in enumerate(chance.choices(range(5000), k=6000))
    ]
    batches = [samples[at : at + 75] for at in range(0, len(samples), 75)]
    if shuffled:
        chance.shuffle(batches)
    store = open_store()
    for number, batch in enumerate(batches, 1):
        store.commit([Commit(key.ward, b"one", IntervalSet([(number, number)]), batch)])
        if number == 40:
            store = open_store()
    series = store.history(key, *EVER)
    assert series.times_us == [sample.wall_time_us for sample in samples]
    assert series.values == [sample.value for sample in samples]
