"""What is promised of a file, and what was found when it was checked: the same for journals and stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields

_MOST_VIOLATIONS = 20  # of each invariant are told in words; all are counted


@dataclass(slots=True)
class Invariant:
    """One promise: how often it could be checked, how often it was broken, and where (the first few)."""

    name: str
    checked: int = 0
    broken: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.broken == 0

    def check(self, holds: bool, words: Callable[[], str]) -> None:
        """`words` are made only where it is broken."""
        if holds:
            self.checked += 1
        else:
            self.refute(words())

    def refute(self, words: str) -> None:
        self.checked += 1
        self.broken += 1
        if len(self.violations) < _MOST_VIOLATIONS:
            self.violations.append(words)


@dataclass(slots=True)
class Report:
    """What was found in the file at `path`. A room's own adds what it counted, each a number."""

    path: str
    invariants: dict[str, Invariant]

    @property
    def ok(self) -> bool:
        return all(invariant.ok for invariant in self.invariants.values())

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        counted = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in Report.__slots__}
        told = [{**asdict(item), "ok": item.ok} for item in self.invariants.values()]
        return {"path": self.path, "ok": self.ok, **counted, "invariants": told}
