"""Whatever is done to a journal in whatever order, killed or not: its invariants hold and nothing told is lost."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from journal.journal import Journal, JournalSettings
from journal.verify import read_entries, verify
from telemetry.clock import FakeClock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Facts
from telemetry.intervals import IntervalSet
from telemetry.readings import Fact
from tests.journal.conftest import Published, some_readings

DAY = 86_400.0
SETTINGS = JournalSettings(
    commit_interval_seconds=10**6, checkpoint_interval_seconds=1800, max_bytes=1_000_000, readings_days=3, other_days=9
)


class JournalMachine(RuleBasedStateMachine):
    """Model: what was told. A kill is a copy of the three files as they lie there, opened by another agent."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="wardwatch-journal-"))
        self.runs = 0
        self.clock = FakeClock()
        self.published = Published()
        self.made = 0  # readings appended and flushed
        self.waiting = 0
        self.committed: dict[bytes, IntervalSet] = {}

    @property
    def path(self) -> Path:
        return self.folder / str(self.runs) / "journal.db"

    def open(self) -> None:
        self.journal = Journal.open(
            self.path, clock=self.clock, agent_version="1", settings=SETTINGS, listener=self.published
        )

    @initialize()
    def begin(self) -> None:
        self.open()

    @rule(count=st.integers(1, 40), size=st.sampled_from([1, 5, 400]))
    def append_readings(self, count: int, size: int) -> None:
        for n in range(count):
            self.journal.append(some_readings(size, n), kind="sensor", device="sensor-1")
        self.waiting += count * size

    @rule(count=st.integers(1, 5))
    def append_facts(self, count: int) -> None:
        for n in range(count):
            self.journal.append(Facts([Fact("name", str(n))]), kind="sensor", device="sensor-1")

    @rule()
    def append_condition(self) -> None:
        self.journal.append(Condition("sensor-1", "hot", "", ConditionState.RAISED, Severity.INFO, 1))

    @rule()
    def flush(self) -> None:
        assert self.journal.flush()
        self.made += self.waiting
        self.waiting = 0
        assert self.journal.counts().readings_journaled == self.made

    @rule(share=st.floats(0, 1), gap=st.booleans())
    def district_commits(self, share: float, gap: bool) -> None:
        head = int(self.journal.head() * share)
        if head < 1:
            return
        positions = IntervalSet([(1, head)] if not gap or head < 4 else [(1, head // 2 - 1), (head // 2 + 1, head)])
        self.journal.mark_committed(self.journal.incarnation, positions)
        self.committed.setdefault(self.journal.incarnation, IntervalSet()).update(positions)

    @rule()
    def district_commits_all_that_is_held(self) -> None:
        for held in self.journal.held():
            if held.last_position:
                positions = IntervalSet([(1, held.last_position)])
                self.journal.mark_committed(held.incarnation, positions)
                self.committed.setdefault(held.incarnation, IntervalSet()).update(positions)

    @rule(days=st.sampled_from([0.01, 0.03, 1.0, 4.0, 10.0]))
    def time_passes(self, days: float) -> None:
        self.clock.advance(days * DAY)

    @rule()
    def prune(self) -> None:
        self.journal.prune()
        self.flush()

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.made += self.waiting
        self.waiting = 0
        self.open()

    @rule()
    def kill(self) -> None:
        """The files as they lie there are all that the next agent has; what only waited is gone."""
        self.journal.flush()
        self.made += self.waiting
        self.waiting = 0
        self.journal.append(some_readings(3))  # never durable: the clock stands still
        victim, path = self.journal, self.path
        self.runs += 1
        self.path.parent.mkdir()
        for file in path.parent.iterdir():
            if not file.name.endswith(".lock"):
                shutil.copy(file, self.path.parent / file.name)
        told = len(self.published.told)
        victim.close()
        del self.published.told[told:]  # what the victim said after its death was never said
        self.open()

    @precondition(lambda self: self.published.told)
    @invariant()
    def nothing_told_is_lost_and_all_promises_are_kept(self) -> None:
        told = self.published.raw()  # before looking: a condition may become durable at any moment
        report = verify(self.path)
        assert report.ok, report
        held = {(name, position): entry for name, position, entry in read_entries(self.path)}
        lost = 0
        for key, entry in told.items():
            if key in held:
                assert held[key] == entry
            elif key[1] not in self.committed.get(key[0], IntervalSet()):
                lost += 1
        assert lost <= self.journal.counts().entries_lost

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)


JournalMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestJournalMachine = JournalMachine.TestCase
