"""What is told is durable; what is durable is told, once, in order; every start is a new incarnation."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from journal.journal import Durable, Held, Journal, JournalError, JournalFault, JournalSettings
from journal.verify import read_counts, read_entries, read_since, verify
from telemetry.clock import ClockState, FakeClock, SystemClock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import (
    Checkpoint,
    EntryError,
    Facts,
    Lifecycle,
    LifecycleEvent,
    Readings,
    Unknown,
    decode,
    leaf_hash,
)
from telemetry.intervals import IntervalSet
from telemetry.readings import Fact
from tests.journal.conftest import OpenJournal, Published, some_readings

ON_BATTERY = Condition("ups-1", "ups_on_battery", "", ConditionState.RAISED, Severity.ATTENTION, 1)


def test_a_new_journal_begins_with_started_already_durable(open_journal: OpenJournal, path: Path) -> None:
    journal = open_journal()
    assert journal.head() == 1
    ((incarnation, position, entry),) = read_entries(path)
    assert (incarnation, position) == (journal.incarnation, 1)
    assert decode(entry).payload == Lifecycle(LifecycleEvent.STARTED, "0.1.0")


def test_every_start_names_where_the_journal_ended_before(open_journal: OpenJournal, published: Published) -> None:
    first = open_journal()
    first.append(some_readings())
    first.close()
    *_, newest = published.told[-1].entries
    second = open_journal()
    assert second.incarnation != first.incarnation
    started = published.entries()[-1].payload
    assert isinstance(started, Lifecycle)
    assert started.previous_incarnation == first.incarnation
    assert started.previous_position == first.head() == decode(newest).position
    assert started.previous_hash == leaf_hash(newest)


def test_nothing_is_told_before_the_commit(open_journal: OpenJournal, path: Path, clock: FakeClock) -> None:
    journal = open_journal(JournalSettings(commit_interval_seconds=1.0))
    seen: list[set[tuple[bytes, int]]] = []
    journal.subscribe(lambda durable: seen.append({(name, at) for name, at, _ in read_entries(path)}))
    told: list[Durable] = []
    journal.subscribe(told.append)
    journal.append(some_readings())
    assert told == []
    assert journal.head() == 1
    assert journal.flush()
    assert journal.head() == 2
    # What another connection saw at the moment of telling is what was told, and more.
    assert [(told[0].incarnation, told[0].first_position) in view for view in seen] == [True]


def test_entries_wait_for_the_interval_and_go_together(path: Path, published: Published) -> None:
    settings = JournalSettings(commit_interval_seconds=0.3)
    journal = Journal.open(path, clock=SystemClock(), agent_version="1", settings=settings, listener=published)
    committed = threading.Event()
    journal.subscribe(lambda _: committed.set())
    began = time.monotonic()
    for _ in range(10):
        journal.append(some_readings())
    assert committed.wait(10)
    assert time.monotonic() - began >= 0.29
    assert [len(durable.entries) for durable in published.told] == [1, 10]
    journal.close()


@pytest.mark.parametrize("by_itself", [True, False], ids=["condition", "urgent"])
def test_what_is_urgent_takes_all_that_waits_with_it(
    open_journal: OpenJournal, published: Published, by_itself: bool
) -> None:
    journal = open_journal(JournalSettings(commit_interval_seconds=3600))
    committed = threading.Event()
    journal.subscribe(lambda _: committed.set())
    journal.append(some_readings(), kind="ups", device="ups-1")
    if by_itself:
        journal.append(ON_BATTERY, kind="ups", device="ups-1")
    else:
        journal.append(some_readings(1), urgent=True)
    assert committed.wait(10)  # the clock stands still: only urgency can have done it
    assert published.positions() == [1, 2, 3]


def test_an_entry_carries_the_clocks_of_its_making(
    open_journal: OpenJournal, clock: FakeClock, published: Published
) -> None:
    journal = open_journal()
    clock.advance(5.0)
    clock.clock_state = ClockState.FREE_RUNNING
    made = (clock.wall_us(), round(clock.monotonic() * 1e6))
    journal.append(some_readings(), kind="sensor", device="sensor-1")
    clock.advance(60.0)
    clock.clock_state = ClockState.SYNCHRONISED
    journal.flush()
    entry = published.entries()[-1]
    assert (entry.wall_time_us, entry.monotonic_us, entry.boot_id) == (*made, clock.boot_id())
    assert entry.clock_state == ClockState.FREE_RUNNING
    assert (entry.kind, entry.device) == ("sensor", "sensor-1")


def test_many_threads_append_and_every_entry_comes_once_in_order(
    open_journal: OpenJournal, published: Published
) -> None:
    journal = open_journal(JournalSettings(commit_interval_seconds=0))

    def append_two_hundred(n: int) -> None:
        for i in range(200):
            journal.append(some_readings(1, n * 1000 + i))

    threads = [threading.Thread(target=append_two_hundred, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.flush()
    assert published.positions() == list(range(1, 1002))
    values = [e.payload.readings[0].value for e in published.entries() if isinstance(e.payload, Readings)]
    assert sorted(values) == sorted(float(n * 1000 + i) for n in range(5) for i in range(200))
    for n in range(5):  # each thread's own order is kept
        mine = [value for value in values if n * 1000 <= value < (n + 1) * 1000]
        assert mine == sorted(mine)


def test_a_listener_that_fails_harms_nobody(open_journal: OpenJournal, published: Published) -> None:
    journal = open_journal()

    def broken(durable: Durable) -> None:
        raise RuntimeError("on purpose")

    after = Published()
    journal.subscribe(broken)
    journal.subscribe(after)
    journal.append(some_readings())
    assert journal.flush()
    assert after.positions() == [2]
    assert journal.trouble() is None


def test_a_listener_may_append(open_journal: OpenJournal, published: Published) -> None:
    journal = open_journal()
    told = threading.Event()

    def answer(durable: Durable) -> None:
        if not told.is_set():
            told.set()
            journal.append(Facts([Fact("name", "answered")]))

    journal.subscribe(answer)
    journal.append(some_readings())
    assert journal.flush()
    assert journal.flush()
    assert published.positions() == [1, 2, 3]


def test_reading_brings_the_range_in_order_until_it_is_full(open_journal: OpenJournal, published: Published) -> None:
    journal = open_journal()
    for n in range(20):
        journal.append(some_readings() if n % 3 else Facts([Fact("name", str(n))]))
    journal.flush()
    told = {position: entry for (_, position), entry in published.raw().items()}
    assert dict(journal.read(journal.incarnation, 1, 10**6, 10**9)) == told
    assert [position for position, _ in journal.read(journal.incarnation, 5, 9)] == [5, 6, 7, 8, 9]
    size = len(told[5]) + len(told[6])
    assert [position for position, _ in journal.read(journal.incarnation, 5, 9, max_bytes=size)] == [5, 6]
    assert [position for position, _ in journal.read(journal.incarnation, 5, 9, max_bytes=1)] == [5]
    assert journal.read(journal.incarnation, 22, 30) == []
    assert journal.read(journal.incarnation, 9, 5) == []
    assert journal.read(b"\x09" * 16, 1, 5) == []


def test_earlier_incarnations_are_held_and_read_until_they_are_pruned(open_journal: OpenJournal) -> None:
    first = open_journal()
    first.append(some_readings())
    first.close()
    second = open_journal()
    assert second.held() == [Held(first.incarnation, 1, first.head()), Held(second.incarnation, 1, 1)]
    assert [position for position, _ in second.read(first.incarnation, 1, 100)] == [1, 2, 3, 4]


def test_reading_does_not_wait_for_the_writer_nor_hold_it_up(open_journal: OpenJournal) -> None:
    journal = open_journal(JournalSettings(commit_interval_seconds=0))
    for _ in range(300):
        journal.append(some_readings(50))
    journal.flush()
    stop = threading.Event()
    read = 0

    def replay() -> None:
        nonlocal read
        while not stop.is_set():
            read += len(journal.read(journal.incarnation, 1, 300, 10**7))

    reader = threading.Thread(target=replay)
    reader.start()
    for _ in range(50):
        journal.append(some_readings(50))
        assert journal.flush(10)
    stop.set()
    reader.join()
    assert journal.head() == 351
    assert read >= 300


def test_counts_survive_a_restart(open_journal: OpenJournal, path: Path) -> None:
    first = open_journal()
    for _ in range(4):
        first.append(some_readings(5))
    first.append(ON_BATTERY)
    first.flush()
    counts = first.counts()
    assert (counts.readings_journaled, counts.entries_journaled, counts.entries_waiting) == (20, 6, 0)
    first.close()
    second = open_journal()
    second.append(some_readings(1))
    assert second.counts().entries_waiting == 1
    second.flush()
    assert second.counts().readings_journaled == 21
    assert read_counts(path).readings == 21
    assert read_counts(path).held == second.held()


def test_who_follows_the_file_reads_only_what_is_new_and_what_the_district_has(
    open_journal: OpenJournal, published: Published, path: Path
) -> None:
    journal = open_journal()
    assert [position for _, position, _ in read_since(path, None).entries] == [1]
    journal.append(some_readings())
    journal.append(ON_BATTERY)
    journal.flush()
    journal.mark_committed(journal.incarnation, IntervalSet([(1, 2)]))
    journal.flush()
    new = read_since(path, (journal.incarnation, 1))
    assert {(name, position): entry for name, position, entry in new.entries}.items() <= published.raw().items()
    assert [position for _, position, _ in new.entries] == [2, 3]
    assert new.committed == {journal.incarnation: IntervalSet([(1, 2)])}
    head = journal.head()
    journal.close()
    second = open_journal()
    later = read_since(path, (journal.incarnation, head)).entries
    assert [name for name, _, _ in later][-1] == second.incarnation
    assert [position for _, position, _ in later] == [head + 1, head + 2, 1]  # checkpoint, STOPPED, STARTED
    # An incarnation that the file has forgotten says nothing of what came after it.
    assert len(read_since(path, (bytes(16), 7)).entries) == head + 3


def test_closing_writes_what_waits_then_a_checkpoint_then_stopped(
    open_journal: OpenJournal, published: Published
) -> None:
    journal = open_journal()
    journal.append(some_readings())
    journal.close()
    journal.close()
    *_, readings, checkpoint, stopped = [entry.payload for entry in published.entries()]
    assert readings == Readings(tuple(some_readings().readings))
    assert isinstance(checkpoint, Checkpoint)
    assert (checkpoint.first_position, checkpoint.last_position) == (1, 2)
    assert stopped == Lifecycle(LifecycleEvent.STOPPED, "0.1.0")
    with pytest.raises(JournalError) as refused:
        journal.append(some_readings())
    assert refused.value.fault == JournalFault.CLOSED
    with pytest.raises(JournalError):
        journal.read(journal.incarnation, 1, 2)


def test_a_checkpoint_is_made_when_it_is_due_and_only_when_there_is_something_to_prove(
    open_journal: OpenJournal, clock: FakeClock, published: Published, path: Path
) -> None:
    journal = open_journal(JournalSettings(checkpoint_interval_seconds=3600))
    for hour in range(4):
        if hour != 2:
            journal.append(some_readings(value=hour))
        clock.advance(3600)
        assert journal.flush()
    points = [e.payload for e in published.entries() if isinstance(e.payload, Checkpoint)]
    # The third hour brought nothing but the second's checkpoint entry, which the fourth's then covers.
    assert [(point.first_position, point.last_position) for point in points] == [(1, 2), (3, 4), (5, 6)]
    raw = [e for e in published.raw().values() if isinstance(decode(e).payload, Checkpoint)]
    assert [point.previous for point in points] == [b"", leaf_hash(raw[0]), leaf_hash(raw[1])]
    journal.close()
    open_journal().close()
    report = verify(path)
    assert report.ok, report
    assert report.invariants["J6"].checked == 4  # three, and that of the second run


def test_a_poll_too_big_for_one_entry_becomes_several(open_journal: OpenJournal, published: Published) -> None:
    journal = open_journal()
    big = some_readings(12_000)
    journal.append(big)
    journal.flush()
    parts = [e.payload.readings for e in published.entries() if isinstance(e.payload, Readings)]
    assert len(parts) > 1
    assert [reading for part in parts for reading in part] == list(big.readings)


def test_what_cannot_be_an_entry_is_refused_to_the_caller_and_the_journal_goes_on(open_journal: OpenJournal) -> None:
    journal = open_journal()
    with pytest.raises(EntryError):
        journal.append(Unknown())
    with pytest.raises(EntryError):
        journal.append(Facts([Fact("name", "x" * 300_000)]))
    journal.append(some_readings())
    assert journal.flush()
    assert journal.head() == 2


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="max_bytes"):
        JournalSettings(max_bytes=1000)
    with pytest.raises(ValueError, match="negative"):
        JournalSettings(commit_interval_seconds=-1)


def test_waiting_within_a_listener_is_refused_at_once(open_journal: OpenJournal) -> None:
    journal = open_journal()
    caught: list[Exception] = []

    def impatient(durable: Durable) -> None:
        try:
            journal.flush()
        except RuntimeError as error:
            caught.append(error)

    journal.subscribe(impatient)
    journal.append(some_readings())
    assert journal.flush()
    assert len(caught) == 1
