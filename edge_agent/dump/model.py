"""What a dump is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Told = Callable[[int, str], None]  # (rows so far, what is asked now): progress


@dataclass(frozen=True, slots=True)
class Dump:
    """A fixture: a file's name and text, how many rows it has, how many were left out because they tell too much."""

    name: str
    text: str
    rows: int
    left_out: int = 0
