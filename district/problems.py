"""What is wrong with district.toml: each problem with its line, what was given and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `where` names the table ("[broker]"); `allowed` is what would have been right."""

    line: int
    where: str
    text: str
    allowed: Sequence[str] = ()
    suggestion: str = ""

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.text}" if self.where else self.text]
        if self.suggestion:
            parts.append(f"did you mean {self.suggestion!r}?")
        if self.allowed:
            parts.append(f"allowed: {', '.join(self.allowed)}")
        return "; ".join(parts)


class ConfigurationError(Exception):
    """A configuration that cannot be used; everything that is wrong with it, in the order of its lines."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line for each problem: `district.toml:12: …`."""
        return [f"{self.path}:{problem.line}: {problem}" for problem in self.problems]


def nearest(given: str, allowed: Iterable[str]) -> str:
    """What was probably meant; empty where nothing is near."""
    found = difflib.get_close_matches(given, list(allowed), n=1, cutoff=0.6)
    return found[0] if found else ""
