"""A disk that is full, fails, or holds a damaged file: told in words, nothing published is lost, the agent goes on."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from journal.journal import Journal, JournalError, JournalFault, JournalSettings
from journal.room import ROOM_BYTES
from journal.verify import read_entries, verify
from journal.waiting import Item, Waiting
from telemetry.clock import FakeClock
from telemetry.entry import Lifecycle, LifecycleEvent, Readings
from telemetry.readings import ReasonCode
from tests.journal.conftest import OpenJournal, Published, some_readings
from tests.journal.disks import ext4_disk, fill, run, tiny_disk


def append_until_refused(journal: Journal) -> int:
    """How many were appended; what room the journal's own files still had is used up by then."""
    for count in range(1, 500):
        journal.append(some_readings(100, count))
        if not journal.flush():
            return count
    raise AssertionError("the disk never refused")


def lifecycles(published: Published) -> list[LifecycleEvent]:
    return [e.payload.event for e in published.entries() if isinstance(e.payload, Lifecycle)]


def test_a_full_disk_is_told_and_what_waited_is_written_when_there_is_room(
    tmp_path: Path, open_journal: OpenJournal, published: Published
) -> None:
    with tiny_disk(tmp_path, 2048) as disk:
        journal = open_journal(at=disk / "journal.db")
        journal.append(some_readings())
        assert journal.flush()
        filler = fill(disk)
        appended = append_until_refused(journal)
        trouble = journal.trouble()
        assert trouble is not None
        assert trouble.code == ReasonCode.DISK_FULL
        head, told = journal.head(), published.raw()
        for _ in range(20):
            journal.append(some_readings(100))
        assert not journal.flush()
        assert journal.head() == head  # nothing is told that is not durable
        assert published.raw() == told
        assert journal.counts().entries_waiting >= 21
        assert len(journal.read(journal.incarnation, 1, head, 10**9)) == head  # the page goes on being served

        filler.unlink()
        assert journal.flush()
        assert journal.trouble() is None
        assert journal.flush()  # JOURNAL_RECOVERED came after the first
        assert journal.counts().readings_journaled == 3 + (appended + 20) * 100
        assert lifecycles(published) == [
            LifecycleEvent.STARTED,
            LifecycleEvent.JOURNAL_FULL,
            LifecycleEvent.JOURNAL_RECOVERED,
        ]
        journal.close()
        assert {(name, at): entry for name, at, entry in read_entries(disk / "journal.db")} == published.raw()
        assert verify(disk / "journal.db").ok


def test_what_cannot_wait_any_longer_is_counted_and_named_afterwards(
    tmp_path: Path, open_journal: OpenJournal, published: Published
) -> None:
    with tiny_disk(tmp_path, 2048) as disk:
        journal = open_journal(JournalSettings(max_waiting=10), at=disk / "journal.db")
        filler = fill(disk)
        append_until_refused(journal)
        for n in range(30):
            journal.append(some_readings(7, n))
        assert journal.counts().entries_waiting == 10
        filler.unlink()
        assert journal.flush()
        assert journal.flush()
        counts = journal.counts()
        # Of the one refused, 30 more and JOURNAL_FULL, nine readings and JOURNAL_FULL could wait.
        assert counts.entries_dropped == 22
        last = published.entries()[-1].payload
        assert isinstance(last, Lifecycle)
        assert last.event == LifecycleEvent.JOURNAL_RECOVERED
        assert f"dropped_entries=22 dropped_readings={100 + 21 * 7}" in last.detail
        kept = [e.payload.readings[0].value for e in published.entries() if isinstance(e.payload, Readings)]
        assert kept[-9:] == [float(n) for n in range(21, 30)]
        assert published.positions() == list(range(1, journal.head() + 1))
        journal.close()
        assert verify(disk / "journal.db").ok


def test_an_agent_that_starts_on_a_full_disk_watches_all_the_same(
    tmp_path: Path, open_journal: OpenJournal, published: Published
) -> None:
    with tiny_disk(tmp_path, 2048) as disk:
        path = disk / "journal.db"
        open_journal(at=path).close()
        filler = fill(disk)
        before = len(published.told)
        journal = open_journal(at=path)
        trouble = journal.trouble()
        assert trouble is not None
        assert trouble.code == ReasonCode.DISK_FULL
        assert (journal.head(), len(published.told)) == (0, before)
        assert journal.held()[-1].last_position == 0
        journal.append(some_readings())
        filler.unlink()
        assert journal.flush()
        assert journal.head() >= 3
        payloads = [entry.payload for entry in published.entries()[-journal.head() :]]
        assert isinstance(payloads[0], Lifecycle)
        assert payloads[0].event == LifecycleEvent.STARTED
        assert Readings(tuple(some_readings().readings)) in payloads
        journal.close()
        assert verify(path).ok


def test_so_does_one_whose_last_run_lost_its_power(tmp_path: Path, open_journal: OpenJournal) -> None:
    with tiny_disk(tmp_path, 2048) as disk:
        path = disk / "journal.db"
        open_journal(at=path).close()
        for ending in ("-shm", "-wal"):  # never synced, so not there after the power came back
            path.with_name(path.name + ending).unlink()
        filler = fill(disk)
        journal = open_journal(at=path)
        append_until_refused(journal)
        trouble = journal.trouble()
        assert trouble is not None
        assert trouble.code == ReasonCode.DISK_FULL
        filler.unlink()
        assert journal.flush()
        journal.close()
        assert verify(path).ok
        open_journal(at=path).close()  # and takes the room again, for the next time
        assert path.with_name("journal.db.room").stat().st_size == ROOM_BYTES


