"""A console with a site that a test sets by hand, in memory and under a real uvicorn."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine

from dashboards.console.accounts import Accounts, Role
from dashboards.console.app import create_app
from dashboards.console.live.interest import StreamRequests
from dashboards.console.serve import ConsoleServer, server
from dashboards.console.settings import ConsoleSettings
from dashboards.console.tables import Base
from simulator.net.ports import free_port
from telemetry.clock import Clock, FakeClock, SystemClock
from tests.dashboards.plain_site import PlainSite, device_state

PASSWORD = "mat-khau-rat-dai"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one user of each role: made once, as hashing is slow by intent."""
    path = tmp_path_factory.mktemp("users") / "console.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    accounts = Accounts(engine, FakeClock())
    accounts.add_user("lan", Role.DISTRICT, password=PASSWORD, display_name="Nguyễn Thị Lan")
    accounts.add_user("minh", Role.WARD, ["thach-thang"], PASSWORD)
    accounts.add_user("ha", Role.AUDITOR, password=PASSWORD)
    engine.dispose()
    return path


@pytest.fixture
def engine(users: Path, tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{shutil.copy(users, tmp_path)}")
    yield made
    made.dispose()


@pytest.fixture
def accounts(engine: Engine, clock: FakeClock) -> Accounts:
    return Accounts(engine, clock)


def make_site(clock: Clock) -> PlainSite:
    site = PlainSite(clock)
    site.add_ward("hai-chau-1", [device_state("ups-1", 100), device_state("switch-1", 1, kind="switch")])
    site.add_ward("thach-thang", [device_state("ups-1", 90)])
    return site


@pytest.fixture
def site(clock: FakeClock) -> PlainSite:
    return make_site(clock)


@pytest.fixture
def settings(tmp_path: Path) -> ConsoleSettings:
    return ConsoleSettings(static=tmp_path / "static", version="1.2.3")


@pytest.fixture
def app(site: PlainSite, accounts: Accounts, settings: ConsoleSettings) -> FastAPI:
    return create_app(site, accounts, settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Not signed in."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ward.example") as made:
        yield made


async def sign_in(client: httpx.AsyncClient, user: str = "lan", password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/session", json={"user": user, "password": password})


class Running:
    """A console under uvicorn on a port of this machine, in a thread of its own."""

    def __init__(self, app: FastAPI, site: PlainSite, port: int, **tls: str) -> None:
        self.app = app
        self.site = site
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self.port = port
        self.server: ConsoleServer = server(app, "127.0.0.1", port, **tls)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        self.until(lambda: self.server.started, "the server did not start")

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive(), "the server did not stop"

    def client(self, user: str = "lan") -> httpx.Client:
        made = httpx.Client(base_url=self.url, timeout=20, verify=False)
        answer = made.post("/api/session", json={"user": user, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return made

    @staticmethod
    def until(holds: Callable[[], bool], otherwise: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, otherwise
            time.sleep(0.01)


@pytest.fixture
def run_console(engine: Engine, settings: ConsoleSettings) -> Iterator[Callable[..., Running]]:
    """run_console(coalesce_seconds=0.05, ...) starts a console with such settings; `streams` asks for pictures, `tls`
    names certificate and key."""
    started: list[Running] = []

    def run(
        site: PlainSite | None = None,
        streams: StreamRequests | None = None,
        tls: dict[str, str] | None = None,
        **changes: object,
    ) -> Running:
        clock = SystemClock()
        site = site or make_site(clock)
        app = create_app(site, Accounts(engine, clock), replace(settings, **changes), streams)  # type: ignore[arg-type]
        running = Running(app, site, free_port(), **(tls or {}))
        started.append(running)
        running.start()
        return running

    yield run
    for each in started:
        each.stop()
