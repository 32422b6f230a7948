"""What a poll's outcome leaves in the journal and in the log."""

from __future__ import annotations

import logging

import pytest

from edge_agent.recorder import Recorder
from edge_agent.rules.engine import Engine
from edge_agent.rules.model import rules_for
from edge_agent.schedule import Outcome, Poll
from telemetry.clock import FakeClock
from telemetry.conditions import Condition, ConditionState
from telemetry.entry import EntryError, Facts, Payload, Readings
from telemetry.kinds import Kind
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode, unreachable

ON_BATTERY = PollResult(True, (Reading("on_battery", 1.0),), (Fact("vendor", "APC"),))
PARTLY = PollResult(True, (Reading("on_battery", 0.0),), reason=Reason(ReasonCode.PARTIAL_ANSWER, "no table 3"))


class Paper:
    """A journal that remembers what was appended."""

    def __init__(self) -> None:
        self.lines: list[tuple[Payload, str, str, bool]] = []
        self.refuse: type[object] = type(None)

    def append(self, payload: Payload, *, kind: str = "", device: str = "", urgent: bool = False) -> None:
        if isinstance(payload, self.refuse):
            raise EntryError("no entry can be made of this")
        self.lines.append((payload, kind, device, urgent))


def recorder(paper: Paper) -> Recorder:
    return Recorder(paper, Engine({"ups-1": rules_for("ups-1", Kind.UPS)}), {"ups-1": "ups"}, FakeClock())


def outcome(result: PollResult, poll: Poll = Poll.WHOLE) -> Outcome:
    return Outcome("ups-1", poll, result, 30.0)


def test_readings_come_first_then_texts_then_the_conditions_they_raise_at_once() -> None:
    paper = Paper()
    recorder(paper).take(outcome(ON_BATTERY))
    assert [(type(payload), kind, device, urgent) for payload, kind, device, urgent in paper.lines] == [
        (Readings, "ups", "ups-1", False),
        (Facts, "ups", "ups-1", False),
        (Condition, "ups", "ups-1", True),
    ]


def test_an_answer_that_cannot_be_written_does_not_cost_the_condition() -> None:
    paper = Paper()
    paper.refuse = Readings
    recorder(paper).take(outcome(ON_BATTERY))
    conditions = [payload for payload, *_ in paper.lines if isinstance(payload, Condition)]
    assert [each.state for each in conditions] == [ConditionState.RAISED]


def test_the_log_has_the_detail_once_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    taker = recorder(Paper())
    closed = unreachable(ReasonCode.PORT_CLOSED, "udp 10.0.0.1:161: refused")
    for result in (ON_BATTERY, closed, closed, ON_BATTERY, ON_BATTERY):
        taker.take(outcome(result))
    assert [record.getMessage() for record in caplog.records] == [
        "ups-1: no answer, port_closed: udp 10.0.0.1:161: refused",
        "ups-1: read without fault again",
    ]


def test_good_vital_polls_do_not_make_the_log_flutter_while_whole_polls_are_partial(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    taker = recorder(Paper())
    for _ in range(5):
        taker.take(outcome(PARTLY))
        taker.take(outcome(ON_BATTERY, Poll.VITAL))
    assert [record.getMessage() for record in caplog.records] == ["ups-1: partly read, partial_answer: no table 3"]
