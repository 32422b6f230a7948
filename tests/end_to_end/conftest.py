"""A whole demo (virtual ward, agent, broker, district as processes) and Debian's Chromium to look at it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from demo import plan as plans
from demo.console import Console, every_device_has_readings
from demo.live import CHROMIUM_FLAGS
from demo.run import Demo, arguments

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "out" / "screenshots"


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A demo that has shown every device, and its first user's password."""

    demo: Demo
    password: str

    @property
    def address(self) -> str:
        return self.demo.plan.console

    def fault(self, name: str, device: str, state: str) -> None:
        """Switch a fault of the virtual ward on or off by its own command."""
        command = [Path(sys.executable).parent / "ward-sim", "fault", name, device, state]
        control = ["--control", str(self.demo.plan.control_port)]
        subprocess.run([*map(str, command), *control], check=True, timeout=30, capture_output=True)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    plan = plans.make(tmp_path_factory.mktemp("demo"), None, 0)
    demo = Demo(plan, arguments([]))
    try:
        password = demo.start()
        console = Console(plan.console, plans.USER, password)
        deadline = time.monotonic() + 60
        while (page := console.ward(plan.ward.id)) is None or not every_device_has_readings(page):
            assert time.monotonic() < deadline, "\n".join(program.last_words() for program in demo.programs.all())
            time.sleep(0.1)
        console.close()
        yield RunningDemo(demo, password)
    finally:
        demo.stop()


@pytest.fixture(scope="module")
def browser(peer: Callable[[str], str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=peer("chromium"), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True)
class Look:
    """How a person looks at a page."""

    name: str
    width: int
    height: int
    dark: bool
    language: str


LOOKS = (
    Look("desktop-light-vi", 1366, 768, False, "vi"),
    Look("desktop-dark-en", 1366, 768, True, "en"),
    Look("phone-light-vi", 390, 844, False, "vi"),
    Look("phone-dark-en", 390, 844, True, "en"),
)


@pytest.fixture
def looking(browser: Browser) -> Iterator[Callable[[Look], BrowserContext]]:
    """looking(LOOK): a fresh browser profile of that size, colour scheme and language."""
    contexts: list[BrowserContext] = []

    def make(look: Look) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": look.width, "height": look.height},
            color_scheme="dark" if look.dark else "light",
            locale="vi-VN" if look.language == "vi" else "en-GB",
            timezone_id="Asia/Ho_Chi_Minh",
            device_scale_factor=2 if look.width < 500 else 1,
            is_mobile=look.width < 500,
            has_touch=look.width < 500,
        )
        context.add_init_script(f"localStorage.setItem('language', '{look.language}')")
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Page, address: str, password: str, user: str = plans.USER) -> None:
    page.goto(address)
    page.get_by_test_id("sign-in-user").fill(user)
    page.get_by_test_id("sign-in-password").fill(password)
    page.get_by_test_id("sign-in-submit").click()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    pictures = sorted(SCREENSHOTS.glob("*.png"))
    if pictures:
        terminalreporter.write_line(f"screenshots: {len(pictures)} in {SCREENSHOTS.relative_to(ROOT)}/")
