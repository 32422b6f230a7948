"""What is old is summarised; the summaries are what all samples come to, in whatever order they came."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.base import Commit, Sample, Series, SeriesKey
from store.embedded import EmbeddedSettings, EmbeddedStore, downsampling, upkeep
from store.embedded.database import open_for_writing
from store.embedded.downsampling import Advanced
from store.embedded.summaries import HOURS, MINUTES
from store.embedded.verify import verify
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet
from tests.store.conftest import MEMORY, SMALL
from tests.store.samples import CHARGE, START_US, WARD, commit, sample
from tests.store.test_buckets import by_hand

MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
KEYS = [CHARGE, SeriesKey(WARD, "ups-1", "load", "2")]
EVER = (-(1 << 63), 1 << 63)
QUICK = EmbeddedSettings(
    tail_samples=40,
    tail_samples_per_series=8,
    chunk_samples=16,
    step_samples=32,
    full_days=2,
    minutes_days=4,
    step_seconds=0.0,
    step_rest=0.0,
)
Row = tuple[int, float, float, float, int]


def borders(path: Path, key: SeriesKey) -> tuple[int, int]:
    """Full from, minutes from."""
    raw = sqlite3.connect(path)
    row = raw.execute(
        "SELECT full_from_us, minutes_from_us FROM series WHERE device = ? AND metric = ?", (key.device, key.metric)
    ).fetchone()
    raw.close()
    return row or (EVER[0], EVER[0])


def expected(samples: dict[int, float], full_from: int, minutes_from: int) -> list[Row]:
    """The oracle: all raw samples, whichever came when."""
    rows: list[Row] = [(t, v, v, v, 1) for t, v in samples.items() if t >= full_from]
    hours = {t: v for t, v in samples.items() if t < minutes_from}
    minutes = {t: v for t, v in samples.items() if minutes_from <= t < full_from}
    for level, part in ((HOURS, hours), (MINUTES, minutes)):
        for number, (count, _, low, high, total, last_us, _) in by_hand(part, level.width_us).items():
            moment = last_us if count == 1 else number * level.width_us + level.width_us // 2
            rows.append((moment, float(total / count), low, high, count))  # type: ignore[operator,arg-type]
    return sorted(rows)


def rows_of(series: Series) -> list[Row]:
    low, high = series.low or series.values, series.high or series.values
    counts = series.counts or [1] * len(series.times_us)
    return list(zip(series.times_us, series.values, low, high, counts, strict=True))


POINTS = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.one_of(st.integers(-9 * 24 * 60, 0).map(lambda n: n * MINUTE_US), st.integers(-9 * DAY_US, DAY_US)),
        st.one_of(st.integers(-400, 1000).map(lambda n: n / 10), st.floats(-1e12, 1e12)),
    ),
    max_size=60,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), POINTS),
        st.tuples(st.just("commit"), POINTS),
        st.tuples(st.just("prune"), st.integers(0, 6)),
        st.tuples(st.just("later"), st.integers(1, 72)),
        st.just(("reopen",)),
        st.just(("look",)),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=120, deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_summaries_agree_with_all_raw_samples_in_whatever_order_they_came(
    steps: list[tuple[object, ...]], chance: random.Random
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path, clock = Path(folder) / "store.db", FakeClock()
        store = EmbeddedStore.open(path, clock=clock, settings=QUICK)
        held: dict[SeriesKey, dict[int, float]] = {key: {} for key in KEYS}
        start_us, position = clock.wall_us(), 0

        def compare() -> None:
            for key in KEYS:
                wanted = expected(held[key], *borders(path, key))
                assert rows_of(store.history(key, *EVER)) == wanted
                first, last = sorted(start_us + chance.randrange(-9 * DAY_US, DAY_US) for _ in range(2))
                part = rows_of(store.history(key, first, last))
                assert part == [row for row in wanted if first <= row[0] < last]
            newest = {each.key: (each.wall_time_us, each.value) for each in store.latest(WARD)}
            assert newest == {key: (max(each), each[max(each)]) for key, each in held.items() if each}

        for step in [*steps, ("prune", 1000), ("look",), ("reopen",), ("look",)]:
            if step[0] == "commit":
                # A time that is there already keeps the greater value only while it is kept in full: see the docs.
                new = {(key, start_us + at): value for key, at, value in step[1]}  # type: ignore[attr-defined]
                new = {place: value for place, value in new.items() if place[1] not in held[place[0]]}
                for (key, time_us), value in new.items():
                    held[key][time_us] = value
                position += 1
                samples = [sample(key, time_us, value) for (key, time_us), value in new.items()]
                store.commit([commit(*samples, positions=[(position, position)])])
            elif step[0] == "prune":
                turns = iter(range(step[1]))  # type: ignore[call-overload]
                store.prune(lambda turns=turns: next(turns, None) is not None)  # type: ignore[misc]
            elif step[0] == "later":
                clock.advance(3600 * step[1])  # type: ignore[operator]
            elif step[0] == "reopen":
                store.close()
                store = EmbeddedStore.open(path, clock=clock, settings=QUICK)
            else:
                compare()
        store.close()
        report = verify(path)
        assert report.ok, report.as_dict()
        assert report.samples == sum(map(len, held.values()))


def opened(path: Path, clock: FakeClock, **more: float) -> EmbeddedStore:
    made = EmbeddedSettings(**{"step_rest": 0.0, **more})  # type: ignore[arg-type]
    return EmbeddedStore.open(path, clock=clock, settings=made)


def year(clock: FakeClock, days: int = 365, every_us: int = 10 * MINUTE_US) -> list[Sample]:
    now = clock.wall_us()
    return [sample(CHARGE, t, 50 + t // HOUR_US % 24 / 10) for t in range(now - days * DAY_US, now, every_us)]


def test_a_spike_of_one_minute_is_there_in_the_chart_of_a_year(tmp_path: Path) -> None:
    clock = FakeClock()
    store = opened(tmp_path / "store.db", clock)
    now = clock.wall_us()
    samples = year(clock)
    spike, dip = now - 300 * DAY_US + 3 * MINUTE_US, now - 60 * DAY_US + 7 * MINUTE_US
    store.commit([commit(*samples, sample(CHARGE, spike, 99.0), sample(CHARGE, dip, 1.5), positions=[(1, 1)])])
    assert store.prune().summarised > 0.8 * len(samples)
    chart = store.history(CHARGE, now - 365 * DAY_US, now, points=600)
    assert 500 <= len(chart.times_us) <= 601
    assert sum(chart.counts) == len(samples) + 2
    assert max(chart.high) == 99.0
    assert min(chart.low) == 1.5
    at = chart.high.index(99.0)
    assert abs(chart.times_us[at] - spike) < 365 * DAY_US / 600
    assert all(low <= value <= high for low, value, high in zip(chart.low, chart.values, chart.high, strict=True))
    day = store.history(CHARGE, now - DAY_US, now, points=600)
    assert day.counts == []
    assert len(day.times_us) == 144
    store.close()


def test_a_ward_that_comes_back_after_two_months_is_as_if_it_had_never_been_away(tmp_path: Path, seed: int) -> None:
    clock, chance = FakeClock(), random.Random(seed)
    samples = year(clock, 150)
    since = clock.wall_us() - 60 * DAY_US
    late, timely = [s for s in samples if s.wall_time_us < since], [s for s in samples if s.wall_time_us >= since]
    charts = []
    for name, batches in (("whole", [samples]), ("late", [timely, late])):
        store = opened(tmp_path / name, clock)
        for number, batch in enumerate(batches, 1):
            if number == 2:
                store.prune()
                chance.shuffle(batch)
            for at in range(0, len(batch), 500):
                store.commit([Commit(WARD, b"%d" % number, IntervalSet([(at, at)]), batch[at : at + 500])])
        store.prune()
        charts.append(store.history(CHARGE, *EVER))
        store.close()
        assert verify(tmp_path / name).ok
    assert charts[0] == charts[1]


def test_readers_see_a_late_sample_once_before_and_after_it_is_packed(tmp_path: Path) -> None:
    clock = FakeClock()
    store = opened(tmp_path / "store.db", clock)
    old = clock.wall_us() - 100 * DAY_US
    store.commit([commit(sample(CHARGE, old, 1.0), positions=[(1, 1)])])
    store.prune()
    store.commit([commit(sample(CHARGE, old + 1, 2.0), positions=[(2, 2)])])
    before = store.history(CHARGE, *EVER)
    assert (before.counts, before.values, before.high) == ([2], [1.5], [2.0])
    store.pack()
    assert store.history(CHARGE, *EVER) == before
    store.close()


def test_summaries_go_when_their_retention_is_over_and_the_counters_say_so(tmp_path: Path) -> None:
    clock = FakeClock()
    store = opened(tmp_path / "store.db", clock)
    samples = year(clock, 390)
    store.commit([commit(*samples, positions=[(1, 1)])])
    store.prune()
    clock.advance(100 * 86_400)
    pruned = store.prune()
    assert pruned.samples > 70 * 144
    assert min(store.history(CHARGE, *EVER).times_us) >= clock.wall_us() - 417 * DAY_US
    clock.advance(400 * 86_400)
    assert store.prune().samples == len(samples) - pruned.samples
    assert store.latest(WARD) == []
    store.close()
    assert verify(tmp_path / "store.db").ok


def test_a_store_of_the_first_format_is_taken_on(tmp_path: Path) -> None:
    path, clock = tmp_path / "store.db", FakeClock()
    store = EmbeddedStore.open(path, clock=clock, settings=SMALL)
    store.commit([commit(*year(clock, 80), positions=[(1, 1)])])
    store.pack()
    before = store.history(CHARGE, *EVER)
    store.close()
    raw = sqlite3.connect(path)
    raw.executescript(
        "ALTER TABLE series DROP COLUMN full_from_us; ALTER TABLE series DROP COLUMN minutes_from_us;"
        "DROP TABLE summaries; PRAGMA user_version = 1;"
    )
    raw.close()
    store = EmbeddedStore.open(path, clock=clock, settings=SMALL)
    assert store.history(CHARGE, *EVER) == before
    store.close()
    assert verify(path).ok
    store = opened(path, clock)
    assert store.prune().summarised > 0
    assert sum(store.history(CHARGE, *EVER).counts) == len(before.times_us)
    store.close()


class Turns:
    """Instead of `time` in the upkeep. It counts processor time, which does not pass while others have the machine; and
    while the upkeep rests, a commit is made at once, which it could not be in the middle of a step."""

    def __init__(self, store: EmbeddedStore, key: SeriesKey, now_us: int) -> None:
        self._store, self._key, self._now_us = store, key, now_us
        self._commits = 0
        self.steps: list[float] = []  # of summarising, and what each took
        self.rests: list[float] = []  # the one after each

    def monotonic(self) -> float:
        return time.thread_time()

    def sleep(self, seconds: float) -> None:
        assert not self._store._write_lock.locked(), "a commit would wait for the rest, too"
        self._commits += 1
        number = 1000 + self._commits
        self._store.commit([commit(sample(self._key, self._now_us + number, 1.0), positions=[(number, number)])])
        if len(self.rests) < len(self.steps):
            self.rests.append(seconds)


def test_a_commit_waits_for_one_step_at_most_and_a_step_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the order of steps and commits, by what a step takes up, and by its processor time: none of it depends on how
    busy the machine is. How long commits wait by the clock, the disk included, `make bench ARGS="store"` tells."""
    clock = FakeClock()
    path = tmp_path / "store.db"
    store = EmbeddedStore.open(path, clock=clock)
    keys = [SeriesKey(WARD, f"ups-{n}", "load") for n in range(40)]
    now = clock.wall_us()
    for number, key in enumerate(keys, 1):
        days = [sample(key, now - 60 * DAY_US + n * MINUTE_US, n % 70 / 10) for n in range(12 * 1440)]
        store.commit([commit(*days, positions=[(number, number)])])
    store.pack()
    turns = Turns(store, keys[0], now)
    taken: list[int] = []
    monkeypatch.setattr(upkeep, "time", turns)
    monkeypatch.setattr(downsampling, "time", turns)

    def step(*given: Any) -> list[Advanced]:
        assert len(turns.rests) == len(turns.steps), "a commit may have to wait for two steps"
        began = time.thread_time()
        advanced = downsampling.step(*given)
        turns.steps.append(time.thread_time() - began)
        taken.extend(each.samples for each in advanced)
        return advanced

    monkeypatch.setattr(upkeep, "summarise", step)
    assert store.prune().summarised == sum(taken) == len(keys) * 12 * 1440
    store.close()
    assert len(turns.steps) > 20
    assert all(rest >= min(took, 0.1) for took, rest in zip(turns.steps, turns.rests, strict=True))
    assert max(taken) <= 10_000
    took = sorted(turns.steps)
    assert took[len(took) * 9 // 10] < 0.1, f"{[round(1000 * each) for each in took[-10:]]} ms"
    assert verify(path).ok


def test_a_damaged_summary_keeps_no_later_samples_from_their_place(tmp_path: Path) -> None:
    path, clock = tmp_path / "store.db", FakeClock()
    store = opened(path, clock)
    old = clock.wall_us() - 100 * DAY_US
    store.commit([commit(*[sample(CHARGE, old + n * MINUTE_US, n) for n in range(30)], positions=[(1, 1)])])
    store.prune()
    store.close()
    raw = open_for_writing(path, SMALL)
    raw.execute("UPDATE summaries SET data = x'010203'")
    raw.close()
    store = opened(path, clock)
    store.commit([commit(sample(CHARGE, old + 1, 7.0), positions=[(2, 2)])])
    store.pack()
    found = store.history(CHARGE, *EVER)
    assert (found.values, found.counts) == ([7.0], [1])
    store.close()
    report = verify(path)
    assert report.samples == 31
    assert {name for name, rule in report.invariants.items() if not rule.ok} == {"S2", "S5"}  # its newest is lost


@pytest.mark.parametrize(("full", "minutes"), [(0, 4), (5, 4)])
def test_settings_that_cannot_be_are_refused(full: float, minutes: float) -> None:
    with pytest.raises(ValueError, match="full_days"):
        EmbeddedSettings(full_days=full, minutes_days=minutes)


def test_it_is_start_of_a_day_that_separates(tmp_path: Path) -> None:
    clock = FakeClock(START_US)
    store = opened(tmp_path / "store.db", clock)
    store.commit([commit(*year(clock, 130), positions=[(1, 1)])])
    store.prune()
    full_from, minutes_from = borders(tmp_path / "store.db", CHARGE)
    assert full_from % DAY_US == minutes_from % DAY_US == 0
    assert 40 * DAY_US <= START_US - full_from < 41 * DAY_US
    assert 120 * DAY_US <= START_US - minutes_from < 121 * DAY_US
    store.close()
