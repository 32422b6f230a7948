"""Every kind of store, opened as often as a test likes: a new one joins by a name and a function here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.base import Store
from store.embedded import EmbeddedSettings, EmbeddedStore
from telemetry.clock import FakeClock

# Small, so that a few hundred samples already go through every stage.
SMALL = EmbeddedSettings(tail_samples=64, tail_samples_per_series=8, chunk_samples=16, step_samples=32)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["embedded"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Callable[[], Store]]:
    """open_store() opens the test's store, or closes it and opens it again: what it held must be there."""
    opened: list[Store] = []

    def close() -> None:
        while opened:
            opened.pop().close()

    def embedded() -> Store:
        close()
        opened.append(EmbeddedStore.open(tmp_path / "store.db", clock=clock, settings=SMALL))
        return opened[-1]

    yield {"embedded": embedded}[request.param]
    close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
