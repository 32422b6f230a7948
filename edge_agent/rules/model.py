"""What a rule is, and the rules as one ward has configured them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

from telemetry.conditions import Severity
from telemetry.kinds import Kind

_SEVERITIES = {severity.name.lower(): severity for severity in Severity}


class Compare(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class InstanceOf(StrEnum):
    """What tells several conditions of one rule on one device apart."""

    READING = "reading"  # the reading's instance; "" where the device has one
    METRIC = "metric"  # the metric's name


@dataclass(frozen=True, slots=True)
class Clause:
    """One threshold of a rule, with hysteresis: bad from `threshold` on, good again from `clear` on.

    Where `clear` is None, any value on the good side of the threshold is good.
    """

    name: str
    metrics: tuple[str, ...]
    compare: Compare
    threshold: float
    clear: float | None
    severity: Severity
    while_metric: str = ""
    while_value: float = 0.0
    unless_metric: str = ""
    unless_value: float = 0.0

    def holds(self, value: float, held_before: bool) -> bool:
        """Whether `value` is bad, given that the one before was (hysteresis)."""
        if held_before and self.clear is not None:
            return value < self.clear if self.compare is Compare.AT_MOST else value > self.clear
        return self.beyond(value)

    def beyond(self, value: float) -> bool:
        """Whether `value` is at the threshold or past it."""
        return value <= self.threshold if self.compare is Compare.AT_MOST else value >= self.threshold


@dataclass(frozen=True, slots=True)
class Rule:
    """When a condition is raised and cleared (rules.toml says what each field means)."""

    id: str
    clauses: tuple[Clause, ...]
    kinds: frozenset[Kind] = frozenset()  # empty: all
    instance: InstanceOf = InstanceOf.READING
    hold_seconds: float = 0.0
    hold_observations: int = 1
    clear_hold_seconds: float = 0.0
    only_after_good: bool = False
    only_when_open: bool = False
    opening_grace_seconds: float = 0.0
    kept_while_unknown: bool = False

    def judges(self, kind: Kind) -> bool:
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Override:
    """What a ward's configuration changes of one rule: for one device, or for all (`device` empty).

    None leaves what the rule says. `when` names the clause that threshold, clear and severity are for; empty is the
    first, with those that share its readings and threshold.
    """

    rule: str
    device: str = ""
    when: str = ""
    enabled: bool | None = None
    threshold: float | None = None
    clear: float | None = None
    hold_seconds: float | None = None
    clear_hold_seconds: float | None = None
    severity: Severity | None = None
    only_when_open: bool | None = None


@lru_cache(maxsize=1)
def standard_rules() -> tuple[Rule, ...]:
    """The rules as the house has them."""
    text = resources.files("edge_agent.rules").joinpath("rules.toml").read_text(encoding="utf-8")
    return tuple(_rule(table) for table in tomllib.loads(text)["rule"])


def rules_for(device: str, kind: Kind, overrides: Sequence[Override] = ()) -> tuple[Rule, ...]:
    """The rules that judge one device; overrides for this device come after those for all."""
    mine = [change for change in overrides if not change.device]
    mine += [change for change in overrides if change.device == device]
    found = []
    for rule in standard_rules():
        changes = [change for change in mine if change.rule == rule.id]
        if rule.judges(kind) and _enabled(changes):
            found.append(_changed(rule, changes))
    return tuple(found)


def severity_of(name: str) -> Severity:
    """ "attention" → Severity.ATTENTION. Raises KeyError."""
    return _SEVERITIES[name]


def _enabled(changes: Iterable[Override]) -> bool:
    said = [change.enabled for change in changes if change.enabled is not None]
    return said[-1] if said else True


def _changed(rule: Rule, changes: Iterable[Override]) -> Rule:
    for change in changes:
        meant = _meant(rule, change)
        clauses = tuple(_changed_clause(clause, change) if clause.name in meant else clause for clause in rule.clauses)
        rule = replace(rule, clauses=clauses)
        if change.hold_seconds is not None:
            rule = replace(rule, hold_seconds=change.hold_seconds)
        if change.clear_hold_seconds is not None:
            rule = replace(rule, clear_hold_seconds=change.clear_hold_seconds)
        if change.only_when_open is not None:
            rule = replace(rule, only_when_open=change.only_when_open)
    return rule


def _meant(rule: Rule, change: Override) -> set[str]:
    if change.when:
        return {change.when}
    first = rule.clauses[0]
    twins = ((clause.metrics, clause.threshold) == (first.metrics, first.threshold) for clause in rule.clauses)
    return {clause.name for clause, twin in zip(rule.clauses, twins, strict=True) if twin}


def _changed_clause(clause: Clause, change: Override) -> Clause:
    severity = clause.severity if change.severity is None else change.severity
    if change.threshold is None:
        return replace(clause, severity=severity, clear=clause.clear if change.clear is None else change.clear)
    clear = change.clear
    if clear is None and clause.clear is not None:
        clear = change.threshold + (clause.clear - clause.threshold)  # the band keeps its width
    return replace(clause, severity=severity, threshold=change.threshold, clear=clear)


def _rule(table: Mapping[str, Any]) -> Rule:
    return Rule(
        id=table["id"],
        clauses=tuple(_clause(clause) for clause in table["when"]),
        kinds=frozenset(Kind(kind) for kind in table.get("kinds", ())),
        instance=InstanceOf(table.get("instance", InstanceOf.READING)),
        hold_seconds=float(table.get("hold_seconds", 0)),
        hold_observations=int(table.get("hold_observations", 1)),
        clear_hold_seconds=float(table.get("clear_hold_seconds", 0)),
        only_after_good=bool(table.get("only_after_good", False)),
        only_when_open=bool(table.get("only_when_open", False)),
        opening_grace_seconds=float(table.get("opening_grace_seconds", 0)),
        kept_while_unknown=bool(table.get("kept_while_unknown", False)),
    )


def _clause(table: Mapping[str, Any]) -> Clause:
    compare = next(compare for compare in Compare if compare in table)
    return Clause(
        name=table.get("name", table["metrics"][0]),
        metrics=tuple(table["metrics"]),
        compare=compare,
        threshold=float(table[compare]),
        clear=float(table["clear"]) if "clear" in table else None,
        severity=severity_of(table["severity"]),
        while_metric=table.get("while_metric", ""),
        while_value=float(table.get("while_value", 0)),
        unless_metric=table.get("unless_metric", ""),
        unless_value=float(table.get("unless_value", 0)),
    )
