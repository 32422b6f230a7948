"""From glass to glass: how old what the camera saw is when Chromium draws it, and how long the first picture takes.

A camera that really encodes (bench.glass_camera), the agent, a broker and the district as processes, Debian's
Chromium on the camera's page, which reads the time burned into each frame it drew (?measure).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from demo import plan as plans
from demo.console import Console
from demo.live import CHROMIUM_FLAGS
from demo.run import Demo
from demo.run import arguments as demo_arguments

WARD, CAMERA = "bench", "cam-1"
CAMERA_PROGRAM = Path(__file__).with_name("glass_camera.py")
KEYFRAME_INTERVAL_MS = 1000  # of that camera
SETTLE_SECONDS = 3.0
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class GlassFigures:
    """Milliseconds. `first_ms`: from the click to the first frame; nobody watched before, somebody did."""

    path: str
    frames: int
    p50: float
    p95: float
    first_ms: float
    first_watched_ms: float


class SlowLine:
    """A TCP proxy that holds everything for some time, each way."""

    def __init__(self, port: int, delay_seconds: float) -> None:
        self.port = 0
        self._target, self._delay = port, delay_seconds
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, ready: threading.Event) -> None:
        # In its own thread from the start: the browser's driver has a loop of its own in the main one.
        server = self._loop.run_until_complete(asyncio.start_server(self._pipe, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(self._delay, writer.write, data)
        loop.call_later(self._delay, writer.close)


def measure_glass(browser: Browser, path: str, delay_ms: float, seconds: float) -> GlassFigures:
    """`path`: "webcodecs" or "mse"; `delay_ms` each way between agent and hub."""
    with _camera() as camera_port, _ward(camera_port, delay_ms / 1000) as (address, password):
        context = browser.new_context(viewport={"width": 1366, "height": 900})
        page = context.new_page()
        _sign_in(page, address, password)
        first_ms = _first_frame(page, path)
        page.wait_for_timeout(SETTLE_SECONDS * 1000)
        picture = page.get_by_test_id(f"live-{CAMERA}").first
        picture.evaluate("e => { e.glassToGlassMs.length = 0 }")
        page.wait_for_timeout(seconds * 1000)
        ages = [float(age) for age in picture.evaluate("e => e.glassToGlassMs")]
        second = context.new_page()
        second.goto(address)
        first_watched_ms = _first_frame(second, path)
        context.close()
    if len(ages) < 5 * seconds:
        raise SystemExit(f"bench live: only {len(ages)} frames showed their time in {seconds:.0f} s")
    quantiles = statistics.quantiles(ages, n=20)
    return GlassFigures(
        path, len(ages), round(statistics.median(ages), 1), round(quantiles[18], 1), first_ms, first_watched_ms
    )


def chromium() -> contextlib.AbstractContextManager[Browser]:
    @contextlib.contextmanager
    def started() -> Iterator[Browser]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
            try:
                yield browser
            finally:
                browser.close()

    return started()


def _first_frame(page: Page, path: str) -> float:
    """Open the camera from its ward's page, as a person does, by a click."""
    page.goto(f"{page.url.split('/wards')[0].rstrip('/')}/wards/{WARD}?measure{'&player=mse' if path == 'mse' else ''}")
    page.evaluate(
        "where => { history.pushState({}, '', where); dispatchEvent(new PopStateEvent('popstate', {state: {}})) }",
        f"/wards/{WARD}/devices/{CAMERA}?measure{'&player=mse' if path == 'mse' else ''}",
    )
    picture = page.locator(f"camera-view [data-testid=live-{CAMERA}]").first
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (first := picture.evaluate("e => e.firstFrameMs")) is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"bench live: no picture by {path} within {PATIENCE_SECONDS:.0f} s")
        page.wait_for_timeout(20)
    return round(float(first), 1)


def _sign_in(page: Page, address: str, password: str) -> None:
    page.goto(address)
    page.get_by_test_id("sign-in-user").fill(plans.USER)
    page.get_by_test_id("sign-in-password").fill(password)
    page.get_by_test_id("sign-in-submit").click()
    page.get_by_test_id(f"ward-{WARD}").wait_for()


@contextlib.contextmanager
def _camera() -> Iterator[int]:
    process = subprocess.Popen(
        ["/usr/bin/python3", str(CAMERA_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline())["port"])
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _ward(camera_port: int, delay_seconds: float) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as name:
        folder = Path(name)
        file = folder / "ward.toml"
        file.write_text(
            f'[ward]\nid = "{WARD}"\nname = "Bench"\ndistrict = "bench"\n\n'
            f'[[device]]\nid = "{CAMERA}"\nkind = "camera"\n'
            f'protocol = "rtsp"\nurl = "rtsp://127.0.0.1:{camera_port}/main"\n',
            encoding="utf-8",
        )
        plan = plans.make(folder, file, 0)
        line = SlowLine(plan.console_port, delay_seconds) if delay_seconds else None
        demo = Demo(plan, demo_arguments([]), plans.programs(plan, line.port if line else None))
        try:
            password = demo.start()
            console = Console(plan.console, plans.USER, password)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while (ward := console.ward(WARD)) is None or not ward.devices or not ward.devices[0].readings:
                if time.monotonic() > deadline:
                    raise SystemExit("bench live: the ward did not come up")
                time.sleep(0.2)
            console.close()
            yield plan.console, password
        finally:
            demo.stop()
            if line is not None:
                line.close()


def main(arguments: list[str]) -> int:
    """One path for trying: bench.live_glass [webcodecs|mse] [delay in ms]."""
    path = arguments[0] if arguments else "webcodecs"
    with chromium() as browser:
        print(measure_glass(browser, path, float(arguments[1]) if len(arguments) > 1 else 0.0, 10.0))
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
