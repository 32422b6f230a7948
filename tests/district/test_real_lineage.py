"""Two agents, restored agents and restored districts, with real processes and a real broker."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from district import replication, speakers
from district.hub import Hub
from journal.database import open_for_reading
from journal.ledger import committed
from telemetry.intervals import IntervalSet
from tests.district.processes import listens, mosquitto, process, wait_until
from tests.district.real_wards import WARD, RealAgent, real_hub, rules


@pytest.fixture
def port(peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path) -> Iterator[int]:
    found = free_port()
    with process(*mosquitto(peer("mosquitto"), tmp_path, found), log=tmp_path / "broker.log"):
        wait_until(lambda: listens(found), 20, "the broker listens")
        yield found


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that confirms soon, so that agents end soon."""
    monkeypatch.setattr(replication, "CONFIRM_SECONDS", 0.3)


@pytest.fixture
def machine(tmp_path: Path, port: int) -> Iterator[Callable[[str], RealAgent]]:
    """machine("pi-1"): a machine with an agent that is not started yet."""
    made: list[RealAgent] = []

    def make(name: str) -> RealAgent:
        made.append(RealAgent(tmp_path / name, port))
        return made[-1]

    yield make
    for each in made:
        each.abandon()


def _all_there(hub: Hub, *agents: RealAgent) -> None:
    """Every entry of every journal is in the district's store, once, and none is called lost."""
    for agent in agents:
        for each in agent.counts().held:
            assert list(hub.store.positions(WARD, each.incarnation)) == [(1, each.last_position)]
    assert hub.site.ward(WARD).named_losses == 0


def test_two_machines_with_one_card_are_told_and_neither_loses_anything(
    port: int, machine: Callable[[str], RealAgent], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "TOGETHER_SECONDS", 1.5)
    one, other = machine("pi-1"), machine("pi-2")
    with real_hub(tmp_path / "hub", port) as hub:
        one.start()
        wait_until(lambda: len(hub.site.devices(WARD)) == 1, 20, "the ward is there")
        one.end()
        one.back_up(other.data)
        shown = hub.situation.speakers.shown
        one.start()
        wait_until(lambda: shown(WARD) not in (b"", one.counts().held[0].incarnation), 20, "it is there again")
        first = shown(WARD)
        other.start()
        wait_until(lambda: "two_agents" in rules(hub), 20, "two are told")
        assert "agent_restored" in rules(hub)  # both go on from the same end
        assert shown(WARD) == first
        other.end()
        one.end()
        _all_there(hub, one, other)


def test_an_agent_that_is_put_back_from_a_backup_is_told_and_what_the_district_holds_stays(
    port: int, machine: Callable[[str], RealAgent], tmp_path: Path
) -> None:
    agent = machine("pi-1")
    with real_hub(tmp_path / "hub", port) as hub:
        agent.start()
        wait_until(lambda: len(hub.site.devices(WARD)) == 1, 20, "the ward is there")
        agent.end()
        agent.back_up(tmp_path / "backup")
        agent.start()
        first = hub.situation.speakers.shown(WARD)
        wait_until(lambda: hub.situation.speakers.shown(WARD) != first, 20, "it started again")
        agent.end()
        _all_there(hub, agent)
        after = agent.counts().held[-1]
        agent.restore(tmp_path / "backup")
        agent.start()
        wait_until(lambda: rules(hub) == ["agent_restored"], 20, "it is told")
        agent.end()
        _all_there(hub, agent)
        assert list(hub.store.positions(WARD, after.incarnation)) == [(1, after.last_position)]


def test_a_district_that_is_put_back_from_a_backup_gets_all_again_and_the_wards_keep_it_until_then(
    port: int, machine: Callable[[str], RealAgent], tmp_path: Path
) -> None:
    agent, files = machine("pi-1"), tmp_path / "hub"
    with real_hub(files, port) as hub:
        agent.start()
        wait_until(lambda: len(hub.site.devices(WARD)) == 1, 20, "the ward is there")
    shutil.copytree(files, tmp_path / "backup")
    with real_hub(files, port) as hub:
        known = hub.store.counts(WARD).positions
        wait_until(lambda: hub.store.counts(WARD).positions > known + 2, 20, "more was taken in")
        wait_until(lambda: len(_marked(agent)) > known, 20, "and confirmed")
    shutil.rmtree(files)
    shutil.copytree(tmp_path / "backup", files)
    with real_hub(files, port) as hub:
        wait_until(lambda: "are kept again" in agent.log.read_text(), 20, "told")
        spans = hub.site.condition_spans(WARD, "", 0, 2**60)
        assert "district_behind" in [each.condition.rule for each in spans]
        agent.end()
        _all_there(hub, agent)


def _marked(agent: RealAgent) -> IntervalSet:
    """What is marked as committed in the journal of an agent that runs."""
    with contextlib.closing(open_for_reading(agent.journal)) as connection:
        return next(reversed(list(committed(connection).values())))
