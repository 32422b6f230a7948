"""Whether what a ward had to give up is named exactly: by its tombstones, and by the district. Nothing is read here.

Gone is what was durable and is in the journal no more. A ward lets go of what the district holds without a word, and
of anything else with a tombstone. It names more than is lost where the district took an entry and could not tell it so
in time; the district's own word counts what it does not hold, and that must be the loss to the last position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chaos.witness import Positions, common
from telemetry.intervals import IntervalSet

_NOTHING = IntervalSet()


@dataclass(frozen=True, slots=True)
class Gone:
    """Of one ward, by incarnation. `durable`: all that ever was; `unseen`: what of it nobody saw. `still`: what the
    journal holds in the end. `stones`: what its tombstones name; `disowned`: of that what it knew to be held. `held`,
    `named`: the district's word. `least_kept`: bytes of entries that were newer than what was given up, at the least;
    `most`: how many the journal may take."""

    durable: Positions
    unseen: Positions
    still: Positions
    stones: Positions
    disowned: Positions
    held: Mapping[bytes, IntervalSet]
    named: Mapping[bytes, IntervalSet]
    least_kept: int | None
    most: int

    def is_named(self, incarnation: bytes, position: int) -> bool:
        return position in self.named.get(incarnation, _NOTHING)

    def has_stone(self, incarnation: bytes, position: int) -> bool:
        return position in self.stones.get(incarnation, _NOTHING)

    def is_still_there(self, incarnation: bytes, position: int) -> bool:
        return position in self.still.get(incarnation, _NOTHING)

    def in_vain(self) -> int:
        """How many positions tombstones name that the district holds after all, and so does not call lost."""
        return sum(len(common(stones, self.held.get(name, _NOTHING))) for name, stones in self.stones.items())

    def false_alarms(self) -> Iterator[str]:
        """Losses that are none, or need not have been, in words."""
        if self.least_kept is not None and self.least_kept < self.most / 2:
            # Pages are not filled to the last byte, and what is not given up lies among them.
            yield f"something was given up for {self.least_kept} bytes of newer entries, where {self.most} have room"
        for name, stones in self.stones.items():
            still, durable = self.still.get(name, _NOTHING), self.durable.get(name, _NOTHING)
            yield from _said("a tombstone names what the ward still has", name, common(stones, still))
            yield from _said("a tombstone names what was never written", name, stones.without(durable))
        for name, disowned in self.disowned.items():
            yield from _said("a tombstone names what the ward was told is held", name, disowned)
        for name, named in self.named.items():
            lost = named.without(self.held.get(name, _NOTHING))
            yield from _said("named lost and never written", name, lost.without(self.durable.get(name, _NOTHING)))
            # Where a tombstone names them the ward could not know better; else nobody may have said so.
            unfounded = named.without(self.stones.get(name, _NOTHING))
            for where, there in (("the district holds", self.held), ("the ward still has", self.still)):
                found = common(unfounded, there.get(name, _NOTHING))
                yield from _said(f"named lost, without a tombstone, though {where} them", name, found)


def _said(words: str, incarnation: bytes, positions: IntervalSet) -> Iterator[str]:
    if positions:
        yield f"{words}: {len(positions)} positions of {incarnation.hex()[:8]}: {list(positions)[:5]}"