def test_a_disk_that_fails_is_told_apart_from_one_that_is_full(
    tmp_path: Path, open_journal: OpenJournal, published: Published, peer: Callable[[str], str]
) -> None:
    peer("xfs_io")
    peer("mkfs.ext4")
    with ext4_disk(tmp_path, 32) as disk:
        journal = open_journal(at=disk / "journal.db")
        run("xfs_io", "-x", "-c", "shutdown", str(disk))
        journal.append(some_readings())
        assert not journal.flush()
        trouble = journal.trouble()
        assert trouble is not None
        assert trouble.code == ReasonCode.DISK_FAILED
        assert published.positions() == [1]
        journal.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"this was a journal once, and is not any more. " * 200,
        lambda data: b"\0" * len(data),
        lambda data: data[:100] + b"\xff" * (len(data) - 100),
        lambda data: data[:5000],
    ],
    ids=["text", "zeros", "pages", "cut"],
)
def test_a_damaged_file_is_refused_and_set_aside_only_if_asked(
    open_journal: OpenJournal, path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    journal = open_journal()
    for _ in range(50):
        journal.append(some_readings(20))
    journal.close()
    damaged = spoil(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(JournalError) as refused:
        open_journal()
    assert refused.value.fault == JournalFault.DAMAGED
    assert path.read_bytes() == damaged

    again = open_journal(set_damaged_aside=True)
    again.append(some_readings())
    assert again.flush()
    (aside,) = [file for file in path.parent.iterdir() if re.search(r"\.damaged-\w+$", file.name)]
    assert aside.read_bytes() == damaged
    again.close()
    assert verify(path).ok


def test_a_closed_journal_is_its_file_alone_and_an_older_copy_may_take_its_place(
    open_journal: OpenJournal, path: Path
) -> None:
    first = open_journal()
    first.append(some_readings())
    first.close()
    backup = path.read_bytes()
    second = open_journal()
    for _ in range(30):
        second.append(some_readings(30))
    second.close()
    path.write_bytes(backup)  # its companions stay, as they do when only the one file is restored
    third = open_journal()
    assert [held.incarnation for held in third.held()] == [first.incarnation, third.incarnation]
    third.close()
    assert verify(path).ok


def test_a_database_of_another_program_is_left_alone(open_journal: OpenJournal, path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(JournalError) as refused:
        open_journal(set_damaged_aside=True)
    assert refused.value.fault == JournalFault.NOT_A_JOURNAL
    assert path.read_bytes() == before


def test_a_journal_of_a_later_version_is_left_alone(open_journal: OpenJournal, path: Path) -> None:
    open_journal().close()
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 2")
    file.close()
    with pytest.raises(JournalError) as refused:
        open_journal(set_damaged_aside=True)
    assert refused.value.fault == JournalFault.NEWER


def test_two_agents_cannot_have_one_journal(open_journal: OpenJournal, path: Path) -> None:
    journal = open_journal()
    program = (
        "from journal.journal import *; from telemetry.clock import SystemClock; from pathlib import Path; import sys\n"
        "try: Journal.open(Path(sys.argv[1]), clock=SystemClock(), agent_version='2')\n"
        "except JournalError as error: print(error.fault)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "in_use"
    journal.close()
    open_journal()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, open_journal: OpenJournal) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError) as refused:
        open_journal(at=tmp_path / "file" / "journal.db")
    assert refused.value.fault == JournalFault.NOT_OPENED


def test_readings_go_before_anything_else_when_memory_is_short() -> None:
    waiting = Waiting(most=4, most_bytes=10**6)
    for n in range(1, 8):
        waiting.put(Item(n, n * 10, b"x", 1 if n % 2 else None))
    assert [item.sequence for item in waiting.take(10, 100)] == [2, 4, 6, 7]
    assert (waiting.dropped.entries, waiting.dropped.readings) == (3, 3)
    assert (waiting.dropped.first_us, waiting.dropped.last_us) == (10, 50)


def test_what_waits_is_bounded_in_bytes_and_what_is_put_back_comes_first() -> None:
    waiting = Waiting(most=100, most_bytes=10)
    for n in range(1, 5):
        waiting.put(Item(n, n, b"xxxx", 1))
    taken = waiting.take(1, 100)
    assert [item.sequence for item in taken] == [3]
    waiting.put_back(taken)
    assert [item.sequence for item in waiting.take(10, 100)] == [3, 4]
    assert waiting.dropped.entries == 2


def test_retries_come_later_and_later_by_the_injected_clock(
    tmp_path: Path, open_journal: OpenJournal, clock: FakeClock
) -> None:
    with tiny_disk(tmp_path, 2048) as disk:
        journal = open_journal(at=disk / "journal.db")
        filler = fill(disk)
        append_until_refused(journal)
        waits = []
        for _ in range(9):
            waits.append(round(journal._writer._retry_at - clock.monotonic(), 3))
            journal.flush()
        assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
        filler.unlink()
        assert journal.flush()
