"""Journals for tests: on a fake clock, nothing is committed until a test flushes, unless it is urgent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journal.journal import Durable, Journal, JournalSettings
from telemetry.clock import FakeClock
from telemetry.entry import Entry, Readings, decode
from telemetry.readings import Reading

OpenJournal = Callable[..., Journal]


class Published:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[Durable] = []

    def __call__(self, durable: Durable) -> None:
        self.told.append(durable)

    def entries(self) -> list[Entry]:
        return [decode(entry) for durable in self.told for entry in durable.entries]

    def positions(self) -> list[int]:
        return [entry.position for entry in self.entries()]

    def raw(self) -> dict[tuple[bytes, int], bytes]:
        return {
            (durable.incarnation, durable.first_position + at): entry
            for durable in self.told
            for at, entry in enumerate(durable.entries)
        }


def some_readings(count: int = 3, value: float = 20.0) -> Readings:
    return Readings([Reading("temperature_celsius", value + n, f"probe-{n}") for n in range(count)])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def open_journal(path: Path, clock: FakeClock, published: Published) -> Iterator[OpenJournal]:
    """open_journal(settings=…) opens the journal at `path`; all that are open are closed at the end."""
    opened: list[Journal] = []

    def open_it(settings: JournalSettings | None = None, at: Path | None = None, **more: bool) -> Journal:
        journal = Journal.open(
            at or path, clock=clock, agent_version="0.1.0", settings=settings, listener=published, **more
        )
        opened.append(journal)
        return journal

    yield open_it
    for journal in opened:
        journal.close()
