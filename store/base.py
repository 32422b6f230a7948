"""What every store does, whichever program keeps the numbers: one Protocol, the same tests for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from telemetry.intervals import IntervalSet

READINGS = "readings"  # the one payload whose entries may have samples, beside an event


class SeriesKey(NamedTuple):
    """Which series: one metric (one instance of it) of one device of one ward."""

    ward: str
    device: str
    metric: str
    instance: str = ""


class Sample(NamedTuple):
    """One number of one series. `kind` is the device's kind, a label of the series."""

    ward: str
    device: str
    kind: str
    metric: str
    instance: str
    wall_time_us: int
    value: float


class Latest(NamedTuple):
    """The newest sample of a series."""

    key: SeriesKey
    kind: str
    wall_time_us: int
    value: float


@dataclass(frozen=True, slots=True)
class Event:
    """An entry that is not readings (condition, facts, lifecycle …): kept whole, as the ward wrote it."""

    ward: str
    incarnation: bytes
    position: int
    wall_time_us: int
    device: str
    payload: str  # which payload of wire.proto: "condition", "facts", …
    entry: bytes  # verbatim


@dataclass(frozen=True, slots=True)
class Commit:
    """What goes in at once: either all of it is in the store afterwards, with its positions, or none."""

    ward: str
    incarnation: bytes
    positions: IntervalSet
    samples: Sequence[Sample]
    events: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A stretch of one series, oldest first; lists of equal length (µs since 1970 UTC; values).

    Where `counts` is empty each row is a sample. Else it stands for `counts` samples: `values` has their means, `low`
    and `high` their extremes, and the time lies within their stretch.
    """

    key: SeriesKey
    times_us: list[int]
    values: list[float]
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """What a store took from one ward since it was made; kept with the commits, so restarts and pruning leave them.

    `samples_committed` and `events_committed` count all that was accepted; `positions` is how many it holds.
    """

    samples_committed: int
    events_committed: int
    positions: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """What retention took away, and how many samples went into summaries of five minutes or an hour."""

    samples: int
    events: int
    summarised: int = 0


class StoreFault(StrEnum):
    """Why the store cannot do it; worded for people in telemetry/texts under "store"."""

    REFUSED = "refused"  # what was to be committed cannot be kept: NaN, another ward's sample …
    HELD = "held"  # positions that it holds already, so that taking them would count twice
    FULL = "full"  # no room on the disk
    DISK_FAILED = "disk_failed"  # the disk refuses otherwise
    DAMAGED = "damaged"  # the file's content is wrong
    NOT_A_STORE = "not_a_store"  # a file of some other program
    NEWER = "newer"  # written by a later version of this program
    NOT_EMPTY = "not_empty"  # an archive is brought to a store that has entries of its own
    IN_USE = "in_use"  # another process has it open
    NOT_OPENED = "not_opened"  # the file or its folder cannot be opened or made
    UNREACHABLE = "unreachable"  # the program that keeps the numbers does not answer
    SHORT_RETENTION = "short_retention"  # that program would let go of numbers before their time
    TAKEN_BACK = "taken_back"  # that program lost numbers: what is held is less than it was; read `positions` again
    CLOSED = "closed"


class StoreError(Exception):
    """The store cannot do what was asked; nothing of it was done. The message is for the log, `fault` for people."""

    def __init__(self, message: str, fault: StoreFault = StoreFault.REFUSED) -> None:
        super().__init__(message)
        self.fault = fault


class StoreFullError(StoreError):
    """There is no room on the disk; the same commit may be tried again when there is."""

    def __init__(self, message: str) -> None:
        super().__init__(message, StoreFault.FULL)


class Store(Protocol):
    """Time series and current state of one district (or one ward). Calls block; call them from a thread."""

    def commit(self, commits: Iterable[Commit]) -> None:
        """Make samples, events and positions durable in one transaction. Positions that it holds already are
        the caller's to leave out (`positions`): one that is held refuses the whole call (StoreFault.HELD), since its
        samples would count twice. StoreError means that nothing was taken."""

    def positions(self, ward: str, incarnation: bytes) -> IntervalSet:
        """What it holds of one incarnation; empty for an unknown one."""

    def incarnations(self, ward: str) -> list[bytes]:
        """The incarnations of which it holds anything, oldest first."""

    def wards(self) -> list[str]:
        """The wards of which it holds anything."""

    def latest(self, ward: str, device: str | None = None) -> list[Latest]:
        """The newest sample of each series of a ward, or of one device."""

    def history(self, key: SeriesKey, start_us: int, end_us: int, *, points: int | None = None) -> Series:
        """The samples of one series with start <= time < end, oldest first. Of samples of equal time the greatest
        value is there, so the order of arrival does not matter. What is summarised comes as summaries. With `points`
        there are about that many rows at most, each stretch with its mean and extremes."""

    def events(
        self,
        ward: str,
        *,
        payload: str | None = None,
        device: str | None = None,
        start_us: int = 0,
        end_us: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Event]:
        """Entries that are not readings, in order of time, then position."""

    def counts(self, ward: str) -> StoreCounts:
        """What it took from a ward so far; zeros for an unknown one."""

    def prune(self, wanted: Callable[[], bool] = lambda: True) -> Pruned:
        """Let go of what is older than its retention, and summarise what need not be kept in full. Takes short turns
        with commits; call it now and then. It ends early, with nothing lost, when `wanted` says no between two
        turns."""

    def close(self) -> None:
        """Nothing may be called after it."""
