"""How long a ward takes, once nothing is in its way any more, until the district has all that was durable then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telemetry.intervals import IntervalSet

Heads = Mapping[bytes, int]  # by incarnation: the newest durable position


@dataclass(slots=True)
class _Way:
    """One ward's way to the district."""

    blocks: int = 0
    open_since: float | None = None  # seconds; None: it was never blocked, or it has caught up
    goal: Heads | None = None


@dataclass(slots=True)
class CatchUp:
    """Told when ways are blocked and clear, and now and then what is held. Seconds are any steady clock's."""

    wards: Iterable[str]
    longest: float = 0.0
    measured: int = 0
    _ways: dict[str, _Way] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ways = {ward: _Way() for ward in self.wards}

    def block(self, ward: str) -> None:
        way = self._ways[ward]
        way.blocks += 1
        way.open_since = way.goal = None

    def clear(self, ward: str, now: float) -> None:
        """One thing less in its way."""
        way = self._ways[ward]
        way.blocks -= 1
        if way.blocks == 0:
            way.open_since = now

    def waiting(self) -> list[str]:
        """The wards that are clear and have not caught up."""
        return [ward for ward, way in self._ways.items() if way.open_since is not None]

    def look(self, ward: str, heads: Heads, held: Mapping[bytes, IntervalSet], now: float) -> None:
        """`heads`: what the ward's journal has now."""
        way = self._ways[ward]
        if way.open_since is None:
            return
        way.goal = way.goal or heads
        if all(_has_all(held.get(name), head) for name, head in way.goal.items()):
            self.longest = max(self.longest, now - way.open_since)
            self.measured += 1
            way.open_since = way.goal = None


def has_all(heads: Heads, held: Mapping[bytes, IntervalSet]) -> bool:
    """Whether all of a journal is held."""
    return all(_has_all(held.get(name), head) for name, head in heads.items())


def _has_all(held: IntervalSet | None, head: int) -> bool:
    return head == 0 or (held is not None and not any(held.missing(1, head)))
