"""Copies what a ward's journal holds while the run goes on, so that what the journal gives up later is known.

It reads the file beside the agent that writes it. What another connection can read was committed and synced, so all
that was ever seen was durable: it has to be at the district in the end, or named as lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from journal.verify import read_since
from telemetry.entry import Lifecycle, LifecycleEvent, Tombstone, decode
from telemetry.intervals import IntervalSet

Key = tuple[bytes, int]  # incarnation, position
Positions = dict[bytes, IntervalSet]


@dataclass(slots=True)
class Witness:
    """Of one ward. `entries`: all that was seen, in order of writing. `named`: what its tombstones name.
    `disowned`: what a tombstone names although the ward had been told before that the district holds it.
    `began_us`: when the newest run of its agent began to write, monotonic.
    `least_kept`: how many bytes of entries at least were newer than the newest that was given up; None: nothing was."""

    journal: Path
    entries: dict[Key, bytes] = field(default_factory=dict)
    named: Positions = field(default_factory=dict)
    tombstones: int = 0
    disowned: Positions = field(default_factory=dict)
    least_kept: int | None = None
    began_us: int = 0
    _bytes: int = 0  # of all entries
    _until: dict[Key, int] = field(default_factory=dict)  # of those up to this one
    _heads: dict[bytes, int] = field(default_factory=dict)  # the newest position that is known to have been written
    _last: Key | None = None
    _committed: Mapping[bytes, IntervalSet] = field(default_factory=dict)

    def look(self) -> None:
        """Copy what is new. Raises JournalError where the file cannot be read now."""
        new = read_since(self.journal, self._last)
        for incarnation, position, data in new.entries:
            if (incarnation, position) in self.entries:
                continue
            self.entries[incarnation, position] = data
            self._bytes += len(data)
            self._until[incarnation, position] = self._bytes
            self._written(incarnation, position)
            entry = decode(data)
            payload = entry.payload
            if isinstance(payload, Tombstone):
                self._stone(payload, new.committed)
            elif isinstance(payload, Lifecycle) and payload.event is LifecycleEvent.STARTED:
                self._written(payload.previous_incarnation, payload.previous_position)
                self.began_us = entry.monotonic_us
        if new.entries:
            self._last = new.entries[-1][:2]
        self._committed = new.committed

    def unseen(self) -> Positions:
        """What was written and gone again between two looks. Of that nothing can be said but that it was."""
        seen = positions(self.entries)
        holes = {
            incarnation: IntervalSet(seen.get(incarnation, IntervalSet()).missing(1, head))
            for incarnation, head in self._heads.items()
        }
        return {incarnation: missing for incarnation, missing in holes.items() if missing}

    def _written(self, incarnation: bytes, position: int) -> None:
        if position:
            self._heads[incarnation] = max(position, self._heads.get(incarnation, 0))

    def _stone(self, stone: Tombstone, committed: Mapping[bytes, IntervalSet]) -> None:
        self.tombstones += 1
        nothing = IntervalSet()
        named = IntervalSet(stone.ranges)
        self.named.setdefault(stone.incarnation, IntervalSet()).update(named)
        # Marked both before and after it was named, so marked when it was: the ward knew.
        before = self._committed.get(stone.incarnation, nothing)
        known = common(common(before, committed.get(stone.incarnation, nothing)), named)
        newest = max(last for _, last in stone.ranges)
        kept = self._bytes - self._until.get((stone.incarnation, newest), 0)
        self.least_kept = kept if self.least_kept is None else min(kept, self.least_kept)
        if known:
            self.disowned.setdefault(stone.incarnation, IntervalSet()).update(known)


def positions(keys: Mapping[Key, object]) -> Positions:
    """As sets, by incarnation."""
    found: Positions = {}
    for incarnation, position in keys:
        found.setdefault(incarnation, IntervalSet()).add(position, position)
    return found


def common(one: IntervalSet, other: IntervalSet) -> IntervalSet:
    """What is in both."""
    return one.without(one.without(other))
