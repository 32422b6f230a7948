"""Every kind of store, opened as often as a test likes: a new one joins by a name and a function here."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.base import Store
from store.embedded import EmbeddedSettings, EmbeddedStore
from store.victoria import VictoriaSettings, VictoriaStore
from telemetry.clock import FakeClock
from tests.victoria import VictoriaMetrics, running

# Small, so that a few hundred samples already go through every stage.
SMALL = EmbeddedSettings(
    tail_samples=64, tail_samples_per_series=8, chunk_samples=16, step_samples=32, full_days=1000, minutes_days=1000
)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # its many small files and syncs are no part of the test


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def victoria(peer: Callable[[str], str]) -> Iterator[VictoriaMetrics]:
    """One for all tests that do it no harm; each with a district of its own."""
    with running(peer("victoria-metrics")) as made:
        yield made


def settings_for(victoria: VictoriaMetrics, **more: float) -> VictoriaSettings:
    """A district that nobody used; samples go there at once."""
    given = {"ship_seconds": 0.01, "samples_days": 400.0, **more}
    return VictoriaSettings(url=victoria.url, district=f"district-{uuid.uuid4().hex[:12]}", **given)  # type: ignore[arg-type]


@pytest.fixture(params=["embedded", "victoriametrics"])
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

    if request.param == "victoriametrics":
        there = settings_for(request.getfixturevalue("victoria"))

    def victoriametrics() -> Store:
        for store in opened:
            store.pack()  # type: ignore[attr-defined]  # so that all that can be there is read from there
        close()
        opened.append(VictoriaStore.connect(tmp_path / "beside.db", clock=clock, there=there, settings=SMALL))
        return opened[-1]

    yield {"embedded": embedded, "victoriametrics": victoriametrics}[request.param]
    close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
