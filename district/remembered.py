"""The newest entries of each ward, as bytes in memory: what its next batches may be deflated with.

Nothing depends on it: a batch that names what is remembered no more, after a restart of the hub, is asked for again,
and comes without a dictionary. Memory of a ward: 32 kB of entries, and the two ranges that it was told last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from telemetry import wire_pb2 as wire
from telemetry.deflate import DICTIONARY_BYTES, Dictionary

_FRAME_BYTES = 4  # of an entry within a batch, at most
_TOLD = 2  # one may still be on its way while batches come that were made with the one before


@dataclass(slots=True)
class _Ward:
    """Consecutive entries of one incarnation, from `first`."""

    incarnation: bytes = b""
    first: int = 1
    entries: deque[bytes] = field(default_factory=deque)
    size: int = 0
    told: deque[Dictionary] = field(default_factory=lambda: deque(maxlen=_TOLD))

    @property
    def next(self) -> int:
        return self.first + len(self.entries)


class Remembered:
    """Used by the ingest's thread only."""

    def __init__(self, wards: Iterable[str]) -> None:
        self._wards = {ward: _Ward() for ward in wards}

    def add(self, ward: str, incarnation: bytes, first: int, entries: Sequence[bytes]) -> None:
        """A live batch. What does not follow what is there begins anew; what comes again is left out."""
        state = self._wards[ward]
        if incarnation != state.incarnation or first > state.next:
            state.incarnation, state.first, state.size = incarnation, first, 0
            state.entries.clear()
        for entry in entries[state.next - first :]:
            state.entries.append(entry)
            state.size += len(entry) + _FRAME_BYTES
        while state.size > DICTIONARY_BYTES:
            state.size -= len(state.entries.popleft()) + _FRAME_BYTES
            state.first += 1

    def tell(self, ward: str, incarnation: bytes) -> wire.Range:
        """What the ward may use from now on: first..last, or 0..0 for nothing."""
        state = self._wards[ward]
        if incarnation != state.incarnation or not state.entries:
            return wire.Range()
        newest = state.told[-1] if state.told else None
        if newest is None or (newest.incarnation, newest.last) != (incarnation, state.next - 1):
            newest = Dictionary.of(incarnation, state.first, list(state.entries))
            state.told.append(newest)
        return wire.Range(first=newest.first, last=newest.last)

    def dictionary(self, ward: str, incarnation: bytes, first: int, last: int) -> Dictionary | None:
        """What was told as first..last of an incarnation that begins so; None where it is not remembered."""
        for told in reversed(self._wards[ward].told):
            if told.incarnation.startswith(incarnation) and (told.first, told.last) == (first, last):
                return told
        return None
