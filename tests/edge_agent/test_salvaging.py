"""What was saved of a damaged journal stays until the district has it, whatever the machine's clock says."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_agent.salvaging import RULE, Salvaging, WithSalvaged
from journal.events import events_newest_first
from journal.journal import Journal
from telemetry.clock import ClockState, FakeClock
from telemetry.conditions import Condition, ConditionState
from telemetry.entry import Readings, decode
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading

DAY = 86_400.0
ALL = IntervalSet([(1, 10_000)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def damaged_run(path: Path, clock: FakeClock) -> bytes:
    """A run of the agent whose journal is damaged when it ended; its incarnation."""
    journal = Journal.open(path, clock=clock, agent_version="1", set_damaged_aside=True)
    for number in range(50):
        journal.append(Readings([Reading("port_up", float(number), str(port)) for port in range(8)]), device="s-1")
    journal.finish()
    journal.close()
    path.write_bytes(b"\xa5" * 4096 + path.read_bytes()[4096:])
    return journal.incarnation


class Run:
    """A start of the agent, as far as damaged journals go."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.journal = Journal.open(path, clock=clock, agent_version="1", set_damaged_aside=True)
        self.view = WithSalvaged(self.journal)
        self.salvaging = Salvaging(path, self.journal, self.view, clock)
        self.salvaging.read()

    def holds(self, incarnation: bytes) -> bool:
        return incarnation in {held.incarnation for held in self.view.held()}


@contextmanager
def started(path: Path, clock: FakeClock) -> Iterator[Run]:
    run = Run(path, clock)
    try:
        yield run
    finally:
        run.view.close()
        run.journal.close()


def beside(path: Path) -> set[str]:
    """The damaged and salvaged files."""
    return {file.name for file in path.parent.iterdir() if ".damaged-" in file.name or ".salvaged-" in file.name}


def told(path: Path) -> list[ConditionState]:
    """What was said of damaged journals, oldest first."""
    payloads = [decode(entry).payload for entry in events_newest_first(path)]
    found = [each.state for each in payloads if isinstance(each, Condition) and each.rule == RULE]
    return found[::-1]


def test_what_the_district_lacks_stays_whatever_the_files_own_times_say(path: Path, clock: FakeClock) -> None:
    lost = damaged_run(path, clock)
    with started(path, clock) as run:
        assert run.holds(lost)
    for file in path.parent.iterdir():
        os.utime(file, (600, 600))  # as if last written under a clock of 1970
    for _ in range(3):
        clock.advance(100 * DAY)
        with started(path, clock) as run:
            run.salvaging.look()
            assert run.holds(lost)
            assert run.view.read(lost, 1, 100, 10**9)


def test_two_journals_damaged_in_the_same_second_of_the_clock_are_both_saved(path: Path, clock: FakeClock) -> None:
    """A machine without a battery begins each start with the same time."""
    runs = []
    for number in range(1, 4):
        runs.append(damaged_run(path, clock))
        with started(path, clock) as run:
            assert [run.holds(each) for each in runs] == [True] * number


def test_what_the_district_has_goes_after_35_days_of_a_clock_that_may_judge(path: Path, clock: FakeClock) -> None:
    saved = damaged_run(path, clock)
    clock.clock_state = ClockState.FREE_RUNNING
    with started(path, clock) as run:
        run.view.mark_committed(saved, ALL)
        clock.advance(1000 * DAY)
        run.salvaging.look()
        assert run.holds(saved)
    clock.clock_state = ClockState.SYNCHRONISED  # its days begin now
    with started(path, clock) as run:
        clock.advance(34 * DAY)
        run.view.mark_committed(saved, ALL)
        run.salvaging.look()
        assert run.holds(saved)
    with started(path, clock) as run:
        run.salvaging.look()
        clock.advance(2 * DAY)
        run.salvaging.look()
        assert run.holds(saved)  # after its start the district has not said yet that it has it
        run.view.mark_committed(saved, ALL)
        run.view.take_back(saved, IntervalSet([(7, 7)]))  # a district restored from a backup
        run.salvaging.look()
        assert run.holds(saved)
        assert 7 not in run.view.committed()[saved]
        run.view.mark_committed(saved, ALL)
        run.salvaging.look()
        assert not run.holds(saved)
    assert not beside(path)
    assert told(path)[-2:] == [ConditionState.RAISED, ConditionState.CLEARED]


def test_what_the_district_never_took_goes_after_400_days_as_a_loss_that_is_told(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    lost = damaged_run(path, clock)
    with started(path, clock) as run:
        entries = len(run.view.read(lost, 1, 10_000, 10**9))
        clock.advance(401 * DAY)
        with caplog.at_level(logging.ERROR, "edge_agent.salvaging"):
            run.salvaging.look()
        assert f"{entries} entries of it are lost" in caplog.text
        assert not run.holds(lost)  # so that the district names them
    assert not beside(path)
    assert told(path) == [ConditionState.RAISED, ConditionState.CLEARED]
