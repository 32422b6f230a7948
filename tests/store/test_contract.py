"""What every store does: the statements of store/base.py."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from store.base import Latest, SeriesKey, Store, StoreCounts, StoreError, StoreFault
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet
from tests.store.samples import (
    CHARGE,
    INCARNATION,
    SECOND_US,
    START_US,
    WARD,
    charges,
    commit,
    event,
    sample,
)

OpenStore = Callable[[], Store]
ALWAYS = (-(1 << 62), 1 << 62)


def points(store: Store, key: SeriesKey = CHARGE) -> list[tuple[float, float]]:
    series = store.history(key, *ALWAYS)
    return [((t - START_US) / SECOND_US, v) for t, v in zip(series.times_us, series.values, strict=True)]


def test_what_was_committed_is_read_back_value_by_value(store: Store) -> None:
    store.commit([commit(*charges((0, 99.5), (30, 99.0), (60, 0.333333)), positions=[(1, 3)])])
    assert points(store) == [(0, 99.5), (30, 99.0), (60, 0.333333)]


def test_a_new_store_knows_nobody(store: Store) -> None:
    assert store.wards() == []
    assert store.incarnations(WARD) == []
    assert store.positions(WARD, INCARNATION) == IntervalSet()
    assert store.latest(WARD) == []
    assert store.history(CHARGE, *ALWAYS).times_us == []
    assert store.events(WARD) == []
    assert store.counts(WARD) == StoreCounts(0, 0, 0)


def test_history_holds_the_start_and_leaves_out_the_end(store: Store) -> None:
    store.commit([commit(*charges((0, 1), (10, 2), (20, 3)))])
    series = store.history(CHARGE, START_US, START_US + 20 * SECOND_US)
    assert series.values == [1, 2]


def test_late_samples_fall_into_their_place(store: Store) -> None:
    for second in (500, 100, 300, 200, 400):
        store.commit([commit(*charges((second, second)))])
    assert points(store) == [(s, s) for s in (100, 200, 300, 400, 500)]


def test_a_replay_of_35_days_ago_comes_before_what_is_live(store: Store) -> None:
    day = 86_400
    store.commit([commit(*charges(*((35 * day + s, s) for s in range(0, 9000, 30))))])
    for start in range(0, 9000, 900):
        store.commit([commit(*charges(*((start + s, s) for s in range(0, 900, 30))))])
    times = [t for t, _ in points(store)]
    assert times == [*range(0, 9000, 30), *range(35 * day, 35 * day + 9000, 30)]


def test_of_samples_of_equal_time_the_greater_value_is_kept_whatever_the_order(store: Store) -> None:
    store.commit([commit(*charges((0, 5), (10, 7), (10, 8), (20, 0.0), (30, -0.0)))])
    store.commit([commit(*charges((0, 6), (10, 3), (20, -0.0), (30, 0.0)))])
    assert points(store) == [(0, 6), (10, 8), (20, 0), (30, 0)]
    assert [math.copysign(1, value) for _, value in points(store)] == [1, 1, 1, 1]


def test_the_newest_is_newest_by_its_own_time_not_by_arrival(store: Store) -> None:
    store.commit([commit(*charges((60, 90.0)))])
    store.commit([commit(*charges((30, 95.0)))])
    assert store.latest(WARD) == [Latest(CHARGE, "ups", START_US + 60 * SECOND_US, 90.0)]


def test_latest_has_each_series_once_and_can_ask_for_one_device(store: Store) -> None:
    printer = SeriesKey(WARD, "printer-1", "toner_black_percent")
    ports = [SeriesKey(WARD, "switch-1", "port_up", str(port)) for port in range(3)]
    store.commit([commit(*charges((0, 1), (1, 2)), sample(printer, START_US, 40.0, "printer"))])
    store.commit([commit(*(sample(port, START_US, 1.0, "switch") for port in ports))])
    assert {each.key for each in store.latest(WARD)} == {CHARGE, printer, *ports}
    assert [(each.key, each.kind, each.value) for each in store.latest(WARD, "printer-1")] == [
        (printer, "printer", 40.0)
    ]
    assert {each.key.instance for each in store.latest(WARD, "switch-1")} == {"0", "1", "2"}
    assert store.latest(WARD, "no-such-device") == []


def test_a_device_that_becomes_another_kind_keeps_its_series_under_the_newest_kind(open_store: OpenStore) -> None:
    store = open_store()
    store.commit([commit(sample(CHARGE, START_US + 10_000, 1.0, "server"))])
    store.commit([commit(sample(CHARGE, START_US + 20_000, 2.0, "ups"))])
    store.commit([commit(sample(CHARGE, START_US, 3.0, "server"))])  # late, from before
    assert [each.kind for each in store.latest(WARD)] == ["ups"]
    assert [each.kind for each in open_store().latest(WARD)] == ["ups"]


def test_samples_events_and_positions_are_there_after_opening_again(open_store: OpenStore) -> None:
    store = open_store()
    store.commit([commit(*charges((0, 1), (30, 2)), positions=[(1, 4)], events=[event(3, 5)])])
    before = store.latest(WARD), points(store), store.events(WARD), store.counts(WARD), store.wards()
    store = open_store()
    assert (store.latest(WARD), points(store), store.events(WARD), store.counts(WARD), store.wards()) == before
    assert store.positions(WARD, INCARNATION) == IntervalSet([(1, 4)])


def test_commits_of_many_wards_go_in_together(store: Store) -> None:
    wards = [f"ward-{number}" for number in range(20)]
    keys = [CHARGE._replace(ward=ward) for ward in wards]
    store.commit(commit(sample(key, START_US, 7.0), positions=[(1, 1)], ward=key.ward) for key in keys)
    assert store.wards() == wards
    assert [points(store, key) for key in keys] == [[(0, 7.0)]] * 20


def test_positions_grow_together_and_keep_their_holes(open_store: OpenStore) -> None:
    store = open_store()
    for first, last in ((1, 3), (7, 9), (4, 4), (20, 20), (6, 6), (5, 5)):
        store.commit([commit(positions=[(first, last)])])
    assert list(store.positions(WARD, INCARNATION)) == [(1, 9), (20, 20)]
    assert list(open_store().positions(WARD, INCARNATION)) == [(1, 9), (20, 20)]


def test_incarnations_are_named_in_the_order_in_which_they_came(open_store: OpenStore) -> None:
    names = [b"\xff" * 16, b"\x00" * 16, b"\x77" * 16]
    store = open_store()
    for name in names:
        store.commit([commit(positions=[(1, 1)], incarnation=name)])
    store.commit([commit(positions=[(2, 2)], incarnation=names[0])])
    assert store.incarnations(WARD) == names
    assert open_store().incarnations(WARD) == names


def test_the_same_position_of_another_incarnation_or_ward_is_another_entry(store: Store) -> None:
    store.commit([commit(positions=[(1, 5)]), commit(positions=[(1, 5)], incarnation=b"\x02" * 16)])
    store.commit([commit(positions=[(1, 5)], ward="other")])
    assert store.counts(WARD).positions == 10
    assert store.counts("other").positions == 5


@pytest.mark.parametrize("again", [(3, 3), (1, 9), (0, 1), (5, 8)])
def test_a_position_that_is_held_refuses_the_whole_call(store: Store, again: tuple[int, int]) -> None:
    store.commit([commit(*charges((0, 1)), positions=[(1, 5)])])
    with pytest.raises(StoreError) as caught:
        store.commit([commit(positions=[(1, 1)], ward="other"), commit(*charges((9, 9)), positions=[again])])
    assert caught.value.fault is StoreFault.HELD
    assert store.wards() == [WARD]
    assert points(store) == [(0, 1)]
    assert store.counts(WARD) == StoreCounts(1, 0, 5)


def test_a_position_named_twice_within_one_call_refuses_it(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.commit([commit(*charges((0, 1)), positions=[(1, 5)]), commit(*charges((0, 1)), positions=[(5, 6)])])
    assert caught.value.fault is StoreFault.HELD
    assert store.wards() == []


def test_nothing_of_a_refused_commit_stays_and_the_next_one_goes_in(open_store: OpenStore) -> None:
    store = open_store()
    with pytest.raises(StoreError, match="NaN"):
        store.commit([commit(*charges((0, 1), (30, math.nan)), positions=[(1, 2)], events=[event(2, 0)])])
    assert (store.wards(), store.events(WARD), points(store)) == ([], [], [])
    store.commit([commit(*charges((0, 1)), positions=[(1, 2)])])
    assert points(open_store()) == [(0, 1)]


def test_samples_and_events_of_another_ward_are_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        store.commit([commit(sample(CHARGE._replace(ward="other"), START_US, 1.0))])
    with pytest.raises(StoreError):
        store.commit([commit(positions=[(1, 1)], events=[event(1, 0, ward="other")])])
    with pytest.raises(StoreError):
        store.commit([commit(positions=[(1, 1)], events=[event(2, 0)])])
    with pytest.raises(StoreError):
        store.commit([commit(positions=[(1, 1)], events=[event(1, 0), event(1, 5)])])
    assert store.wards() == []


def test_what_no_column_can_hold_is_refused(store: Store) -> None:
    for bad in (
        commit(sample(CHARGE, 1 << 63, 1.0)),
        commit(positions=[(1, 1 << 63)]),
        commit(positions=[(-1, 1)]),
        commit(sample(CHARGE, START_US, "warm")),  # type: ignore[arg-type]  # what a careless caller might do
        commit(sample(CHARGE._replace(device="\ud800"), START_US, 1.0)),
        commit(sample(CHARGE._replace(device=None), START_US, 1.0)),  # type: ignore[arg-type]
    ):
        with pytest.raises(StoreError) as caught:
            store.commit([bad])
        assert caught.value.fault is StoreFault.REFUSED
    assert store.wards() == []


def test_a_commit_of_nothing_but_positions_counts(store: Store) -> None:
    store.commit([commit(positions=[(1, 2), (9, 9)])])
    store.commit([])
    assert store.counts(WARD) == StoreCounts(0, 0, 3)


def test_counts_survive_restarts_and_count_what_merged_away_too(open_store: OpenStore) -> None:
    store = open_store()
    store.commit([commit(*charges((0, 1), (0, 2)), positions=[(1, 2)], events=[event(1, 0), event(2, 0)])])
    store.commit([commit(*charges((0, 3)), positions=[(3, 3)])])
    assert store.counts(WARD) == StoreCounts(samples_committed=3, events_committed=2, positions=3)
    assert open_store().counts(WARD) == StoreCounts(samples_committed=3, events_committed=2, positions=3)


def test_events_come_back_verbatim_in_order_of_time_then_position(open_store: OpenStore) -> None:
    given = [event(4, 30), event(1, 60), event(3, 30), event(2, 10, "facts")]
    store = open_store()
    store.commit([commit(positions=[(1, 4)], events=given)])
    in_order = [given[3], given[2], given[0], given[1]]
    assert store.events(WARD) == in_order
    assert open_store().events(WARD, newest_first=True) == in_order[::-1]


def test_events_can_be_asked_by_payload_device_time_and_number(store: Store) -> None:
    given = [
        event(position, 10 * position, payload, device)
        for position, (payload, device) in enumerate(
            [("condition", "a"), ("facts", "a"), ("condition", "b"), ("facts", "b"), ("condition", "a")], 1
        )
    ]
    store.commit([commit(positions=[(1, 5)], events=given)])

    def asked(**what: object) -> list[int]:
        return [each.position for each in store.events(WARD, **what)]  # type: ignore[arg-type]  # any of its options

    assert asked(payload="condition") == [1, 3, 5]
    assert asked(device="a") == [1, 2, 5]
    assert asked(payload="condition", device="a") == [1, 5]
    assert asked(payload="condition", device="a", newest_first=True, limit=1) == [5]
    assert asked(start_us=START_US + 20 * SECOND_US, end_us=START_US + 40 * SECOND_US) == [2, 3]
    assert asked(limit=2) == [1, 2]
    assert asked(limit=0) == []
    assert asked(payload="viewing") == []
    assert store.events("other") == []


def test_prune_lets_go_of_what_is_older_than_its_retention(open_store: OpenStore, clock: FakeClock) -> None:
    store = open_store()
    day_us = 86_400 * SECOND_US
    now_us = clock.wall_us()
    old, young = now_us - 500 * day_us, now_us - 100 * day_us
    gone = SeriesKey(WARD, "printer-9", "pages_total")
    for at, start_us in enumerate((old, young)):
        samples = [sample(CHARGE, start_us + n * SECOND_US, n) for n in range(100)]
        there = [sample(gone, old, 1.0)] if start_us == old else []
        moment = event(at + 1, (start_us - START_US) / SECOND_US)
        store.commit([commit(*samples, *there, positions=[(at + 1, at + 1)], events=[moment])])
    pruned = store.prune()
    assert pruned.events == 1
    assert pruned.samples >= 90  # a stretch may stay whole for the sake of its newest sample
    kept = store.history(CHARGE, *ALWAYS)
    assert [t for t in kept.times_us if t >= young] == [young + n * SECOND_US for n in range(100)]
    assert len(kept.times_us) == 201 - pruned.samples
    assert [each.key for each in store.latest(WARD)] == [CHARGE]
    assert [each.position for each in store.events(WARD)] == [2]
    assert store.positions(WARD, INCARNATION) == IntervalSet([(1, 2)])
    assert store.counts(WARD) == StoreCounts(201, 2, 2)
    again = store.prune()
    assert (again.samples, again.events) == (0, 0)
    store = open_store()
    assert [each.key for each in store.latest(WARD)] == [CHARGE]
    store.commit([commit(sample(gone, now_us, 2.0))])
    assert points(store, gone) == [((now_us - START_US) / SECOND_US, 2.0)]


def test_after_closing_everything_says_that_it_is_closed(store: Store) -> None:
    store.close()
    store.close()
    for call in (
        lambda: store.commit([commit(positions=[(1, 1)])]),
        lambda: store.latest(WARD),
        lambda: store.history(CHARGE, *ALWAYS),
        lambda: store.events(WARD),
        lambda: store.positions(WARD, INCARNATION),
        lambda: store.prune(),
    ):
        with pytest.raises(StoreError) as caught:
            call()
        assert caught.value.fault is StoreFault.CLOSED
