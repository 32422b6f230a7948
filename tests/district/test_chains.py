"""`ward-district verify` names each way in which a district's file can contradict the wards' own chains."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from district.chains import Break, breaks
from district.config import load
from district.reachability import EVENT
from district.staging import payload_name
from district.stores import open_store
from district.verification import verify
from journal.merkle import Tree
from store.base import Commit, Event
from telemetry.clock import SystemClock
from telemetry.entry import Checkpoint, Entry, Facts, Lifecycle, LifecycleEvent, decode, encode, leaf_hash
from telemetry.intervals import IntervalSet
from telemetry.readings import Fact
from tests.district.fakes import ScriptedWard

WARD = "hai-chau-1"
SECOND = bytes(range(16, 32))


def _checkpoint(ward: ScriptedWard, first: int, previous: bytes) -> None:
    tree = Tree()
    for entry in ward.entries[first - 1 :]:
        tree.add(leaf_hash(entry))
    ward.write(Checkpoint(first, len(ward.entries), tree.root(), previous))


def _event(ward: ScriptedWard, position: int) -> Event:
    data = ward.entries[position - 1]
    entry = decode(data)
    name = payload_name(entry.payload)
    return Event(WARD, ward.incarnation, position, entry.wall_time_us, entry.device, name, data)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A district's files with two incarnations of a ward and two checkpoints, and nothing but events."""
    config = tmp_path / "district.toml"
    config.write_text(
        f'[district]\nid = "hai-chau"\nname = "Quận Hải Châu"\n[broker]\nurl = "mqtt://127.0.0.1:1"\n'
        f'[[ward]]\nid = "{WARD}"\nname = "Phường Hải Châu 1"\n',
        encoding="utf-8",
    )
    ward = ScriptedWard().started()
    _checkpoint(ward, 1, b"")
    point = len(ward.entries)
    ward.write(Facts([Fact("name", "UPS")]), "ups-1", "ups")
    _checkpoint(ward, point, leaf_hash(ward.entries[point - 1]))
    ward.write(Lifecycle(LifecycleEvent.STOPPED))
    again = ScriptedWard(incarnation=SECOND, wall_us=ward.wall_us).started(ward)
    (tmp_path / "data").mkdir()
    store = open_store(load(config), SystemClock(), shipping=False)
    for each in (ward, again):
        events = [_event(each, position) for position in range(1, len(each.entries) + 1)]
        store.commit([Commit(WARD, each.incarnation, IntervalSet([(1, len(each.entries))]), (), events)])
    store.close()
    assert verify(load(config)).good
    return config


def _spoil(config: Path, payload: str, change: Callable[[Entry], Entry]) -> None:
    """Rewrite the last entry of that sort, its columns as they should be."""
    with sqlite3.connect(load(config).store_path) as store:
        query = "SELECT id, entry FROM events WHERE payload = ? ORDER BY id DESC LIMIT 1"
        identity, data = store.execute(query, (payload,)).fetchone()
        store.execute("UPDATE events SET entry = ? WHERE id = ?", (encode(change(decode(data))), identity))
    store.close()


def _point(**changes: object) -> Callable[[Entry], Entry]:
    def change(entry: Entry) -> Entry:
        assert isinstance(entry.payload, Checkpoint)
        return replace(entry, payload=replace(entry.payload, **changes))  # type: ignore[arg-type]

    return change


def _other_end(entry: Entry) -> Entry:
    assert isinstance(entry.payload, Lifecycle)
    return replace(entry, payload=replace(entry.payload, previous_hash=bytes(32)))


def _other_facts(entry: Entry) -> Entry:
    return replace(entry, payload=Facts([Fact("name", "another")]))


@pytest.mark.parametrize(
    ("invariant", "payload", "change"),
    [
        ("I3", "checkpoint", _point(first_position=9)),
        ("I3", "checkpoint", _point(first_position=1)),
        ("I3", "checkpoint", _point(first_position=4)),
        ("I3", "checkpoint", _point(last_position=3)),
        ("I3", "checkpoint", _point(previous=bytes(32))),
        ("I4", "checkpoint", _point(root=bytes(32))),
        ("I4", "facts", _other_facts),
        ("I5", "lifecycle", _other_end),
    ],
)
def test_a_file_that_was_changed_is_named(
    files: Path, invariant: str, payload: str, change: Callable[[Entry], Entry]
) -> None:
    _spoil(files, payload, change)
    assert invariant in {violation.invariant for violation in verify(load(files)).violations}


class Journal:
    """What a ward's journal remembers over its runs; `again` starts the agent once more, `copy` is a backup."""

    def __init__(self, runs: Sequence[ScriptedWard] = (), newest: bytes = b"", covered: int = 0) -> None:
        self.runs, self.newest, self.covered = list(runs), newest, covered

    def again(self, name: int) -> None:
        before = self.runs[-1] if self.runs else None
        wall_us = before.wall_us if before else ScriptedWard.wall_us
        self.runs.append(ScriptedWard(incarnation=name.to_bytes(16, "big"), wall_us=wall_us).started(before))
        self.covered = 0

    def checkpoint(self) -> None:
        run = self.runs[-1]
        _checkpoint(run, max(self.covered, 1), self.newest)
        self.covered, self.newest = len(run.entries), leaf_hash(run.entries[-1])

    def copy(self) -> Journal:
        runs = [replace(run, entries=list(run.entries)) for run in self.runs]
        return Journal(runs, self.newest, self.covered)


