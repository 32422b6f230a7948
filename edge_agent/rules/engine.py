"""Applies the rules to what the polls bring: conditions are raised, changed and cleared, each once.

A device that does not answer leaves its other conditions as they are: what is not known has not cleared.
A rule that counts in opening hours only (`only_when_open`) raises nothing outside them; what it had open clears at
closing time, with that as the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from edge_agent.opening_hours import ALWAYS, OpeningHours
from edge_agent.rules.model import Clause, InstanceOf, Rule
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.readings import REACHABLE, PollResult, Reason, ReasonCode

POLLS_UNTIL_GONE = 3  # an instance missing from so many whole polls in a row is no more (a cartridge was taken out)


class Moment(NamedTuple):
    """When a poll was: wall time in µs for people, monotonic seconds for holds. `hour_known` is False while the wall
    clock is known to be wrong."""

    wall_us: int
    monotonic: float
    hour_known: bool = True


class Seen(NamedTuple):
    """An instance that was good at some time; what `only_after_good` rules remember over a restart."""

    device: str
    rule: str
    instance: str


Key = tuple[str, str]  # rule, instance


@dataclass(slots=True)
class _State:
    """What is known of one rule on one instance."""

    rule: Rule
    source: tuple[str, str]  # metric and instance of the reading that brought it here
    held: list[bool]  # by clause
    since: Moment | None = None  # when the cause was first seen
    observations: int = 0
    good_since: float | None = None  # monotonic; while it is raised, but good again
    absent: int = 0
    seen_good: bool = False
    waits: bool = False  # it is bad, and will count once the office is open
    raised: Condition | None = None

    @property
    def settled(self) -> bool:
        """Whether the same readings again would change nothing."""
        return self.raised is None and self.since is None and not self.waits


@dataclass(frozen=True, slots=True)
class _Verdict:
    severity: Severity
    value: float
    threshold: float


@dataclass(slots=True)
class DeviceRules:
    """The rules of one device and where each of them stands."""

    device: str
    rules: Sequence[Rule]
    hours: OpeningHours = ALWAYS
    _by_metric: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    _values: dict[tuple[str, str], float] = field(default_factory=dict)
    _states: dict[Key, _State] = field(default_factory=dict)
    _unsettled: set[Key] = field(default_factory=set)

    def __post_init__(self) -> None:
        for rule in self.rules:
            for metric in sorted(_metrics_of(rule)):
                self._by_metric[metric] = (*self._by_metric.get(metric, ()), rule)

    def observe(self, result: PollResult, now: Moment, *, vital: bool = False) -> list[Condition]:
        """What one poll changes; empty nearly always."""
        touched: dict[Key, _State] = {}
        self._touch(REACHABLE, 1.0 if result.reachable else 0.0, "", touched)
        by_metric = self._by_metric
        for metric, value, instance in result.readings:
            if metric in by_metric:
                self._touch(metric, value, instance, touched)
        reason = None if result.reachable else result.reason
        found = [condition for key, state in touched.items() for condition in self._judge(key, state, now, reason)]
        if result.reachable and result.reason is None and not vital and self._unsettled:
            found += self._clear_what_is_gone(touched, now)
        return found

    def restore(self, condition: Condition) -> bool:
        """Take over a condition that was open at the last stop. False when no rule of this device is its own now."""
        rule = next((rule for rule in self.rules if rule.id == condition.rule), None)
        if rule is None:
            return False
        state = _State(rule, _source_of(rule, condition.instance), [False] * len(rule.clauses))
        state.held = [clause.severity <= condition.severity for clause in rule.clauses]
        state.raised, state.seen_good = condition, True
        state.since = Moment(condition.since_us, 0.0)
        key = (rule.id, condition.instance)
        self._states[key] = state
        self._unsettled.add(key)
        return True

    def remember_good(self, rule_id: str, instance: str) -> None:
        """This instance was good before the last stop."""
        rule = next((rule for rule in self.rules if rule.id == rule_id), None)
        if rule is not None:
            key = (rule_id, instance)
            state = self._states.get(key) or _State(rule, _source_of(rule, instance), [False] * len(rule.clauses))
            state.seen_good = True
            self._states[key] = state

    def open(self) -> list[Condition]:
        """The conditions that are raised now."""
        return [state.raised for state in self._states.values() if state.raised is not None]

    def seen_good(self) -> list[Seen]:
        """The instances that rules with `only_after_good` have seen good."""
        return [
            Seen(self.device, rule, instance)
            for (rule, instance), state in self._states.items()
            if state.rule.only_after_good and state.seen_good
        ]

    # ---- one reading ---------------------------------------------------------------------------------------------

    def _touch(self, metric: str, value: float, instance: str, touched: dict[Key, _State]) -> None:
        source = (metric, instance)
        if not self._unsettled and self._values.get(source) == value:
            return
        self._values[source] = value
        for rule in self._by_metric.get(metric, ()):
            key = (rule.id, _instance(rule, metric, instance))
            if key not in touched:
                state = self._states.get(key)
                if state is None:
                    state = self._states[key] = _State(rule, source, [False] * len(rule.clauses))
                touched[key] = state

    def _judge(self, key: Key, state: _State, now: Moment, reason: Reason | None) -> list[Condition]:
        verdict = self._verdict(key[1], state)
        state.absent = 0
        state.waits = verdict is not None and not self._counts(state, now)
        if verdict is None:
            found = self._good(key, state, now)
        elif state.waits:
            found = self._excused(state)
        else:
            found = self._bad(key, state, now, verdict, reason)
        if state.settled:
            self._unsettled.discard(key)
        else:
            self._unsettled.add(key)
        return found

    def _verdict(self, instance: str, state: _State) -> _Verdict | None:
        """The worst clause that holds now; None when all is well."""
        worst: _Verdict | None = None
        for number, clause in enumerate(state.rule.clauses):
            value = self._value_for(clause, instance, state)
            if value is None:
                continue  # this clause's reading has not come: it stays as it was, and can raise nothing
            if not clause.beyond(value):
                state.seen_good = True
            holds = clause.holds(value, state.held[number]) and self._while(clause, instance)
            state.held[number] = holds
            if holds and (worst is None or clause.severity > worst.severity):
                worst = _Verdict(clause.severity, value, clause.threshold)
        return worst

    def _value_for(self, clause: Clause, instance: str, state: _State) -> float | None:
        if state.rule.instance is InstanceOf.METRIC:
            return self._values.get(state.source)
        return next(
            (self._values[metric, instance] for metric in clause.metrics if (metric, instance) in self._values), None
        )

    def _while(self, clause: Clause, instance: str) -> bool:
        """Whether the other readings are as this clause needs them."""
        if clause.unless_metric and self._other(clause.unless_metric, instance) == clause.unless_value:
            return False
        return not clause.while_metric or self._other(clause.while_metric, instance) == clause.while_value

    def _other(self, metric: str, instance: str) -> float | None:
        return self._values.get((metric, instance), self._values.get((metric, "")))

    def _counts(self, state: _State, now: Moment) -> bool:
        """Whether the rule applies at this hour. Machines are given some minutes to start when the office opens.
        While nobody knows the hour, what is open stays open and nothing is raised."""
        rule = state.rule
        if not rule.only_when_open:
            return True
        if not now.hour_known:
            return state.raised is not None
        open_seconds = self.hours.open_seconds(now.wall_us)
        return open_seconds is not None and open_seconds >= rule.opening_grace_seconds

    # ---- from good to bad and back -------------------------------------------------------------------------------

    def _bad(self, key: Key, state: _State, now: Moment, verdict: _Verdict, reason: Reason | None) -> list[Condition]:
        rule, before = state.rule, state.raised
        state.good_since = None
        if rule.only_after_good and not state.seen_good:
            return []
        since = state.since = state.since or now
        state.observations += 1
        if before is None:
            lasted = now.monotonic - since.monotonic
            if state.observations < rule.hold_observations or lasted < rule.hold_seconds:
                return []
        elif before.severity == verdict.severity and _code(before.reason) == _code(reason):
            return []
        change = ConditionState.RAISED if before is None else ConditionState.CHANGED
        state.raised = Condition(
            *(self.device, rule.id, key[1], change, verdict.severity, since.wall_us),
            value=verdict.value,
            threshold=verdict.threshold,
            reason=reason,
        )
        return [state.raised]

    def _good(self, key: Key, state: _State, now: Moment) -> list[Condition]:
        if state.raised is None:
            state.since, state.observations = None, 0
            return []
        if state.good_since is None:
            state.good_since = now.monotonic
        if now.monotonic - state.good_since < state.rule.clear_hold_seconds:
            return []
        return [self._cleared(state, self._values.get(state.source))]

    def _excused(self, state: _State) -> list[Condition]:
        """Bad, at an hour at which that is no condition."""
        state.since, state.observations = None, 0
        if state.raised is None:
            return []
        cleared = self._cleared(state, self._values.get(state.source))
        return [replace(cleared, reason=Reason(ReasonCode.OUTSIDE_HOURS))]

    def _cleared(self, state: _State, value: float | None) -> Condition:
        assert state.raised is not None
        cleared = _as_cleared(state.raised, value)
        state.raised, state.since, state.good_since = None, None, None
        state.observations, state.absent = 0, 0
        state.held = [False] * len(state.held)
        return cleared

    def _clear_what_is_gone(self, touched: Mapping[Key, _State], now: Moment) -> list[Condition]:
        found = []
        for key in sorted(self._unsettled - touched.keys()):
            state = self._states[key]
            if state.rule.kept_while_unknown and state.raised is not None:
                continue
            state.absent += 1
            if state.absent >= POLLS_UNTIL_GONE:
                if state.raised is not None:
                    found.append(self._cleared(state, None))
                del self._states[key]
                self._unsettled.discard(key)
                self._values.pop(state.source, None)
        return found


class Engine:
    """The rules of all devices of a ward."""

    def __init__(self, rules_by_device: Mapping[str, Sequence[Rule]], hours: OpeningHours = ALWAYS) -> None:
        self._devices = {device: DeviceRules(device, rules, hours) for device, rules in rules_by_device.items()}

    def observe(self, device: str, result: PollResult, now: Moment, *, vital: bool = False) -> list[Condition]:
        """What one poll of one device changes."""
        return self._devices[device].observe(result, now, vital=vital)

    def restore(self, conditions: Iterable[Condition], seen_good: Iterable[Seen] = ()) -> list[Condition]:
        """Take over what was open at the last stop. Returns the clearings of those that no rule judges any more."""
        orphans = []
        for condition in conditions:
            rules = self._devices.get(condition.device)
            if rules is None or not rules.restore(condition):
                orphans.append(_as_cleared(condition, None))
        for device, rule, instance in seen_good:
            if device in self._devices:
                self._devices[device].remember_good(rule, instance)
        return orphans

    def open(self) -> list[Condition]:
        return [condition for device in self._devices.values() for condition in device.open()]

    def seen_good(self) -> list[Seen]:
        return [seen for device in self._devices.values() for seen in device.seen_good()]


def _as_cleared(condition: Condition, value: float | None) -> Condition:
    return replace(condition, state=ConditionState.CLEARED, value=value)


def _metrics_of(rule: Rule) -> set[str]:
    judged = {metric for clause in rule.clauses for metric in clause.metrics}
    if rule.instance is InstanceOf.METRIC:
        return judged
    others = {metric for clause in rule.clauses for metric in (clause.while_metric, clause.unless_metric)}
    return (judged | others) - {""}


def _instance(rule: Rule, metric: str, instance: str) -> str:
    if rule.instance is InstanceOf.READING:
        return instance
    return f"{metric}/{instance}" if instance else metric


def _source_of(rule: Rule, instance: str) -> tuple[str, str]:
    if rule.instance is InstanceOf.READING:
        return (rule.clauses[0].metrics[0], instance)
    metric, _, rest = instance.partition("/")
    return (metric, rest)


def _code(reason: Reason | None) -> str:
    return "" if reason is None else reason.code
