"""`verify` finds each kind of damage that a file can have, and names the invariant that it breaks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from journal.audit import INVARIANTS
from journal.journal import JournalError, JournalFault, JournalSettings
from journal.verify import read_counts, verify
from telemetry.clock import FakeClock
from telemetry.entry import Entry, Facts, Tombstone, decode, encode
from telemetry.intervals import IntervalSet
from telemetry.readings import Fact
from tests.journal.conftest import OpenJournal, some_readings
from tests.telemetry.test_catalogue import catalogue

Spoil = Callable[[sqlite3.Connection], object]


@pytest.fixture
def sound(open_journal: OpenJournal, clock: FakeClock, path: Path) -> Path:
    """A closed journal of two incarnations, several checkpoints, a pruned range and a tombstone."""
    settings = JournalSettings(checkpoint_interval_seconds=60)
    first = open_journal(settings)
    for n in range(12):
        first.append(some_readings(value=n))
        first.append(Facts([Fact("name", str(n))]))
        clock.advance(20)
        first.flush()
    first.close()
    second = open_journal(settings)
    for n in range(6):
        second.append(some_readings(value=n))
        clock.advance(20)
        second.flush()
    second.close()
    assert verify(path).ok
    return path


def replace_entry(db: sqlite3.Connection, table: str, at: int, change: Callable[[Entry], Entry]) -> None:
    identity, data = db.execute(f"SELECT id, entry FROM {table} ORDER BY id LIMIT 1 OFFSET ?", (at,)).fetchone()
    db.execute(f"UPDATE {table} SET entry = ? WHERE id = ?", (encode(change(decode(data))), identity))


def altered_value(db: sqlite3.Connection) -> None:
    """A reading changed after the fact, in an entry that is otherwise perfect."""

    replace_entry(db, "readings", 2, lambda entry: replace(entry, payload=some_readings(value=99)))


def altered_position(db: sqlite3.Connection) -> None:

    replace_entry(db, "readings", 2, lambda entry: replace(entry, position=entry.position + 1))


def forged_tombstone(db: sqlite3.Connection) -> None:

    def forge(entry: Entry) -> Entry:
        return replace(entry, payload=Tombstone(entry.incarnation, ((2, 3),), "journal_full"))

    replace_entry(db, "others", 1, forge)


def run(sql: str) -> Spoil:
    return lambda db: db.execute(sql)


FIRST = "(SELECT min(number) FROM incarnations)"
LAST = "(SELECT max(number) FROM incarnations)"


@pytest.mark.parametrize(
    ("broken", "spoil"),
    [
        ("J2", run("UPDATE readings SET entry = x'00ff' WHERE id = (SELECT min(id) FROM readings)")),
        ("J2", run("UPDATE others SET wall_us = wall_us + 1 WHERE id = (SELECT min(id) FROM others)")),
        ("J2", altered_position),
        ("J2", run(f"UPDATE incarnations SET number = 99 WHERE number = {LAST}")),
        ("J3", run("DELETE FROM readings WHERE id = (SELECT min(id) FROM readings)")),
        ("J3", run("DELETE FROM others WHERE id = (SELECT max(id) FROM others)")),
        ("J3", run(f"UPDATE incarnations SET head = head + 1 WHERE number = {FIRST}")),
        ("J3", run(f"UPDATE incarnations SET head_hash = x'00' WHERE number = {LAST}")),
        ("J4", run(f"UPDATE incarnations SET head_hash = x'00' WHERE number = {FIRST}")),
        (
            "J4",
            run(f"UPDATE incarnations SET incarnation = x'00000000000000000000000000000000' WHERE number = {FIRST}"),
        ),
        ("J6", altered_value),
        ("J8", forged_tombstone),
        ("J8", run(f"INSERT INTO spans VALUES ({FIRST}, 2, 2, 3)")),
        ("J9", run("UPDATE totals SET readings = readings + 1")),
        ("J9", run("UPDATE totals SET entries = entries - 1")),
        ("J9", run(f"INSERT INTO spans VALUES ({LAST}, 1, 1, 100000)")),
    ],
)
def test_damage_is_found_and_named(sound: Path, broken: str, spoil: Spoil) -> None:
    with sqlite3.connect(sound) as db:
        spoil(db)
    db.close()
    report = verify(sound)
    assert not report.ok
    assert not report.invariants[broken].ok, report
    assert report.invariants[broken].violations


def test_a_checkpoint_that_is_taken_out_and_the_hole_excused_is_still_missed(sound: Path) -> None:
    """Somebody with the file in his hands removes a checkpoint and its hole's traces; the chain tells."""
    with sqlite3.connect(sound) as db:
        rows = db.execute("SELECT id, entry FROM others ORDER BY id").fetchall()
        points = [identity for identity, entry in rows if type(decode(entry).payload).__name__ == "Checkpoint"]
        readings = db.execute("SELECT entry FROM readings ORDER BY id LIMIT 1").fetchone()[0]
        # A plausible entry in its place: sound by itself, in its right position.

        here = decode(next(entry for identity, entry in rows if identity == points[-2]))
        forged = encode(replace(here, payload=decode(readings).payload))
        db.execute("DELETE FROM others WHERE id = ?", (points[-2],))
        db.execute("INSERT INTO readings VALUES (?, ?, ?)", (points[-2], here.wall_time_us, forged))
        db.execute("UPDATE totals SET readings = readings + 3")
    db.close()
    report = verify(sound)
    assert [name for name, item in report.invariants.items() if not item.ok] == ["J5", "J6", "J7"]


