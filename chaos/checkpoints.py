"""Whether each checkpoint that the district holds proves what the ward's journal says: RFC 6962 computed anew.

Written apart from journal.merkle on purpose: a judge that asked the judged would find nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from chaos.compare import MOST_TOLD, Journaled
from telemetry.entry import Checkpoint, Entry


@dataclass(slots=True)
class Proofs:
    """How many checkpoints hold, how many do not, and the first of those in words."""

    verified: int = 0
    breaks: int = 0
    told: list[str] = field(default_factory=list)


def tree_hash(entries: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of RFC 6962 section 2.1."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1  # the largest power of two below their number
    return hashlib.sha256(b"\x01" + tree_hash(entries[:split]) + tree_hash(entries[split:])).digest()


def check(journaled: Sequence[Journaled], committed: Sequence[Entry], into: Proofs) -> None:
    """One ward: its journal in the order of writing, and the checkpoints that the district holds."""
    data = {each.key: each.data for each in journaled}
    before = _chain(journaled)
    for entry in committed:
        point = entry.payload
        if not isinstance(point, Checkpoint):
            continue
        wrong = _wrong(entry, point, data, before)
        if wrong is None:
            into.verified += 1
            continue
        into.breaks += 1
        if len(into.told) < MOST_TOLD:
            into.told.append(f"checkpoint {entry.incarnation.hex()[:8]}:{entry.position} {wrong}")


Chain = dict[tuple[bytes, int], tuple[int, bytes]]  # by checkpoint: the one before it, as position here and hash


def _chain(journaled: Sequence[Journaled]) -> Chain:
    found: Chain = {}
    incarnation, position, leaf = b"", 0, b""
    for each in journaled:
        if each.entry.incarnation != incarnation:
            incarnation, position = each.entry.incarnation, 0
        if isinstance(each.entry.payload, Checkpoint):
            found[each.key] = (position, leaf)
            position, leaf = each.entry.position, tree_hash([each.data])
    return found


def _wrong(entry: Entry, point: Checkpoint, data: dict[tuple[bytes, int], bytes], before: Chain) -> str | None:
    key = entry.incarnation, entry.position
    if key not in before:
        return "is in no journal"
    position, leaf = before[key]
    if point.previous != leaf:
        return "names another before it"
    # Each begins at the one before, which it covers, or at the first entry; and ends just before itself.
    if (point.first_position, point.last_position) != (max(position, 1), entry.position - 1):
        return f"covers {point.first_position}..{point.last_position}, after {position}"
    covered = [data.get((entry.incarnation, each)) for each in range(point.first_position, point.last_position + 1)]
    there = [each for each in covered if each is not None]
    if len(there) < len(covered):
        return f"covers {len(covered) - len(there)} entries that the journal lacks"
    return None if tree_hash(there) == point.root else "has another root than its entries"
