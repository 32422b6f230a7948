"""What the uplink asks of the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from journal.model import Held
from telemetry.intervals import IntervalSet
from telemetry.readings import Reason


class JournalView(Protocol):
    """The part of journal.Journal that replication needs. Thread-safe."""

    @property
    def incarnation(self) -> bytes:
        """Of this start of the agent."""

    def head(self) -> int:
        """The newest durable position of this incarnation."""

    def held(self) -> Sequence[Held]:
        """Each incarnation of which anything is held."""

    def is_whole(self) -> bool:
        """Whether `held` tells of everything: not while more may be found in a damaged file."""

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> Sequence[tuple[int, bytes]]:
        """Entries of first..last in order, as many as fit; pruned ones are missing."""

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None:
        """The district's store holds these."""

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None:
        """The district's store holds these no longer."""

    def committed(self) -> Mapping[bytes, IntervalSet]:
        """What the district was said to hold, by incarnation, oldest first."""

    def trouble(self) -> Reason | None:
        """Why nothing can be made durable now."""