def test_a_torn_page_is_found_by_the_file_check(open_journal: OpenJournal, path: Path) -> None:
    journal = open_journal()
    for n in range(400):
        journal.append(some_readings(20, n))
    journal.close()
    data = bytearray(path.read_bytes())
    page = 4096 * (len(data) // 4096 // 2)
    data[page : page + 64] = b"\xaa" * 64
    path.write_bytes(data)
    try:
        report = verify(path)
    except JournalError as error:
        assert error.fault == JournalFault.DAMAGED
    else:
        assert not report.invariants["J1"].ok


def test_a_file_that_is_no_journal_is_told_so(tmp_path: Path) -> None:
    for name, content, fault in (
        ("text", b"hello" * 1000, JournalFault.DAMAGED),
        ("empty", b"", JournalFault.NOT_A_JOURNAL),
        ("absent", None, JournalFault.NOT_OPENED),
    ):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        for read in (verify, read_counts):
            with pytest.raises(JournalError) as refused:
                read(path)
            assert refused.value.fault == fault


def test_a_journal_in_use_can_be_verified_and_is_not_written_to(open_journal: OpenJournal, path: Path) -> None:
    journal = open_journal()
    for _ in range(30):
        journal.append(some_readings())
    journal.flush()
    before = path.read_bytes()
    report = verify(path)
    assert report.ok
    assert report.entries == 31
    assert report.readings == 90
    assert path.read_bytes() == before
    journal.append(some_readings())
    assert journal.flush()


def test_the_report_is_for_machines_too(sound: Path) -> None:
    told = json.loads(json.dumps(verify(sound).as_dict()))
    assert told["ok"] is True
    assert [item["name"] for item in told["invariants"]] == list(INVARIANTS)
    assert all(item["checked"] > 0 for item in told["invariants"])


def test_every_invariant_and_every_fault_has_its_words() -> None:
    for language in ("vi", "en"):
        texts = catalogue(language)["journal"]
        assert isinstance(texts, dict)
        assert texts["invariant"].keys() == set(INVARIANTS)
        assert texts.keys() == {*JournalFault, "invariant"}


def test_a_hole_that_the_district_holds_is_in_order(open_journal: OpenJournal, clock: FakeClock, path: Path) -> None:
    journal = open_journal(JournalSettings(checkpoint_interval_seconds=60))
    for n in range(10):
        journal.append(some_readings(value=n))
        clock.advance(30)
        journal.flush()
    journal.mark_committed(journal.incarnation, IntervalSet([(1, 5)]))
    clock.advance(36 * 86_400)
    journal.prune()
    journal.append(some_readings())
    journal.close()
    report = verify(path)
    assert report.ok, report
    assert report.invariants["J3"].checked > 2