Held = dict[bytes, IntervalSet]


def _shown(runs: Sequence[ScriptedWard], missing: set[tuple[bytes, int]]) -> tuple[list[Event], Held]:
    """What the district's store has of them: events, and positions held."""
    events: dict[tuple[bytes, int], Event] = {}
    held: Held = {}
    for run in runs:
        for position in range(1, len(run.entries) + 1):
            place = (run.incarnation, position)
            if place not in missing:
                held.setdefault(run.incarnation, IntervalSet()).add(position, position)
                if (event := _event(run, position)).payload != EVENT:
                    events.setdefault(place, event)
    return list(events.values()), held


def _judged(runs: Sequence[ScriptedWard], missing: set[tuple[bytes, int]] | None = None) -> list[Break]:
    return list(breaks(WARD, *_shown(runs, missing or set())))


STEPS = st.sampled_from(["poll", "facts", "checkpoint", "checkpoint", "killed", "copied", "restored", "damaged"])


@given(steps=st.lists(STEPS, max_size=30), data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_happened_to_a_ward_no_break_is_told_that_is_none(steps: list[str], data: st.DataObject) -> None:
    """Killed at any time, restored from a copy, begun anew beside a damaged journal; entries missing or let go of."""
    journal, written = Journal(), []
    journal.again(1)
    backup = journal.copy()
    for number, step in enumerate(steps, 2):
        if step in ("killed", "restored", "damaged"):
            written += journal.runs
            journal = {"killed": journal, "restored": backup.copy(), "damaged": Journal()}[step]
            journal.again(number)
        elif step == "copied":
            backup = journal.copy()
        elif step == "checkpoint":
            journal.checkpoint()
        elif step == "poll":
            journal.runs[-1].poll(battery_percent=1.0)
        else:
            journal.runs[-1].write(Facts([Fact("name", "x")]), "ups-1", "ups")
    written += journal.runs
    places = [(run.incarnation, at) for run in written for at in range(1, len(run.entries) + 1)]
    missing = data.draw(st.sets(st.sampled_from(places), max_size=4))
    written.sort(key=lambda run: -len(run.entries))  # of a run that was copied, as it was in the end
    events, held = _shown(written, missing)
    assert not list(breaks(WARD, events, held))
    gone = data.draw(st.sets(st.sampled_from(places), max_size=4))  # by age: then what is held tells nothing
    assert not list(breaks(WARD, [each for each in events if (each.incarnation, each.position) not in gone]))


def _two_checkpoints() -> Journal:
    journal = Journal()
    journal.again(1)
    journal.runs[-1].poll(battery_percent=1.0)
    journal.checkpoint()
    journal.runs[-1].poll(battery_percent=2.0)
    return journal


def test_a_second_checkpoint_cannot_begin_where_the_first_did() -> None:
    journal = _two_checkpoints()
    for first, previous in ((1, bytes(32)), (1, journal.newest), (1, b""), (2, journal.newest)):
        forged = journal.copy()
        _checkpoint(forged.runs[-1], first, previous)
        assert [each.invariant for each in _judged(forged.runs)] == ["I3"]
    journal.checkpoint()
    assert not _judged(journal.runs)


def test_a_checkpoint_cannot_begin_at_readings() -> None:
    journal = _two_checkpoints()
    point = len(journal.runs[-1].entries) - 1
    journal.runs[-1].poll(battery_percent=3.0)
    _checkpoint(journal.runs[-1], point + 1, journal.newest)
    name = journal.runs[-1].incarnation
    assert [each.key for each in _judged(journal.runs)] == ["no_checkpoint"]
    # The first one is missing: what the second begins at is readings still.
    assert [each.key for each in _judged(journal.runs, {(name, point)})] == ["no_checkpoint"]
    events, _ = _shown(journal.runs, set())
    assert not list(breaks(WARD, events))  # where events were let go of by age, it may have been one of them


@pytest.mark.parametrize("runs_between", [0, 2])
def test_the_first_checkpoint_of_a_run_names_the_newest_of_the_journal_before_it(runs_between: int) -> None:
    journal = _two_checkpoints()
    for number in range(runs_between):
        journal.again(2 + number)  # killed before its first checkpoint
    journal.again(9)
    forged = journal.copy()
    journal.checkpoint()
    assert not _judged(journal.runs)
    before = journal.runs[0]
    for previous in (b"", bytes(32), leaf_hash(before.entries[0])):
        forged.newest = previous
        spoiled = forged.copy()
        spoiled.checkpoint()
        assert [each.key for each in _judged(spoiled.runs)] == ["other_checkpoint"]
        # With an entry missing that may have been a newer checkpoint nobody can say.
        assert not _judged(spoiled.runs, {(before.incarnation, len(before.entries))})


def test_the_first_checkpoint_of_a_new_journal_names_none() -> None:
    journal = Journal(newest=b"\x11" * 32)
    journal.again(1)
    journal.checkpoint()
    assert [each.key for each in _judged(journal.runs)] == ["other_checkpoint"]
