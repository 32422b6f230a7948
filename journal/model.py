"""What the journal tells and is told: its settings, what it holds, what became durable, what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LEAST_MAX_BYTES = 1_000_000  # below this a journal would be busy with nothing but its own tombstones


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """Intervals in seconds, sizes in bytes, ages in days.

    `commit_interval_seconds`: an entry is durable at most this late (conditions at once); SD cards wear by commits.
    `max_bytes`: the size of the file at which the oldest go. `max_waiting` and `max_waiting_bytes`: what may wait
    in memory while the disk refuses; beyond it the oldest readings go, counted and named on recovery.
    """

    commit_interval_seconds: float = 1.0
    checkpoint_interval_seconds: float = 3600.0
    max_bytes: int = 2_000_000_000
    readings_days: int = 35
    other_days: int = 400
    max_waiting: int = 100_000
    max_waiting_bytes: int = 64_000_000
    prune_interval_seconds: float = 3600.0

    def __post_init__(self) -> None:
        if self.max_bytes < LEAST_MAX_BYTES:
            raise ValueError(f"max_bytes is {self.max_bytes}; a journal needs at least {LEAST_MAX_BYTES}")
        if min(self.commit_interval_seconds, self.readings_days, self.other_days) < 0 or self.max_waiting < 1:
            raise ValueError("intervals and ages of a journal cannot be negative, and one entry must be able to wait")


@dataclass(frozen=True, slots=True)
class Durable:
    """Entries that the disk now holds: consecutive from `first_position`, verbatim."""

    incarnation: bytes
    first_position: int
    entries: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Held:
    """The oldest and newest position of one incarnation that the journal holds; what is between may have holes."""

    incarnation: bytes
    first_position: int
    last_position: int


@dataclass(frozen=True, slots=True)
class JournalCounts:
    """Totals since the journal's file was made, over all incarnations, and what waits now.

    `readings_journaled` and `entries_journaled` count what became durable; `entries_lost` what a tombstone names;
    `entries_dropped` what never became durable because the disk refused for too long; `bytes_used` is the file's.
    """

    readings_journaled: int
    entries_journaled: int
    entries_lost: int
    entries_dropped: int
    entries_waiting: int
    bytes_used: int


class JournalFault(StrEnum):
    """Why a journal cannot be used; worded for people in telemetry/texts under "journal"."""

    DAMAGED = "damaged"  # the file cannot be read as a journal any more
    NOT_A_JOURNAL = "not_a_journal"  # a database of some other program
    NEWER = "newer"  # written by a later version of this program
    IN_USE = "in_use"  # another agent has it open
    NOT_OPENED = "not_opened"  # the file or its folder cannot be opened or made
    UNREADABLE = "unreadable"  # the disk failed while it was read
    CLOSED = "closed"  # used after close()


class JournalError(Exception):
    """The journal cannot do what was asked. `fault` is for people, the message for the log."""

    def __init__(self, fault: JournalFault, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.fault = fault
        self.path = path
        self.detail = detail
