"""A machine that boots in 1970, clocks that are set: nothing is stamped into a past that it does not belong to."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.rules.engine import Engine
from edge_agent.rules.memory import SeenGood
from edge_agent.steady_clock import SteadyClock, steady_clock
from edge_agent.watch import Watch
from journal.events import newest_wall_us
from journal.journal import Journal
from journal.model import JournalError, JournalFault
from journal.verify import read_entries, verify
from telemetry.clock import ClockState, FakeClock
from telemetry.conditions import Condition, ConditionState
from telemetry.entry import Entry, Lifecycle, LifecycleEvent, Readings, decode
from telemetry.readings import Reading
from tests.conftest import missing
from tests.district.processes import BIN, wait_until

NOW_US = 1_790_000_000_000_000
YEAR = 365 * 86_400.0


def _booted(seconds_behind: float, state: ClockState = ClockState.FREE_RUNNING) -> FakeClock:
    """The system clock of a machine that is so far behind the newest entry of its journal."""
    clock = FakeClock(wall_us=NOW_US - round(seconds_behind * 1e6))
    clock.clock_state = state
    return clock


def _clock(system: FakeClock, released_us: int = NOW_US - round(YEAR * 1e6)) -> SteadyClock:
    return SteadyClock(system, NOW_US, released_us)


def test_time_goes_on_from_what_the_journal_knows_at_the_pace_of_the_monotonic_clock() -> None:
    system = _booted(56 * YEAR)
    clock = _clock(system)
    assert (clock.wall_us(), clock.state(), clock.tells_the_hour()) == (NOW_US, ClockState.FREE_RUNNING, False)
    system.advance(90)
    assert clock.wall_us() == NOW_US + 90_000_000
    assert clock.behind_us() == round(56 * YEAR * 1e6)


def test_a_time_server_ends_it_and_the_system_s_clock_is_believed_from_then_on() -> None:
    system = _booted(56 * YEAR)
    clock = _clock(system)
    system.step_wall(56 * YEAR + 3600)
    assert clock.wall_us() == NOW_US + 3_600_000_000
    assert clock.tells_the_hour()
    system.step_wall(-7200)  # somebody sets it back: that is for him to know
    assert clock.wall_us() == NOW_US - 3_600_000_000


def test_so_does_a_system_clock_that_passes_what_was_known() -> None:
    system = _booted(10)
    clock = _clock(system)
    assert clock.wall_us() == NOW_US
    system._wall_us += 10_500_000  # slewed, a little faster than time goes
    system.advance(5)
    assert clock.wall_us() == system.wall_us()
    assert clock.behind_us() == 0


def test_one_that_is_right_and_synchronised_is_believed_also_below_what_a_wrong_one_had_written() -> None:
    system = _booted(3 * 86_400, ClockState.SYNCHRONISED)
    assert _clock(system).wall_us() == system.wall_us()


def test_a_clock_before_the_program_s_own_date_is_wrong_whatever_the_kernel_says() -> None:
    system = _booted(56 * YEAR, ClockState.SYNCHRONISED)
    clock = _clock(system)
    assert clock.wall_us() == NOW_US
    assert clock.state() is ClockState.FREE_RUNNING
    system.step_wall(3600)  # still in 1970
    assert clock.wall_us() >= NOW_US


def test_without_any_journal_time_begins_with_the_program_s_own_date(tmp_path: Path) -> None:
    system = FakeClock(wall_us=5_000_000)
    clock = steady_clock(system, tmp_path / "journal.db")
    installed_us = Path("edge_agent/steady_clock.py").stat().st_mtime * 1e6
    assert clock.wall_us() == pytest.approx(installed_us, abs=1e6)


def test_an_office_clock_that_is_right_is_left_alone(tmp_path: Path) -> None:
    system = FakeClock()
    clock = SteadyClock(system, system.wall_us() - 5_000_000, 0)
    system.step_wall(-3600)
    assert clock.wall_us() == system.wall_us()
    assert clock.tells_the_hour()


def test_a_journal_that_was_in_the_future_for_a_while_haunts_nobody(tmp_path: Path) -> None:
    path, system = tmp_path / "journal.db", FakeClock()
    journal = Journal.open(path, clock=system, agent_version="1")
    for step in (YEAR, -YEAR):
        system.step_wall(step)
        journal.append(Readings([Reading("load_percent", 1.0)]), kind="ups", device="ups-1")
        journal.flush()
    journal.close()
    assert newest_wall_us(path) == system.wall_us()


def test_the_ward_tells_that_its_clock_is_behind_and_how_far_it_was_set(tmp_path: Path) -> None:
    system = _booted(56 * YEAR)
    clock = _clock(system)
    journal = Journal.open(tmp_path / "journal.db", clock=clock, agent_version="1")
    watch = Watch(journal, clock, None, Engine({}), SeenGood(tmp_path / "seen"), lambda: None)
    for _ in range(3):
        watch.look()
        system.advance(1)
    system.step_wall(56 * YEAR + 60)
    watch.look()
    watch.look()
    journal.close()
    entries = [decode(entry) for _, _, entry in read_entries(tmp_path / "journal.db")]
    told = [each.payload for each in entries if isinstance(each.payload, (Lifecycle, Condition))]
    events = [each.event for each in told if isinstance(each, Lifecycle)]
    assert events == [
        LifecycleEvent.STARTED,
        LifecycleEvent.CLOCK_HELD,
        LifecycleEvent.CLOCK_STEPPED,
        LifecycleEvent.STOPPED,
    ]
    stepped = told[events.index(LifecycleEvent.CLOCK_STEPPED) + 1]
    assert isinstance(stepped, Lifecycle)
    assert stepped.step_us == 60_000_000  # what the times before it are too early by
    conditions = [(each.rule, each.state) for each in told if isinstance(each, Condition)]
    assert conditions == [("clock_behind", ConditionState.RAISED), ("clock_behind", ConditionState.CLEARED)]
    times = [each.wall_time_us for each in entries]
    assert times == sorted(times)


def test_an_agent_on_a_machine_that_boots_in_1970_writes_on_where_its_journal_ended(
    tmp_path: Path,
) -> None:
    library = _library()
    config = tmp_path / "ward.toml"
    config.write_text(
        '[ward]\nid = "hai-chau-1"\nname = "Phường Hải Châu 1"\ndistrict = "hai-chau"\n'
        '[journal]\ncommit_interval = "100ms"\n'
        '[[device]]\nid = "self"\nkind = "server"\nprotocol = "psutil"\ninterval = 1\nsmart = false\n',
        encoding="utf-8",
    )
    path = tmp_path / "data" / "journal.db"
    first = _run(config, tmp_path / "data", {})
    ended_us = newest_wall_us(path)
    now = tmp_path / "now"  # libfaketime reads it each time
    now.write_text(f"-{int(time.time()) - 30}\n")  # half a minute after the beginning of 1970
    fake = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(now),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }

    def set_right() -> None:
        _wait_for(path, lambda entry: isinstance(entry.payload, Readings) and entry.incarnation not in first)
        now.write_text("+3600\n")  # the machine was off for an hour
        _wait_for(path, lambda entry: _is(entry, LifecycleEvent.CLOCK_STEPPED))

    _run(config, tmp_path / "data", fake, set_right)
    entries = [entry for entry in _entries(path) if entry.incarnation not in first]
    assert min(entry.wall_time_us for entry in entries) >= ended_us
    assert any(_is(entry, LifecycleEvent.CLOCK_HELD) for entry in entries)
    stepped = next(entry for entry in entries if _is(entry, LifecycleEvent.CLOCK_STEPPED))
    assert all(entry.clock_state is ClockState.FREE_RUNNING for entry in entries if entry.position < stepped.position)
    assert entries[-1].wall_time_us == pytest.approx((time.time() + 3600) * 1e6, abs=60e6)
    assert verify(path).ok


def _library() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        missing("the peer libfaketime is not installed; `make test` as root installs it")
    return str(found[0])


def _entries(path: Path) -> list[Entry]:
    try:
        return [decode(entry) for _, _, entry in read_entries(path)]
    except JournalError as error:
        if error.fault is not JournalFault.NOT_A_JOURNAL:
            raise
        return []  # the agent is making it


def _is(entry: Entry, event: LifecycleEvent) -> bool:
    return isinstance(entry.payload, Lifecycle) and entry.payload.event is event


def _wait_for(path: Path, wanted: Callable[[Entry], bool]) -> None:
    wait_until(lambda: path.exists() and any(map(wanted, _entries(path))), 20, "it is journaled")


def _run(
    config: Path, data: Path, environment: dict[str, str], while_it_runs: Callable[[], None] | None = None
) -> set[bytes]:
    """One run of the agent, until it has read its device (and `while_it_runs`). The incarnations so far."""
    command = [str(BIN / "ward-agent"), "run", "-c", str(config), "--data-dir", str(data)]
    with (config.parent / "agent.log").open("ab") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
        try:
            _wait_for(data / "journal.db", lambda entry: isinstance(entry.payload, Readings))
            if while_it_runs is not None:
                while_it_runs()
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)
    return {entry.incarnation for entry in _entries(data / "journal.db")}
