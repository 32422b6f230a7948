"""Overwritten pages, a log cut off, a byte turned: what a damaged journal still holds is saved, nothing untrue is."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from journal.database import place
from journal.events import events_newest_first, newest_wall_us
from journal.journal import Journal, JournalError, JournalFault, JournalSettings
from journal.model import Held
from journal.pages import Pages
from journal.salvage import salvage
from journal.salvaged import Salvaged
from journal.verify import Report, read_counts, read_entries, verify
from telemetry.clock import FakeClock
from telemetry.entry import Checkpoint, Facts, decode
from telemetry.intervals import IntervalSet
from telemetry.readings import Fact
from tests.journal.conftest import OpenJournal, Published, some_readings

Entries = dict[tuple[bytes, int], bytes]


def write(journal: Journal, clock: FakeClock, count: int, chance: random.Random) -> None:
    """`count` entries, some of which are larger than a page, with checkpoints in between."""
    for number in range(count):
        clock.advance(1.0)
        if number % 40 == 7:
            journal.append(Facts((Fact("vendor", "x" * chance.randrange(3_000, 40_000)),)), device="ups-1", kind="ups")
        journal.append(some_readings(chance.randrange(1, 60), float(number)), device="switch-1", kind="switch")
        if number % 25 == 0:
            assert journal.flush()
    assert journal.flush()


@pytest.fixture
def two_starts(open_journal: OpenJournal, path: Path, clock: FakeClock, published: Published, seed: int) -> Entries:
    """A closed journal of two starts; every entry in it."""
    chance = random.Random(seed)
    for _ in range(2):
        journal = open_journal(JournalSettings(checkpoint_interval_seconds=60.0))
        write(journal, clock, 400, chance)
        journal.close()
    return published.raw()


def span(entries: Entries, key: tuple[bytes, int]) -> set[tuple[bytes, int]]:
    """The entries that are under one checkpoint with this one."""
    name, position = key
    points = [at for at in range(1, 10_000) if (name, at) in entries and is_checkpoint(entries[name, at])]
    first = max((at for at in points if at < position), default=1)
    last = min((at for at in points if at >= position), default=10_000)
    return {(name, at) for at in range(first, last + 1)}


def is_checkpoint(data: bytes) -> bool:
    return isinstance(decode(data).payload, Checkpoint)


def saved(file: Path, to: Path) -> Entries:
    salvage(file, to)
    found = Salvaged(to)
    entries = {
        (held.incarnation, position): entry
        for held in found.held()
        for position, entry in found.read(held.incarnation, held.first_position, held.last_position, 10**9)
    }
    found.close()
    return entries


def test_of_a_sound_file_everything_is_saved_byte_for_byte(two_starts: Entries, path: Path, tmp_path: Path) -> None:
    assert saved(path, tmp_path / "saved.db") == two_starts


@pytest.mark.parametrize("with_what", ["noise", "zeros"])
def test_overwritten_pages_cost_what_they_held_and_no_more(
    two_starts: Entries, path: Path, tmp_path: Path, seed: int, with_what: str
) -> None:
    chance = random.Random(seed)
    whole = path.read_bytes()
    pages = Pages(path)
    on_page = {number: {place(row.id)[1] for row in pages.rows(number) if row} for number in range(1, len(pages) + 1)}
    pages.close()
    for turn in range(8):
        spoilt = bytearray(whole)
        hit = {1} if turn == 0 else set(chance.sample(range(1, len(on_page) + 1), chance.randrange(1, 40)))
        for number in hit:  # the first time the head of the file, without which SQLite reads nothing
            start = (number - 1) * 4096
            spoilt[start : start + 4096] = chance.randbytes(4096) if with_what == "noise" else bytes(4096)
        path.write_bytes(spoilt)
        found = saved(path, tmp_path / f"saved-{turn}.db")
        assert found.items() <= two_starts.items()  # nothing but what was written, byte for byte
        gone = two_starts.keys() - found.keys()
        spoilt_positions = {position for number in hit for position in on_page[number]}
        # A large entry lies on other pages, too. Where those became zeros it may still decode; then the checkpoint
        # shows that something is wrong, but not what.
        doubted = {key for large in gone if len(two_starts[large]) > 4000 for key in span(two_starts, large)}
        assert {position for _, position in gone - doubted} <= spoilt_positions, (turn, hit)


def test_a_turned_byte_is_refuted_by_the_checkpoint_and_nothing_it_covers_is_believed(
    two_starts: Entries, path: Path, tmp_path: Path
) -> None:
    with sqlite3.connect(path) as file:
        id, entry = file.execute("SELECT id, entry FROM readings ORDER BY id LIMIT 1 OFFSET 100").fetchone()
        altered = entry.replace(b"probe-0", b"probe-9", 1)  # still a proper entry, with another number's name
        assert altered != entry
        file.execute("UPDATE readings SET entry = ? WHERE id = ?", (altered, id))
    file.close()
    found = saved(path, tmp_path / "saved.db")
    assert found.items() <= two_starts.items()
    gone = two_starts.keys() - found.keys()
    assert place(id)[1] in {position for _, position in gone}
    assert len(gone) < 200  # one checkpoint's span, of about sixty


def test_a_log_cut_off_anywhere_leaves_a_journal_up_to_a_commit_and_the_same_is_read_from_its_pages(
    open_journal: OpenJournal, path: Path, tmp_path: Path, clock: FakeClock, published: Published, seed: int
) -> None:
    chance = random.Random(seed)
    journal = open_journal()
    write(journal, clock, 150, chance)
    whole = path.with_name(path.name + "-wal").read_bytes()
    entries = sorted(published.raw().items())
    for turn in range(12):
        folder = tmp_path / f"cut-{turn}"
        folder.mkdir()
        shutil.copy(path, folder / "journal.db")
        cut = whole[: chance.randrange(len(whole))] if turn else whole
        (folder / "journal.db-wal").write_bytes(cut)
        from_pages = saved(folder / "journal.db", folder / "saved.db")
        try:
            by_sqlite = {(name, at): entry for name, at, entry in read_entries(folder / "journal.db")}
        except JournalError:
            by_sqlite = {}  # cut before there was even a table
        assert from_pages == by_sqlite == dict(entries[: len(by_sqlite)]), f"cut at {len(cut)} of {len(whole)}"
        again = Journal.open(folder / "journal.db", clock=clock, agent_version="2", set_damaged_aside=True)
        again.append(some_readings())
        assert again.flush()
        again.close()
        assert verify(folder / "journal.db").ok


def test_damage_that_shows_only_while_the_journal_is_used_is_noted_and_the_next_start_begins_anew(
    two_starts: Entries, open_journal: OpenJournal, path: Path
) -> None:
    pages = Pages(path)
    leaf = max(number for number in range(2, len(pages)) if any(pages.rows(number)))
    pages.close()
    spoilt = bytearray(path.read_bytes())
    spoilt[(leaf - 1) * 4096 : leaf * 4096] = b"\xa5" * 4096
    path.write_bytes(spoilt)
    journal = open_journal(set_damaged_aside=True)
    assert not journal.damaged  # opening it looks at few of its pages
    with pytest.raises(JournalError) as refused:
        for held in journal.held()[:-1]:
            journal.read(held.incarnation, held.first_position, held.last_position, 10**9)
    assert refused.value.fault == JournalFault.DAMAGED
    assert journal.damaged
    journal.close()
    again = open_journal(set_damaged_aside=True)
    assert again.held() == [Held(again.incarnation, 1, 1)]
    again.close()
    assert not open_journal(set_damaged_aside=True).damaged  # once is enough
    (aside,) = [
        file for file in path.parent.glob("journal.db.damaged-*") if "wal" not in file.name and "shm" not in file.name
    ]
    assert (
        saved(aside, path.with_name("saved.db")).items()
        >= {key: entry for key, entry in two_starts.items() if key[1] < 100}.items()
    )


def test_whatever_is_damaged_the_next_start_goes_on_and_every_reader_says_so_in_our_words(
    open_journal: OpenJournal, path: Path, clock: FakeClock, seed: int
) -> None:
    chance = random.Random(seed)
    journal = open_journal()
    write(journal, clock, 100, chance)
    journal.close()
    whole = path.read_bytes()
    readers: list[Callable[[Path], object]] = [
        *(verify, read_counts, newest_wall_us),
        *(lambda file: list(read_entries(file)), lambda file: list(events_newest_first(file))),
    ]
    noticed = 0
    for turn in range(60):
        damaged = bytearray(whole)
        at = chance.randrange(100, 3 * 4096) if turn % 2 else chance.randrange(100, len(whole) - 64)  # not its name tag
        damaged[at : at + 63] = chance.randbytes(63)
        path.write_bytes(damaged)
        for reader in readers:
            try:
                told = reader(path)
            except JournalError as error:
                assert error.fault == JournalFault.DAMAGED, error
                noticed += 1
            else:
                noticed += isinstance(told, Report) and not told.ok
        again = open_journal(set_damaged_aside=True)
        again.append(some_readings())
        assert again.flush() or again.damaged
        again.close()
    assert noticed > 0, "no damage was noticed at all"


def test_what_was_saved_is_over_when_the_district_has_all_of_it(
    two_starts: Entries, path: Path, tmp_path: Path
) -> None:
    salvage(path, tmp_path / "saved.db")
    found = Salvaged(tmp_path / "saved.db")
    held = found.held()
    for each in held:
        assert not found.is_committed()
        found.mark_committed(each.incarnation, IntervalSet([(each.first_position, each.last_position)]))
    assert found.is_committed()
    found.close()


def test_a_file_that_was_not_finished_is_not_believed(two_starts: Entries, path: Path, tmp_path: Path) -> None:
    def ends() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        salvage(path, tmp_path / "saved.db", ends)
    with pytest.raises(JournalError):
        Salvaged(tmp_path / "saved.db")
    assert saved(path, tmp_path / "saved.db") == two_starts
