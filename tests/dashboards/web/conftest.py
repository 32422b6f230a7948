"""The built pages before the example district, and Debian's Chromium to look at them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from dashboards.console.settings import STATIC
from simulator.net.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "dashboards" / "console" / "web"
SCREENSHOTS = ROOT / "out" / "screenshots"
PASSWORD = "mat-khau-rat-dai"
START_SECONDS = 30
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


S = TypeVar("S", bound="Served")


@dataclass
class Served:
    """A console in a process of its own (a module of ours, with `arguments`), which may be killed and started again on
    its port."""

    module: str
    arguments: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "--port", str(self.port), "--password", PASSWORD]
        self.process = subprocess.Popen(
            [*command, *self.arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, f"{self.module} ended"
            assert time.monotonic() < deadline, f"{self.module} did not start"
            time.sleep(0.1)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/api/session").status_code == 401
        except httpx.TransportError:
            return False


class Example(Served):
    """The example district."""


@contextmanager
def served(made: S) -> Iterator[S]:
    """It runs, with pages."""
    if not (STATIC / "index.html").exists():
        pytest.fail("the pages are not built; `make setup` builds them", pytrace=False)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with served(Example("dashboards.console.example")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Of the module, not of the session: an open one would hold this thread's event loop from other tests."""
    peer: Callable[[str], str] = request.getfixturevalue("peer")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=peer("chromium"), args=FLAGS)
        yield opened
        opened.close()
