"""What is old and held by the district goes; what must go before the district had it is named; room is given back."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from journal.journal import Journal, JournalSettings
from journal.verify import verify
from telemetry.clock import ClockState, FakeClock
from telemetry.entry import Facts, Readings, Tombstone, decode
from telemetry.intervals import IntervalSet
from telemetry.readings import Fact, Reading
from tests.journal.conftest import OpenJournal, Published, some_readings

DAY = 86_400.0
SMALL = JournalSettings(max_bytes=1_000_000)


def everything(journal: Journal) -> list[tuple[int, str]]:
    """(position, payload's name) of all that is held of this incarnation."""
    held = journal.read(journal.incarnation, 1, 10**9, 10**9)
    return [(position, type(decode(entry).payload).__name__) for position, entry in held]


def named_exactly(journal: Journal, stones: Iterable[Tombstone]) -> IntervalSet:
    """What these name: all that this incarnation has written and does not hold, and nothing else."""
    named = IntervalSet(span for stone in stones for span in stone.ranges)
    written = set(range(1, journal.head() + 1))
    assert {position for position in written if position in named} == written - dict(everything(journal)).keys()
    assert journal.counts().entries_lost == len(named)
    return named


def incompressible(chance: random.Random) -> Readings:
    return Readings([Reading("temperature_celsius", chance.random(), f"probe-{n}") for n in range(100)])


def test_readings_go_after_35_days_and_the_rest_stays(open_journal: OpenJournal, clock: FakeClock, path: Path) -> None:
    journal = open_journal()
    for day in range(40):
        journal.append(some_readings(value=day))
        journal.append(Facts([Fact("name", str(day))]))
        journal.flush()
        clock.advance(DAY)
    head = journal.head()
    journal.mark_committed(journal.incarnation, IntervalSet([(1, head)]))
    journal.prune()
    kinds = [kind for _, kind in everything(journal)]
    assert kinds.count("Readings") == 35
    assert kinds.count("Facts") == 40
    assert journal.head() == head
    assert verify(path).ok


def test_what_the_district_lost_again_is_kept_until_it_has_it_again(
    open_journal: OpenJournal, clock: FakeClock, path: Path
) -> None:
    journal = open_journal()
    for day in range(10):
        journal.append(some_readings(value=day))
        journal.flush()
    everything_held = IntervalSet([(1, journal.head())])
    journal.mark_committed(journal.incarnation, everything_held)
    journal.flush()
    journal.take_back(journal.incarnation, IntervalSet([(5, 8)]))
    assert journal.flush()
    assert list(journal.committed()[journal.incarnation]) == [(1, 4), (9, journal.head())]
    clock.advance(40 * DAY)
    journal.prune()
    assert [position for position, kind in everything(journal) if kind == "Readings"] == [5, 6, 7, 8]
    # What is pruned cannot be kept again: the mark stays, since it tells why the entry is not there.
    journal.take_back(journal.incarnation, IntervalSet([(1, journal.head())]))
    journal.flush()
    assert 3 in journal.committed()[journal.incarnation]
    assert verify(path).ok
    journal.mark_committed(journal.incarnation, everything_held)
    journal.prune()
    assert "Readings" not in [kind for _, kind in everything(journal)]
    assert verify(path).ok


def test_the_last_word_of_the_district_counts_whatever_waits_to_be_written(open_journal: OpenJournal) -> None:
    journal = open_journal()
    one = IntervalSet([(1, 1)])
    journal.mark_committed(journal.incarnation, one)
    journal.take_back(journal.incarnation, one)
    journal.flush()
    assert not journal.committed()[journal.incarnation]
    journal.take_back(journal.incarnation, one)
    journal.mark_committed(journal.incarnation, one)
    journal.flush()
    assert list(journal.committed()[journal.incarnation]) == [(1, 1)]


def test_the_rest_goes_after_400_days_and_an_incarnation_of_which_nothing_is_left_is_forgotten(
    open_journal: OpenJournal, clock: FakeClock, path: Path
) -> None:
    first = open_journal()
    first.append(some_readings())
    first.close()
    clock.advance(401 * DAY)
    second = open_journal()
    second.mark_committed(first.incarnation, IntervalSet([(1, first.head())]))
    assert len(second.held()) == 2
    second.prune()
    assert [held.incarnation for held in second.held()] == [second.incarnation]
    assert second.read(first.incarnation, 1, 10) == []
    assert second.counts().readings_journaled == 3
    assert verify(path).ok


def test_what_the_district_does_not_hold_is_kept_however_old(open_journal: OpenJournal, clock: FakeClock) -> None:
    journal = open_journal()
    for _ in range(10):
        journal.append(some_readings())
    journal.flush()
    journal.mark_committed(journal.incarnation, IntervalSet([(2, 4), (7, 7)]))
    clock.advance(1000 * DAY)
    journal.prune()
    assert [position for position, kind in everything(journal) if kind == "Readings"] == [5, 6, 8, 9, 10, 11]


def test_a_claim_beyond_the_head_does_not_prune_what_comes_later(
    open_journal: OpenJournal, clock: FakeClock, path: Path
) -> None:
    journal = open_journal()
    journal.append(some_readings())
    journal.mark_committed(journal.incarnation, IntervalSet([(1, 1000)]))
    journal.flush()
    journal.append(some_readings())
    journal.flush()
    clock.advance(40 * DAY)
    journal.prune()
    assert [position for position, kind in everything(journal) if kind == "Readings"] == [3]
    assert verify(path).ok


def test_a_mark_for_an_unknown_incarnation_is_let_pass(open_journal: OpenJournal) -> None:
    journal = open_journal()
    journal.mark_committed(b"\x05" * 16, IntervalSet([(1, 10)]))
    journal.append(some_readings())
    assert journal.flush()


def test_a_clock_that_runs_free_makes_nothing_old(open_journal: OpenJournal, clock: FakeClock) -> None:
    journal = open_journal()
    journal.append(some_readings())
    journal.flush()
    journal.mark_committed(journal.incarnation, IntervalSet([(1, 2)]))
    clock.step_wall(20 * 365 * DAY)
    clock.clock_state = ClockState.FREE_RUNNING
    journal.prune()
    assert len(everything(journal)) == 2
    clock.clock_state = ClockState.SYNCHRONISED
    journal.prune()
    assert everything(journal) == []


def test_pruning_happens_by_itself_every_hour(open_journal: OpenJournal, clock: FakeClock) -> None:
    journal = open_journal(JournalSettings(readings_days=0))
    clock.advance(3600)
    journal.flush()
    journal.append(some_readings())
    journal.flush()
    journal.mark_committed(journal.incarnation, IntervalSet([(1, 3)]))
    clock.advance(3599)
    journal.flush()
    assert "Readings" in {kind: position for position, kind in everything(journal)}
    clock.advance(2)
    journal.flush()
    assert "Readings" not in {kind: position for position, kind in everything(journal)}


def test_the_room_of_what_went_is_given_back(open_journal: OpenJournal, clock: FakeClock, path: Path) -> None:
    journal = open_journal()
    for _ in range(200):
        journal.append(some_readings(500))
    journal.flush()
    journal._ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = path.stat().st_size
    journal.mark_committed(journal.incarnation, IntervalSet([(1, 201)]))
    clock.advance(36 * DAY)
    journal.prune()
    assert path.stat().st_size < before / 20
    assert verify(path).ok


def test_a_full_journal_gives_up_what_the_district_holds_and_says_nothing_of_it(
    open_journal: OpenJournal, published: Published, path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    journal = open_journal(SMALL)
    for _ in range(60):
        for _ in range(20):
            journal.append(incompressible(chance))
        journal.flush()
        journal.mark_committed(journal.incarnation, IntervalSet([(1, journal.head())]))
    journal.flush()
    assert journal.counts().entries_lost == 0
    assert not [e for e in published.entries() if isinstance(e.payload, Tombstone)]
    assert 100 < len(everything(journal)) < 1000
    assert path.stat().st_size <= SMALL.max_bytes * 1.2  # freed pages are used again
    assert journal.held()[-1].last_position == journal.head()
    journal.close()
    assert verify(path).ok


def test_a_full_journal_loses_the_oldest_readings_and_names_them(
    open_journal: OpenJournal, published: Published, path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    journal = open_journal(SMALL)
    for turn in range(60):
        for _ in range(20):
            journal.append(incompressible(chance))
        journal.append(Facts([Fact("name", str(turn))]))
        journal.flush()
    stones = [entry.payload for entry in published.entries() if isinstance(entry.payload, Tombstone)]
    assert {stone.why for stone in stones} == {"journal_full"}
    assert {stone.incarnation for stone in stones} == {journal.incarnation}
    named, held = named_exactly(journal, stones), everything(journal)
    # Only readings went, and they went oldest first.
    assert [kind for _, kind in held].count("Facts") == 60
    oldest_kept = min(position for position, kind in held if kind == "Readings")
    assert max(last for _, last in named) < oldest_kept
    journal.close()
    report = verify(path)
    assert report.ok, report
    assert report.invariants["J8"].checked > 0


def test_a_full_journal_of_large_entries_gives_up_no_more_of_them_than_it_must(
    open_journal: OpenJournal, published: Published, path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    journal = open_journal(SMALL)
    for _ in range(60):
        journal.append(Readings([Reading("temperature_celsius", chance.random(), f"probe-{n}") for n in range(800)]))
        journal.flush()
    entry_bytes = max(len(entry) for entry in published.raw().values())
    assert entry_bytes > 30_000
    kept = [position for position, kind in everything(journal) if kind == "Readings"]
    assert len(kept) * entry_bytes > 0.85 * SMALL.max_bytes  # SQLite fills its pages with large ones less well
    journal.close()
    assert verify(path).ok


def test_where_no_reading_is_left_a_full_journal_loses_the_oldest_of_the_rest_and_names_them_too(
    open_journal: OpenJournal, published: Published, path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    journal = open_journal(SMALL)
    for turn in range(300):
        journal.append(Readings([Reading("temperature_celsius", chance.random())]))
        for number in range(10):
            journal.append(Facts([Fact(f"name of {turn}, {number}", chance.randbytes(200).hex())]))
        journal.flush()
    stones = [entry.payload for entry in published.entries() if isinstance(entry.payload, Tombstone)]
    named, held = named_exactly(journal, stones), everything(journal)
    lost = [
        entry.position for entry in published.entries() if isinstance(entry.payload, Facts) and entry.position in named
    ]
    assert lost, "what was written did not fill it"
    assert max(lost) < min(position for position, kind in held if kind == "Facts")
    # No reading older than the newest of what went was kept instead of it.
    assert not [position for position, kind in held if kind == "Readings" and position < max(lost)]
    journal.close()
    assert verify(path).ok


def test_losses_of_an_earlier_incarnation_are_named_by_the_later(
    open_journal: OpenJournal, published: Published, path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    first = open_journal(SMALL)
    for _ in range(600):
        first.append(incompressible(chance))
    first.close()
    second = open_journal(SMALL)
    for _ in range(600):
        second.append(incompressible(chance))
    second.flush()
    stones = [entry.payload for entry in published.entries() if isinstance(entry.payload, Tombstone)]
    assert first.incarnation in {stone.incarnation for stone in stones}
    second.close()
    assert verify(path).ok
