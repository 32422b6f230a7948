"""Which positions the district has, which are lost for good, and so which are missing: the arithmetic of replication.

Invariants: what is *held* is in the store, durable; *lost* was named by the ward or proved useless; the two and what
is *missing* together are exactly what a ward says it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from store.base import Store
from telemetry.intervals import IntervalSet

MOST_INCARNATIONS = 20_000  # of one ward: an agent that starts every half hour for a year
MOST_INTERVALS = 50_000  # held of one incarnation; a line that loses every second message for days makes fewer


@dataclass(slots=True)
class Incarnation:
    """One incarnation of one ward's journal. `first`..`head` is what the ward says that its journal holds."""

    id: bytes
    held: IntervalSet
    lost: IntervalSet = field(default_factory=IntervalSet)
    first: int = 1
    head: int = 0

    def bounds(self) -> tuple[int, int]:
        """The first and last position that is held; (1, 0) where nothing is."""
        ranges = list(self.held)
        return (ranges[0][0], ranges[-1][1]) if ranges else (1, 0)

    def missing(self) -> Iterator[tuple[int, int]]:
        """The holes that may still be filled, in order."""
        for first, last in self.held.missing(self.first, self.head):
            yield from self.lost.missing(first, last)

    def given_up(self, first: int, head: int) -> list[tuple[int, int]]:
        """The ward says that it holds first..head and nothing else (head 0: nothing at all). Remember it; return the
        holes among what is held here, or was told of before, that it can therefore never fill."""
        known_first, known_head = self.first, self.head
        self.first = first
        self.head = max(head, known_head)
        lowest, highest = self.bounds()
        below = min(first - 1, highest)
        if not head:  # of what it once held uncommitted nothing goes by age: the end is lost, too
            below = max(highest, known_head)
            lowest = lowest if self.held else known_first
        return [hole for gap in self.held.missing(lowest, below) for hole in self.lost.missing(*gap)]

    def lost_count(self) -> int:
        """Lost entries that did not turn up after all."""
        return sum(b - a + 1 for first, last in self.lost for a, b in self.held.missing(first, last))


class Holdings:
    """All incarnations of all wards. Used by the ingest's thread only."""

    def __init__(self, store: Store, losses: Mapping[tuple[str, bytes], IntervalSet]) -> None:
        self._store = store
        self._wards: dict[str, dict[bytes, Incarnation]] = {}
        for ward in store.wards():
            for incarnation in store.incarnations(ward):
                found = self.of(ward, incarnation)
                # Gaps in what came before this start are asked for again; the ward's status will say more.
                found.first, found.head = found.bounds()
        for (ward, incarnation), lost in losses.items():
            self.of(ward, incarnation).lost.update(lost)

    def reload(self) -> None:
        """Read again what the store holds: after a failure, when it is not known what became of a commit."""
        for ward, known in self._wards.items():
            for incarnation in known.values():
                incarnation.held = self._store.positions(ward, incarnation.id)

    def of(self, ward: str, incarnation: bytes) -> Incarnation:
        """What is known of it; an unknown one begins empty."""
        known = self._wards.setdefault(ward, {})
        if incarnation not in known:
            known[incarnation] = Incarnation(incarnation, self._store.positions(ward, incarnation))
        return known[incarnation]

    def knows(self, ward: str, incarnation: bytes) -> bool:
        return incarnation in self._wards.get(ward, {})

    def is_too_many(self, ward: str, incarnation: bytes) -> bool:
        """Whether this would be one more incarnation than a ward may have."""
        return not self.knows(ward, incarnation) and len(self._wards.get(ward, {})) >= MOST_INCARNATIONS

    def ward(self, ward: str) -> list[Incarnation]:
        """A ward's incarnations in the order in which the district met them."""
        return list(self._wards.get(ward, {}).values())

    def missing_count(self, ward: str) -> int:
        return sum(last - first + 1 for each in self.ward(ward) for first, last in each.missing())

    def lost_count(self, ward: str) -> int:
        return sum(each.lost_count() for each in self.ward(ward))
