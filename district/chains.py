"""What a district's store shows of the wards' own chains: checkpoints and starts name each other by hash.

Of entries with readings the store keeps the samples only, so a checkpoint's root can be made again only where all that
it covers is kept whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from journal.merkle import Tree
from store.base import Event
from telemetry.entry import Checkpoint, Entry, EntryError, Lifecycle, LifecycleEvent, decode, leaf_hash


@dataclass(frozen=True, slots=True)
class Break:
    """A place where an invariant (I3 to I5) is broken; `key` names its words in texts/*.json under "violation"."""

    invariant: str
    key: str
    place: str


Place = tuple[bytes, int]


def breaks(ward: str, events: Sequence[Event]) -> Iterator[Break]:
    """Check one ward's events, in any order."""
    leaves = {(event.incarnation, event.position): leaf_hash(event.entry) for event in events}
    points: dict[bytes, list[tuple[int, Checkpoint]]] = {}
    for event in events:
        entry = _entry(event)
        if entry is None:
            continue  # H2 tells of it
        if isinstance(entry.payload, Checkpoint):
            points.setdefault(event.incarnation, []).append((event.position, entry.payload))
        elif isinstance(entry.payload, Lifecycle) and entry.payload.event is LifecycleEvent.STARTED:
            yield from _start(ward, entry, entry.payload, leaves)
    for incarnation, found in points.items():
        for position, point in sorted(found, key=lambda each: each[0]):
            yield from _checkpoint(ward, (incarnation, position), point, leaves)


def _start(ward: str, entry: Entry, started: Lifecycle, leaves: Mapping[Place, bytes]) -> Iterator[Break]:
    end = leaves.get((started.previous_incarnation, started.previous_position))
    if end is not None and end != started.previous_hash:
        yield Break("I5", "other_end", _place(ward, (entry.incarnation, entry.position)))


def _checkpoint(ward: str, at: Place, point: Checkpoint, leaves: Mapping[Place, bytes]) -> Iterator[Break]:
    incarnation, position = at
    if point.last_position != position - 1 or not 1 <= point.first_position <= point.last_position:
        yield Break("I3", "bad_coverage", _place(ward, at))
        return
    # One that does not begin an incarnation begins at the checkpoint before it, whose entry it covers.
    before = leaves.get((incarnation, point.first_position)) if point.first_position > 1 else None
    if before is not None and before != point.previous:
        yield Break("I3", "other_checkpoint", _place(ward, at))
    root = _root(incarnation, point, leaves)
    if root is not None and root != point.root:
        yield Break("I4", "other_root", _place(ward, at))


def _root(incarnation: bytes, point: Checkpoint, leaves: Mapping[Place, bytes]) -> bytes | None:
    """The tree hash of what a checkpoint covers; None where not all of it is kept whole."""
    tree = Tree()
    for position in range(point.first_position, point.last_position + 1):
        leaf = leaves.get((incarnation, position))
        if leaf is None:
            return None
        tree.add(leaf)
    return tree.root()


def _place(ward: str, at: Place) -> str:
    return f"{ward} {at[0].hex()} {at[1]}"


def _entry(event: Event) -> Entry | None:
    try:
        return decode(event.entry)
    except EntryError:
        return None
