"""Rules as cases: polls by their second, and what each of them should raise, change or clear."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.rules.engine import DeviceRules, Moment
from edge_agent.rules.model import Override, rules_for
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.kinds import Kind
from telemetry.readings import PollResult, Reading, Reason, ReasonCode, unreachable

WALL = 1_790_000_000_000_000
LOST = unreachable(ReasonCode.NO_ANSWER)
CLOSED = unreachable(ReasonCode.PORT_CLOSED)
RAISED, CHANGED, CLEARED = ConditionState.RAISED, ConditionState.CHANGED, ConditionState.CLEARED


def at(seconds: float) -> Moment:
    return Moment(WALL + round(seconds * 1e6), 1000 + seconds)


def poll(**values: float) -> PollResult:
    return PollResult(True, tuple(Reading(metric, value) for metric, value in values.items()))


def ports(**up: tuple[int, int]) -> PollResult:
    """ports(p1=(enabled, up))"""
    found = [Reading("port_enabled", float(enabled), name) for name, (enabled, _) in up.items()]
    return PollResult(True, (*found, *(Reading("port_up", float(state), name) for name, (_, state) in up.items())))


def wan(up: int) -> PollResult:
    """A router's WAN port, enabled."""
    readings = [("port_enabled", 1), ("port_up", up), ("wan_port_up", up)]
    return PollResult(True, tuple(Reading(metric, float(value), "wan1") for metric, value in readings))


CUT = PollResult(
    False, (Reading("line_up", 0), Reading("packet_loss_percent", 100)), reason=Reason(ReasonCode.NO_ANSWER)
)


def instances(metric: str, **values: float) -> PollResult:
    """instances("tray_percent", a=40)"""
    return PollResult(True, tuple(Reading(metric, value, name) for name, value in values.items()))


def judge(kind: Kind, *overrides: Override) -> DeviceRules:
    return DeviceRules("d", rules_for("d", kind, overrides))


def short(conditions: list[Condition]) -> str:
    """ "+ups_on_battery!" : raised (+), changed (~) or cleared (-); a failure (!), attention (?)."""
    signs = {RAISED: "+", CHANGED: "~", CLEARED: "-"}
    marks = {Severity.FAILURE: "!", Severity.ATTENTION: "?", Severity.INFO: "."}
    return " ".join(
        f"{signs[each.state]}{each.rule}{'/' + each.instance if each.instance else ''}{marks[each.severity]}"
        for each in conditions
    )


@dataclass(frozen=True)
class Case:
    """Polls by their second, and what each should bring."""

    name: str
    kind: Kind
    steps: list[tuple[float, PollResult, str]]
