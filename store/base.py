"""What every store does, whichever program keeps the numbers: one Protocol, the same tests for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from telemetry.intervals import IntervalSet


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
    """A stretch of one series, oldest first; two lists of equal length (µs since 1970 UTC; values)."""

    key: SeriesKey
    times_us: list[int]
    values: list[float]


class StoreError(Exception):
    """The store cannot do what was asked; nothing of it was done."""


class StoreFullError(StoreError):
    """There is no room on the disk."""


class Store(Protocol):
    """Time series and current state of one district (or one ward). Calls block; call them from a thread."""

    def commit(self, commits: Iterable[Commit]) -> None:
        """Make samples, events and positions durable in one transaction. Positions that it holds already are
        the caller's to leave out (`positions`); StoreError means that nothing was taken."""

    def positions(self, ward: str, incarnation: bytes) -> IntervalSet:
        """What it holds of one incarnation; empty for an unknown one."""

    def incarnations(self, ward: str) -> list[bytes]:
        """The incarnations of which it holds anything, oldest first."""

    def wards(self) -> list[str]:
        """The wards of which it holds anything."""

    def latest(self, ward: str, device: str | None = None) -> list[Latest]:
        """The newest sample of each series of a ward, or of one device."""

    def history(self, key: SeriesKey, start_us: int, end_us: int) -> Series:
        """The samples of one series with start <= time < end, oldest first."""

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

    def close(self) -> None:
        """Nothing may be called after it."""
