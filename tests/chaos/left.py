"""What is left of a ward and a district after a run, as real files made without one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable
from copy import copy, deepcopy
from pathlib import Path
from typing import Self

from chaos.compare import Journaled
from chaos.judge import Judgement, Left, judge
from chaos.ward import Life
from chaos.witness import Witness
from district.config import load
from district.database import open_database
from district.staging import payload_name
from journal.journal import Journal, JournalSettings
from journal.verify import read_entries
from store.base import Commit, Event
from store.embedded import EmbeddedStore
from telemetry.clock import FakeClock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Readings
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading

METRIC = "battery_charge_percent"


class District:
    """A ward's journal and a district that has all of it, as files."""

    max_bytes = JournalSettings().max_bytes

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.served: list[list[object]] = []
        self.begun: list[int] = []  # each run of the agent, monotonic µs
        self.witness = Witness(self.journal)
        self.write_journal()
        self.write_served()
        (folder / "district.toml").write_text(
            '[district]\nid = "d"\nname = "D"\n[broker]\nurl = "mqtt://127.0.0.1"\n[[ward]]\nid = "w"\nname = "W"\n',
            encoding="utf-8",
        )
        (folder / "data").mkdir()
        open_database(load(folder / "district.toml").hub_path).dispose()

    def copied(self, folder: Path) -> Self:
        """A copy, to be spoiled."""
        shutil.copytree(self.folder, folder)
        twin = copy(self)
        twin.folder, twin.served, twin.begun = folder, list(self.served), list(self.begun)
        twin.witness = deepcopy(self.witness)
        twin.witness.journal = twin.journal
        return twin

    def write_served(self) -> None:
        lines = "".join(json.dumps(line) + "\n" for line in self.served)
        (self.folder / "served").write_text(lines, encoding="utf-8")

    def write_journal(self) -> None:
        for _ in range(2):
            journal = self.start()
            for turn in range(5):
                self.clock.advance(1.0)
                value = 50.0 + 2 * turn
                now_us = round(self.clock.monotonic() * 1e6)
                self.served.append(["w", "ups-1", now_us, METRIC, "", value, False])
                journal.append(Readings([Reading(METRIC, value)]), kind="ups", device="ups-1")
            raised = Condition("ups-1", "hot", "", ConditionState.RAISED, Severity.ATTENTION, self.clock.wall_us(), 1.0)
            journal.append(raised)
            journal.flush()
            self.clock.advance(1.0)
            journal.close()

    def start(self, settings: JournalSettings | None = None) -> Journal:
        self.begun.append(round(self.clock.monotonic() * 1e6))
        return Journal.open(self.journal, clock=self.clock, agent_version="test", settings=settings)

    def witnessed(self) -> list[Journaled]:
        return [Journaled.read("w", data) for data in self.witness.entries.values()]

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def entries(self) -> list[Journaled]:
        return [Journaled.read("w", data) for _, _, data in read_entries(self.journal)]

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
        ends = [*(begin - 1 for begin in self.begun[1:]), self.begun[-1] + 10**9]
        lives = [Life(begin, end) for begin, end in zip(self.begun, ends, strict=True)]
        return judge(
            [Left("w", deepcopy(self.witness), lives, max_bytes=self.max_bytes)],
            self.folder / "district.toml",
            self.folder / "served",
        )

    def change(self, statement: str, *values: object) -> None:
        """One row of the store's."""
        assert self.change_many(statement, *values) == 1

    def change_many(self, statement: str, *values: object) -> int:
        return self._change(self.folder / "data" / "store.db", statement, *values)

    def hub(self, statement: str, *values: object) -> int:
        return self._change(self.folder / "data" / "hub.db", statement, *values)

    def ward(self, statement: str, *values: object) -> int:
        return self._change(self.journal, statement, *values)

    def unhold(self, position: int) -> None:
        """The store has not got that position of its one incarnation, and thinks so."""
        ((first, last),) = self._rows("SELECT first, last FROM positions WHERE ? BETWEEN first AND last", position)
        self.change("UPDATE positions SET last = ? WHERE first = ?", position - 1, first)
        self.change("INSERT INTO positions SELECT incarnation, ?, ? FROM positions LIMIT 1", position + 1, last)

    def _rows(self, question: str, *values: object) -> list[tuple[int, int]]:
        with sqlite3.connect(self.folder / "data" / "store.db") as connection:
            return connection.execute(question, values).fetchall()

    @staticmethod
    def _change(file: Path, statement: str, *values: object) -> int:
        with sqlite3.connect(file) as connection:
            return connection.execute(statement, values).rowcount
