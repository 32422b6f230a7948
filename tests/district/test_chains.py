"""`ward-district verify` names each way in which a district's file can contradict the wards' own chains."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from district.config import load
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


def _event(ward: ScriptedWard, position: int, names: dict[type, str]) -> Event:
    data = ward.entries[position - 1]
    entry = decode(data)
    return Event(WARD, ward.incarnation, position, entry.wall_time_us, entry.device, names[type(entry.payload)], data)


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
    names = {Facts: "facts", Checkpoint: "checkpoint", Lifecycle: "lifecycle"}
    names[type(decode(ward.entries[1]).payload)] = "inventory"
    for each in (ward, again):
        positions = range(1, len(each.entries) + 1)
        events = [_event(each, position, names) for position in positions]
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
