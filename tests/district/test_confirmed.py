"""A district whose files are an old backup's: it finds what it lacks of what it had confirmed, and asks again."""

from __future__ import annotations

import pytest

from telemetry import wire_pb2 as wire
from telemetry.intervals import IntervalSet
from tests.district.conftest import Desk, answer
from tests.district.fakes import MemoryStore, ScriptedWard

WARD = "hai-chau-1"


class Agent:
    """A ScriptedWard that remembers what it was told, and answers."""

    def __init__(self, desk: Desk, ward: ScriptedWard) -> None:
        self.desk, self.ward = desk, ward
        self.told = IntervalSet()
        self.taken_back = IntervalSet()
        self.first = 1

    def status(self, account: IntervalSet | None = None) -> None:
        status = wire.Status.FromString(self.ward.status(first=self.first))
        if account is not None:
            ranges = [wire.Range(first=first, last=last) for first, last in account]
            status.committed.add(incarnation=self.ward.incarnation, ranges=ranges)
        self.desk.hear((self.ward.topic("status"), status.SerializeToString()))

    def turn(self, rounds: int = 10) -> None:
        """Do what is asked."""
        for number in range(rounds):
            if number % 4 == 3:
                self.status()
            asked, self.desk.sent = [request for _, request in self.desk.sent], []
            for request in asked:
                what = request.WhichOneof("what")
                if what == "committed":
                    self.told.update(IntervalSet((r.first, r.last) for r in request.committed.ranges))
                elif what == "tell_committed":
                    self.status(self.told)
                elif what == "take_back":
                    self.taken_back.update(IntervalSet((r.first, r.last) for r in request.take_back.ranges))
                    self.told = self.told.without(self.taken_back)
                elif what == "replay":
                    answer(self.desk, self.ward, request, without=lambda position: position < self.first)
            self.desk.wait(2.0)


@pytest.fixture
def agent(desk: Desk, ward: ScriptedWard) -> Agent:
    """An agent whose 20 entries are confirmed."""
    for _ in range(18):
        ward.poll(load_percent=1.0)
    made = Agent(desk, ward)
    made.status()
    made.turn()
    assert list(made.told) == [(1, 20)]
    return made


def _restore(desk: Desk, ward: ScriptedWard, entries: int) -> None:
    """The hub goes on from a backup in which the store had so many entries."""
    desk.store = MemoryStore()
    desk.start()
    if entries:
        desk.ingest.process([], hearing_since=desk.clock.monotonic())
        desk.hear((ward.topic("replay"), ward.batch(1, entries)))
        desk.start()


def _rules(desk: Desk) -> list[tuple[str, str]]:
    return [(each.condition.rule, each.condition.instance) for each in desk.site.open_conditions(WARD)]


def test_a_hub_that_starts_again_with_its_own_files_takes_nothing_back(desk: Desk, agent: Agent) -> None:
    desk.start()
    agent.status()
    agent.turn()
    assert list(agent.taken_back) == []
    assert _rules(desk) == []


def test_what_was_confirmed_and_is_not_here_is_kept_again_asked_for_and_told_since_the_backup(
    desk: Desk, agent: Agent
) -> None:
    _restore(desk, agent.ward, 12)
    before_us = desk.situation.presence.record(WARD).last_word_us  # type: ignore[union-attr]
    desk.clock.advance(3600)
    position = agent.ward.poll(load_percent=2.0)
    desk.hear((agent.ward.topic("entries"), agent.ward.batch(position)))
    desk.sent, questions = [], desk.sent
    assert [each.WhichOneof("what") for _, each in questions].count("tell_committed") == 1
    agent.status(agent.told)
    (opened,) = desk.site.open_conditions(WARD)
    assert (opened.condition.rule, opened.condition.instance) == ("district_behind", "8")
    assert opened.condition.since_us == before_us
    agent.turn(20)
    assert list(agent.taken_back) == [(13, 20)]
    assert desk.held(agent.ward) == [(1, 21)]
    assert _rules(desk) == []
    assert desk.site.ward(WARD).named_losses == 0


def test_what_the_ward_has_let_go_of_meanwhile_is_a_named_loss(desk: Desk, agent: Agent) -> None:
    _restore(desk, agent.ward, 12)
    agent.first = 17  # readings that were confirmed, and old
    agent.status()
    agent.turn(20)
    state = desk.site.ward(WARD)
    assert (state.named_losses, state.missing_positions) == (4, 0)
    assert desk.held(agent.ward) == [(1, 12), (17, 20)]
    assert _rules(desk) == []


def test_the_question_is_asked_again_until_it_is_answered_but_an_old_agent_is_left_in_peace(
    desk: Desk, agent: Agent
) -> None:
    desk.start()
    for _ in range(20):
        agent.status()
        desk.wait(15)
    assert [each.WhichOneof("what") for _, each in desk.sent].count("tell_committed") == 5
    desk.start()
    desk.broker_there = True
    agent.status()
    desk.sent.clear()  # the question was lost
    desk.wait(16)
    agent.status()
    assert "tell_committed" in [each.WhichOneof("what") for _, each in desk.sent]


def test_a_store_that_lost_something_while_the_hub_runs_is_the_same(desk: Desk, agent: Agent) -> None:
    agent.status()
    agent.turn()
    assert isinstance(desk.store, MemoryStore)
    desk.store.take_back(WARD, agent.ward.incarnation, 15)
    desk.ingest.reload()
    agent.status()
    agent.turn(20)
    assert list(agent.taken_back) == [(15, 20)]
    assert desk.held(agent.ward) == [(1, 20)]
