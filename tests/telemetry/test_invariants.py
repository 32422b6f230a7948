"""Invariants count what was checked and broken; a report tells a file's own numbers beside them."""

from __future__ import annotations

from dataclasses import dataclass

from telemetry import invariants
from telemetry.invariants import Invariant


@dataclass(slots=True)
class Report(invariants.Report):
    entries: int = 0
    wards: int = 0


def test_all_are_counted_and_the_first_twenty_told() -> None:
    rule = Invariant("X1")
    rule.check(True, lambda: 1 / 0)  # type: ignore[arg-type,return-value]  # words are for what is broken
    assert rule.ok
    for number in range(25):
        rule.check(False, lambda number=number: f"place {number}")  # type: ignore[misc]
    assert (rule.checked, rule.broken, rule.ok) == (26, 25, False)
    assert rule.violations == [f"place {number}" for number in range(20)]


def test_a_report_is_good_when_all_its_invariants_are_and_tells_its_numbers() -> None:
    report = Report("a file", {name: Invariant(name) for name in ("X1", "X2")}, entries=3)
    assert report.ok
    report.invariants["X2"].refute("there")
    assert not report.ok
    told = report.as_dict()
    assert list(told) == ["path", "ok", "entries", "wards", "invariants"]
    assert (told["path"], told["ok"], told["entries"], told["wards"]) == ("a file", False, 3, 0)
    assert told["invariants"] == [
        {"name": "X1", "checked": 0, "broken": 0, "violations": [], "ok": True},
        {"name": "X2", "checked": 1, "broken": 1, "violations": ["there"], "ok": False},
    ]
