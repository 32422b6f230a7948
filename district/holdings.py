"""Which positions the district has, which are lost for good, and so which are missing: the arithmetic of replication.

Invariants: what is *held* is in the store, durable; *lost* was named by the ward or proved useless; the two and what
is *missing* together are exactly what a ward says it has. What was lost only because the ward did not have it is
missing once more when the ward comes to say that it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from district.records import NOT_HELD
from store.base import Store
from telemetry.intervals import IntervalSet

MOST_INCARNATIONS = 20_000  # of one ward: an agent that starts every half hour for a year
MOST_INTERVALS = 50_000  # held of one incarnation; a line that loses every second message for days makes fewer
MOST_LOST_INTERVALS = 50_000  # lost of one incarnation, likewise
MOST_NAMED = 200_000  # stretches of one ward that were named as lost: each is a row in the hub's tables

Losses = Mapping[tuple[str, bytes], IntervalSet]
NONE: Losses = {}


@dataclass(slots=True)
class Incarnation:
    """One incarnation of one ward's journal. `first`..`head` is what the ward says that its journal holds. `final`: of
    the lost, what a tombstone names or was of no use. `told`: where the ward's newest words, in this run of the hub,
    say that it holds something."""

    id: bytes
    held: IntervalSet
    lost: IntervalSet = field(default_factory=IntervalSet)
    final: IntervalSet = field(default_factory=IntervalSet)
    told: IntervalSet = field(default_factory=IntervalSet)
    first: int = 1
    head: int = 0

    def bounds(self) -> tuple[int, int]:
        """The first and last position that is held; (1, 0) where nothing is."""
        return self.held.bounds() or (1, 0)

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
        ranges = [self.bounds(), *self.told] if self.held else list(self.told)
        lowest = min((start for start, _ in ranges), default=known_first)
        highest = max((end for _, end in ranges), default=0)
        below = min(first - 1, highest)
        if not head:  # of what it once held uncommitted nothing goes by age: the end is lost, too
            below = max(highest, known_head)
        return [hole for gap in self.held.missing(lowest, below) for hole in self.lost.missing(*gap)]

    def tells(self, first: int, last: int, *, alone: bool) -> IntervalSet:
        """The ward says that it holds first..last (1..0: nothing); if not `alone`, another agent may hold something
        else. The result is what it did not tell of a moment ago."""
        news = IntervalSet(self.told.missing(first, last))
        if alone:
            self.told = IntervalSet()
        if first <= last:
            self.told.add(first, last)
        return news

    def found(self, positions: IntervalSet) -> list[tuple[int, int]]:
        """These are held by the ward, or came. Where anything among them had been lost for want of it, it is no more:
        the result is `positions` then, else nothing."""
        if not (positions and self.lost):
            return []
        kept = IntervalSet(left for each in positions for left in self.lost.missing(*each))
        found = positions.without(kept).without(self.final)
        if not found:
            return []
        self.lost = self.lost.without(found)
        return list(positions)

    def lost_count(self) -> int:
        """Lost entries that did not turn up after all."""
        return sum(b - a + 1 for first, last in self.lost for a, b in self.held.missing(first, last))


@dataclass(slots=True)
class _Ward:
    """All incarnations of a ward, in the order in which the district met them; and some of them apart, so that nothing
    that is done often costs in proportion to all. `open`: those of which a status that does not name them still tells
    something. `touched`: those that may have changed since they were counted. `holes`: those that miss something."""

    known: dict[bytes, Incarnation] = field(default_factory=dict)
    open: dict[bytes, Incarnation] = field(default_factory=dict)
    touched: dict[bytes, Incarnation] = field(default_factory=dict)
    holes: dict[bytes, Incarnation] = field(default_factory=dict)
    counts: dict[bytes, tuple[int, int]] = field(default_factory=dict)  # missing, lost
    missing: int = 0
    lost: int = 0
    named: int = 0  # stretches, since the hub's start or known then

    def count(self) -> None:
        """Bring the counts up to date."""
        touched, self.touched = self.touched, {}
        for id, each in touched.items():
            before = self.counts.get(id, (0, 0))
            missing, lost = sum(last - first + 1 for first, last in each.missing()), each.lost_count()
            self.missing, self.lost = self.missing + missing - before[0], self.lost + lost - before[1]
            self.counts[id] = (missing, lost)
            if missing:
                self.holes[id] = each
            else:
                self.holes.pop(id, None)


class Holdings:
    """All incarnations of all wards. Used by the ingest's thread only."""

    def __init__(self, store: Store, losses: Losses, final: Losses = NONE) -> None:
        """`losses`: all that are known by ward and incarnation; `final`: those whose reason is not `not_held`."""
        self._store = store
        self._wards: dict[str, _Ward] = {}
        for ward in store.wards():
            for incarnation in store.incarnations(ward):
                found = self.of(ward, incarnation)
                found.held = store.positions(ward, incarnation)
                # Gaps in what came before this start are asked for again; the ward's status will say more.
                found.first, found.head = found.bounds()
        for (ward, incarnation), lost in losses.items():
            if not self.is_too_many(ward, incarnation):
                self.of(ward, incarnation).lost.update(lost)
                self._wards[ward].named += lost.intervals
        for (ward, incarnation), lost in final.items():
            if self.knows(ward, incarnation):
                self.of(ward, incarnation).final.update(lost)

    def reload(self) -> None:
        """Read again what the store holds: after a failure, when it is not known what became of a commit."""
        for ward, state in self._wards.items():
            for incarnation in list(state.known):
                known = self.of(ward, incarnation)
                known.held = self._store.positions(ward, incarnation)
                known.told = IntervalSet()  # what was lost, came after all and is gone again may be had once more

    def of(self, ward: str, incarnation: bytes) -> Incarnation:
        """What is known of it, to be changed; an unknown one begins empty."""
        state = self._wards.setdefault(ward, _Ward())
        found = state.known.get(incarnation)
        if found is None:  # all that the store holds were read at the start
            found = state.known[incarnation] = Incarnation(incarnation, IntervalSet())
        state.open[incarnation] = state.touched[incarnation] = found
        return found

    def room(self, ward: str, incarnation: bytes) -> int:
        """How many more stretches of it may be named as lost."""
        state = self._wards.get(ward)
        if state is None or self.is_too_many(ward, incarnation):
            return 0 if state else MOST_LOST_INTERVALS
        known = state.known.get(incarnation)
        intervals = known.lost.intervals if known else 0
        return max(min(MOST_LOST_INTERVALS - intervals, MOST_NAMED - state.named), 0)

    def found(self, ward: str, incarnation: bytes, positions: IntervalSet) -> list[tuple[int, int]]:
        """As Incarnation.found."""
        known = self.of(ward, incarnation)
        before = known.lost.intervals
        where = known.found(positions)
        self._wards[ward].named = max(self._wards[ward].named + known.lost.intervals - before, 0)
        return where

    def lose(self, ward: str, incarnation: bytes, first: int, last: int, why: str) -> bool:
        """This will never come, unless the ward is found to have it. False where that was known."""
        known = self.of(ward, incarnation)
        lost = known.lost
        if why != NOT_HELD:
            known.final.add(first, last)
        if not any(lost.missing(first, last)):
            return False
        lost.add(first, last)
        self._wards[ward].named += 1
        return True

    def open(self, ward: str) -> list[Incarnation]:
        """Those of which a status that does not name them tells something: that the ward holds them no more."""
        state = self._wards.get(ward)
        return list(state.open.values()) if state else []

    def close(self, ward: str, incarnation: bytes) -> None:
        """The ward holds it no more, and what follows from that was done. `of` opens it again."""
        self._wards[ward].open.pop(incarnation, None)

    def knows(self, ward: str, incarnation: bytes) -> bool:
        return ward in self._wards and incarnation in self._wards[ward].known

    def is_too_many(self, ward: str, incarnation: bytes) -> bool:
        """Whether this would be one more incarnation than a ward may have."""
        return ward in self._wards and (
            len(self._wards[ward].known) >= MOST_INCARNATIONS and incarnation not in self._wards[ward].known
        )

    def ward(self, ward: str) -> list[Incarnation]:
        """A ward's incarnations in the order in which the district met them."""
        return list(self._wards[ward].known.values()) if ward in self._wards else []

    def with_holes(self, ward: str) -> list[Incarnation]:
        """Those of which something is missing."""
        return list(self._counted(ward).holes.values())

    def missing_count(self, ward: str) -> int:
        return self._counted(ward).missing

    def lost_count(self, ward: str) -> int:
        return self._counted(ward).lost

    def _counted(self, ward: str) -> _Ward:
        state = self._wards.get(ward, _Ward())
        state.count()
        return state
