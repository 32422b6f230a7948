"""Readers and writers at the same time: nobody sees half a commit, nobody loses a sample to packing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from store.base import SeriesKey, Store, StoreError, StoreFault
from telemetry.clock import FakeClock
from tests.store.samples import INCARNATION, START_US, WARD, commit, sample

KEYS = [SeriesKey(WARD, f"ups-{n}", "level") for n in range(6)]
ALWAYS = (-(1 << 62), 1 << 62)
COMMITS = 250


class Threads:
    """Runs functions side by side; the first error of any of them is the test's."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
                self.errors.append(error)

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a thread hangs"
        if self.errors:
            raise self.errors[0]


def test_readers_always_see_whole_commits_in_order_while_others_write(store: Store) -> None:
    done = threading.Event()

    def write() -> None:
        try:
            for n in range(COMMITS):
                samples = [sample(key, START_US + n * 1000, float(n)) for key in KEYS]
                store.commit([commit(*samples, positions=[(n, n)])])
        finally:
            done.set()

    def read(key: SeriesKey) -> None:
        finished, seen = False, 0
        while not finished:
            finished = done.is_set()
            promised = store.counts(WARD).positions
            values = store.history(key, *ALWAYS).values
            assert values == list(range(len(values)))
            assert len(values) >= max(promised, seen)
            seen = len(values)
            latest = {each.value for each in store.latest(WARD)}
            assert len(latest) <= 1, "half a commit"
        assert seen == COMMITS

    threads = Threads()
    for key in KEYS[:3]:
        threads.start(lambda key=key: read(key))  # type: ignore[misc]  # bound now, not when it runs
    threads.start(write)
    threads.join()


def test_commits_of_several_threads_all_go_in(store: Store) -> None:
    threads = Threads()

    def write(ward: str) -> None:
        for n in range(60):
            one = sample(SeriesKey(ward, "ups-1", "level"), START_US + n * 1000, float(n))
            store.commit([commit(one, positions=[(n, n)], ward=ward)])

    for number in range(4):
        threads.start(lambda ward=f"ward-{number}": write(ward))  # type: ignore[misc]
    threads.join()
    for number in range(4):
        assert store.history(SeriesKey(f"ward-{number}", "ups-1", "level"), *ALWAYS).values == list(range(60))
        assert list(store.positions(f"ward-{number}", INCARNATION)) == [(0, 59)]


def test_pruning_leaves_commits_their_turn_and_takes_nothing_young(store: Store, clock: FakeClock) -> None:
    day_us = 86_400_000_000
    old, young = clock.wall_us() - 401 * day_us, clock.wall_us() - day_us
    threads, done = Threads(), threading.Event()

    def write() -> None:
        try:
            for n in range(COMMITS):
                both = [sample(key, time_us + n * 1000, float(n)) for key in KEYS for time_us in (old, young)]
                store.commit([commit(*both, positions=[(n, n)])])
        finally:
            done.set()

    threads.start(write)
    pruned = 0
    while not done.is_set():
        pruned += store.prune().samples
    threads.join()
    pruned += store.prune().samples
    for key in KEYS:
        assert store.history(key, young, young + COMMITS * 1000).values == list(range(COMMITS))
    left = sum(len(store.history(key, *ALWAYS).times_us) for key in KEYS)
    assert left == 2 * len(KEYS) * COMMITS - pruned
    # What shares a chunk with something young stays; nothing else does.
    assert left <= len(KEYS) * (COMMITS + 24)
    assert {each.value for each in store.latest(WARD)} == {COMMITS - 1}


def test_closing_waits_for_readers_and_later_ones_are_told(store: Store) -> None:
    store.commit([commit(*(sample(KEYS[0], START_US + n * 1000, float(n)) for n in range(2000)))])
    threads, reading = Threads(), threading.Barrier(4)

    def read() -> None:
        reading.wait(30)
        with pytest.raises(StoreError) as caught:
            while True:
                assert len(store.history(KEYS[0], *ALWAYS).values) == 2000
                store.events(WARD)
        assert caught.value.fault is StoreFault.CLOSED

    for _ in range(3):
        threads.start(read)
    reading.wait(30)
    store.close()
    threads.join()
