"""What a district's store shows of the wards' own chains: checkpoints and starts name each other by hash.

Of entries with readings the store keeps the samples only, so a checkpoint's root can be made again only where all that
it covers is kept whole. Where what is needed to judge is not there (missing, refused, let go of), nothing is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from journal.merkle import Tree
from store.base import Event
from telemetry.entry import Checkpoint, Entry, EntryError, Lifecycle, LifecycleEvent, decode, leaf_hash
from telemetry.intervals import IntervalSet


@dataclass(frozen=True, slots=True)
class Break:
    """A place where an invariant (I3 to I5) is broken; `key` names its words in texts/*.json under "violation"."""

    invariant: str
    key: str
    place: str


Place = tuple[bytes, int]
_NONE = IntervalSet()


def breaks(ward: str, events: Sequence[Event], held: Mapping[bytes, IntervalSet] | None = None) -> Iterator[Break]:
    """Check one ward's events, in any order. `held`: all positions that are held, by incarnation, where no event was
    let go of yet: those without an event are readings then."""
    return _Ward(ward, events, held or {}).breaks()


class _Ward:
    """One ward's events by their place. `seen`: the positions of which it is known whether a checkpoint is there."""

    def __init__(self, ward: str, events: Sequence[Event], held: Mapping[bytes, IntervalSet]) -> None:
        self._ward = ward
        self._leaves: dict[Place, bytes] = {}
        self._points: dict[bytes, dict[int, Checkpoint]] = {}
        self._starts: dict[Place, Lifecycle] = {}
        self._seen = {incarnation: positions.copy() for incarnation, positions in held.items()}
        unreadable: dict[bytes, IntervalSet] = {}
        for event in sorted(events, key=lambda each: (each.incarnation, each.position)):
            incarnation, position = event.incarnation, event.position
            self._leaves[incarnation, position] = leaf_hash(event.entry)
            entry = _entry(event)
            into = self._seen if entry is not None else unreadable  # H2 tells of it
            into.setdefault(incarnation, IntervalSet()).add(position, position)
            payload = entry.payload if entry is not None else None
            if isinstance(payload, Checkpoint):
                self._points.setdefault(incarnation, {})[position] = payload
            elif isinstance(payload, Lifecycle) and payload.event is LifecycleEvent.STARTED:
                self._starts[incarnation, position] = payload
        for incarnation, positions in unreadable.items():
            self._seen[incarnation] = self._seen.get(incarnation, _NONE).without(positions)

    def breaks(self) -> Iterator[Break]:
        for place, started in self._starts.items():
            end = self._leaves.get((started.previous_incarnation, started.previous_position))
            if end is not None and end != started.previous_hash:
                yield self._break("I5", "other_end", place)
        for incarnation, points in self._points.items():
            for before, position in pairwise([0, *points]):
                yield from self._checkpoint((incarnation, position), points[position], before)

    def _checkpoint(self, at: Place, point: Checkpoint, before: int) -> Iterator[Break]:
        """`before`: the newest checkpoint of its incarnation before it that is held, 0 where there is none."""
        incarnation, position = at
        first = point.first_position
        if point.last_position != position - 1 or not max(before, 1) <= first <= point.last_position:
            yield self._break("I3", "bad_coverage", at)
            return
        # One that does not begin an incarnation begins at the checkpoint before it, whose entry it covers.
        if first > 1 and first != before and first in self._seen.get(incarnation, _NONE):
            yield self._break("I3", "no_checkpoint", at)
        elif self._previous(incarnation, first) not in (None, point.previous):
            yield self._break("I3", "other_checkpoint", at)
        root = self._root(incarnation, point)
        if root is not None and root != point.root:
            yield self._break("I4", "other_root", at)

    def _previous(self, incarnation: bytes, first: int) -> bytes | None:
        """What a checkpoint that begins there has to name; None where nobody can say."""
        return self._leaves.get((incarnation, first)) if first > 1 else self._newest_before(incarnation)

    def _newest_before(self, incarnation: bytes) -> bytes | None:
        """The leaf hash of the newest checkpoint that the ward's journal had when this incarnation began (b"": none);
        None where the store does not show which that is."""
        passed = {incarnation}
        while (started := self._starts.get((incarnation, 1))) is not None:
            incarnation, end = started.previous_incarnation, started.previous_position
            if not incarnation:
                return b""  # a new journal, perhaps in the place of a damaged one
            # A journal restored from a copy goes on where the copy ended; what was written after that is not its own.
            newest = max((each for each in self._points.get(incarnation, {}) if each <= end), default=0)
            if any(self._seen.get(incarnation, _NONE).missing(newest + 1, end)) or incarnation in passed:
                return None
            if newest:
                return self._leaves[incarnation, newest]
            passed.add(incarnation)  # killed before its first
        return None

    def _root(self, incarnation: bytes, point: Checkpoint) -> bytes | None:
        """The tree hash of what a checkpoint covers; None where not all of it is kept whole."""
        tree = Tree()
        for position in range(point.first_position, point.last_position + 1):
            leaf = self._leaves.get((incarnation, position))
            if leaf is None:
                return None
            tree.add(leaf)
        return tree.root()

    def _break(self, invariant: str, key: str, at: Place) -> Break:
        return Break(invariant, key, f"{self._ward} {at[0].hex()} {at[1]}")


def _entry(event: Event) -> Entry | None:
    try:
        return decode(event.entry)
    except EntryError:
        return None
