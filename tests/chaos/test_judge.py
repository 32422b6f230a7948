"""The judge on real files, and that it can fail: whatever is taken away, put in twice or spoiled is found."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from chaos.compare import Journaled
from chaos.judge import Judgement, Left, judge
from chaos.ward import Life
from district.config import load
from district.database import open_database
from district.staging import payload_name
from journal.journal import Journal
from journal.verify import read_entries
from store.base import Commit, Event
from store.embedded import EmbeddedStore
from telemetry.clock import FakeClock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Readings, decode
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading

METRIC = "battery_charge_percent"


class District:
    """A ward's journal and a district that has all of it, as files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.served: list[list[object]] = []
        self.write_journal()
        (folder / "served").write_text("".join(json.dumps(line) + "\n" for line in self.served), encoding="utf-8")
        (folder / "district.toml").write_text(
            '[district]\nid = "d"\nname = "D"\n[broker]\nurl = "mqtt://127.0.0.1"\n[[ward]]\nid = "w"\nname = "W"\n',
            encoding="utf-8",
        )
        (folder / "data").mkdir()
        open_database(load(folder / "district.toml").hub_path).dispose()

    def write_journal(self) -> None:
        for _ in range(2):
            journal = Journal.open(self.folder / "journal.db", clock=self.clock, agent_version="test")
            for turn in range(5):
                self.clock.advance(1.0)
                value = 50.0 + 2 * turn
                now_us = round(self.clock.monotonic() * 1e6)
                self.served.append(["w", "ups-1", now_us, METRIC, value, False])
                journal.append(Readings([Reading(METRIC, value)]), kind="ups", device="ups-1")
            raised = Condition("ups-1", "hot", "", ConditionState.RAISED, Severity.ATTENTION, self.clock.wall_us(), 1.0)
            journal.append(raised)
            journal.flush()
            self.clock.advance(1.0)
            journal.close()

    def entries(self) -> list[Journaled]:
        return [Journaled.read("w", data) for _, _, data in read_entries(self.folder / "journal.db")]

    def commit(self, entries: Iterable[Journaled], without: int = 0) -> None:
        """`without`: the last so many samples are left out."""
        store = EmbeddedStore.open(self.folder / "data" / "store.db", clock=self.clock)
        commits: dict[bytes, Commit] = {}
        for each in entries:
            entry = each.entry
            made = commits.setdefault(entry.incarnation, Commit("w", entry.incarnation, IntervalSet(), [], []))
            made.positions.add(entry.position, entry.position)
            made.samples.extend(each.samples())  # type: ignore[attr-defined]  # the lists made above
            if not isinstance(entry.payload, Readings):
                what = (entry.wall_time_us, entry.device, payload_name(entry.payload), each.data)
                made.events.append(Event("w", *each.key, *what))  # type: ignore[attr-defined]
        if without:
            del list(commits.values())[-1].samples[-without:]  # type: ignore[attr-defined]
        store.commit(commits.values())
        store.close()

    def judged(self) -> Judgement:
        begun = [each.entry.monotonic_us for each in self.entries() if each.entry.position == 1]
        lives = [Life(begun[0], begun[1] - 1), Life(begun[1], begun[1] + 10**9)]
        left = Left("w", self.folder / "journal.db", lives)
        return judge([left], self.folder / "district.toml", self.folder / "served")

    def change(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.folder / "data" / "store.db") as connection:
            assert connection.execute(statement, values).rowcount == 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    district = District(tmp_path_factory.mktemp("whole"))
    district.commit(district.entries())
    return district.folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> District:
    """A copy, to be spoiled."""
    shutil.copytree(whole, tmp_path / "copy")
    district = District.__new__(District)
    district.folder, district.clock = tmp_path / "copy", FakeClock()
    return district


def figures(found: Judgement) -> tuple[int, int, int, int]:
    compared = found.comparison
    return compared.lost, compared.duplicated, compared.strange, found.proofs.breaks


def test_all_is_well_where_all_is_there(copy: District) -> None:
    found = copy.judged()
    assert figures(found) == (0, 0, 0, 0)
    assert found.comparison.journaled == found.comparison.committed == 2 * 9
    assert found.comparison.samples == 10
    assert found.proofs.verified == 2
    assert (found.served.journaled, found.served.missed, found.served.invented) == (10, 0, 0)
    assert found.told() == []
    assert found.lifecycle == {"STARTED": 2, "STOPPED": 2}


SPOILED: dict[str, tuple[Callable[[District], None], tuple[int, int, int, int]]] = {
    "an entry taken away": (
        lambda it: it.change("DELETE FROM events WHERE payload = 'condition' AND incarnation = 1"),
        (1, 0, 0, 0),
    ),
    "an entry put in twice": (
        lambda it: it.change(
            "INSERT INTO events (ward, incarnation, position, wall_time_us, device, payload, entry) SELECT ward,"
            " incarnation, position, wall_time_us, device, payload, entry FROM events WHERE payload = 'condition'"
            " LIMIT 1"
        ),
        (0, 1, 0, 0),
    ),
    "a number taken in twice": (
        lambda it: it.change("UPDATE wards SET samples_committed = samples_committed + 1"),
        (0, 1, 0, 0),
    ),
    "a position that the store does not hold": (
        lambda it: it.change("UPDATE positions SET last = last - 1 WHERE incarnation = 2"),
        (1, 0, 0, 0),
    ),
    "a position that no journal has": (
        lambda it: it.change("UPDATE positions SET last = last + 1 WHERE incarnation = 2"),
        (0, 0, 1, 0),
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_the_judge_finds(copy: District, what: str) -> None:
    spoil, expected = SPOILED[what]
    spoil(copy)
    found = copy.judged()
    assert figures(found) == expected
    assert found.told()


def test_the_judge_finds_a_number_that_is_missing(tmp_path: Path) -> None:
    district = District(tmp_path)
    district.commit(district.entries(), without=1)
    assert figures(district.judged()) == (1, 0, 0, 0)


def test_the_judge_finds_a_spoiled_checkpoint(copy: District) -> None:
    points = [each for each in copy.entries() if type(each.entry.payload).__name__ == "Checkpoint"]
    root = points[-1].entry.payload.root  # type: ignore[union-attr]
    spoiled = points[-1].data.replace(root, bytes(32))
    assert decode(spoiled).payload.root == bytes(32)  # type: ignore[union-attr]
    copy.change("UPDATE events SET entry = ? WHERE entry = ?", spoiled, points[-1].data)
    assert figures(copy.judged()) == (1, 0, 0, 1)


def test_an_alarm_of_what_cannot_be_is_false(copy: District) -> None:
    with sqlite3.connect(copy.folder / "data" / "hub.db") as connection:
        connection.execute("INSERT INTO hub_conditions VALUES (1, 'w', 'journal_forked', 2, 1, 1, NULL, '')")
    found = copy.judged()
    assert (found.false_alarms, found.told()) == (["false alarm: journal_forked of w"],) * 2


def test_a_loss_that_was_named_is_none_unless_the_ward_still_has_the_entry(copy: District) -> None:
    incarnation = copy.entries()[-1].entry.incarnation
    with sqlite3.connect(copy.folder / "data" / "hub.db") as connection:
        connection.execute("INSERT INTO named_losses VALUES (1, 'w', ?, 9, 9, 'not_held', 0)", (incarnation,))
    copy.change("UPDATE positions SET last = last - 1 WHERE incarnation = 2")
    compared = copy.judged().comparison
    assert (compared.lost, compared.named) == (1, 1)
    assert any("named lost while the ward has it" in words for words in compared.told)
