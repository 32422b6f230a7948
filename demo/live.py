"""One camera looked at, as a person would: in Chromium where it is installed, else by counting frames at the socket."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from demo.console import Console
from telemetry.live import LiveError, decode_frames, encode_ack

if TYPE_CHECKING:
    from playwright.sync_api import Page

WATCH_SECONDS = 5.0
FIRST_FRAME_SECONDS = 15.0
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class Live:
    """What came of looking: times in ms from the click (or the connection), frames drawn (or received)."""

    camera: str
    codec: str
    first_frame_ms: float | None
    frames: int
    fps: float
    path: Literal["webcodecs", "mse", "probe"]


def watch(console: Console, ward: str, camera: str) -> Live:
    """Look at the camera's main stream for some seconds."""
    chromium = shutil.which("chromium")
    if chromium is not None:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            pass  # the demo's own set-up has no browser driver; the probe needs none
        else:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
                try:
                    return _in_browser(browser.new_page(), console, ward, camera)
                finally:
                    browser.close()
    return _probe(console, ward, camera)


def _in_browser(page: Page, console: Console, ward: str, camera: str) -> Live:
    page.goto(console.address)
    page.get_by_test_id("sign-in-user").fill(console.user)
    page.get_by_test_id("sign-in-password").fill(console.password)
    page.get_by_test_id("sign-in-submit").click()
    page.get_by_test_id(f"ward-{ward}").wait_for()
    page.goto(f"{console.address}/wards/{ward}/devices/{camera}")
    picture = page.get_by_test_id(f"live-{camera}").first
    picture.wait_for()
    deadline = time.monotonic() + FIRST_FRAME_SECONDS
    while picture.get_attribute("data-state") != "playing" and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    before, started = _drawn(picture.evaluate("e => e.framesDrawn")), time.monotonic()
    page.wait_for_timeout(WATCH_SECONDS * 1000)
    frames = _drawn(picture.evaluate("e => e.framesDrawn"))
    first = picture.evaluate("e => e.firstFrameMs")
    return Live(
        camera=camera,
        codec=str(picture.evaluate("e => e.codec") or ""),
        first_frame_ms=None if first is None else round(float(first), 1),
        frames=frames,
        fps=round((frames - before) / (time.monotonic() - started), 1),
        path="mse" if picture.get_attribute("data-path") == "mse" else "webcodecs",
    )


def _drawn(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _probe(console: Console, ward: str, camera: str) -> Live:
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect
    from websockets.typing import Origin

    url = f"{console.address.replace('http', 'ws', 1)}/api/live/{ward}/{camera}/main"
    codec, frames, first = "", 0, None
    started = time.monotonic()
    begun = started
    try:
        with connect(
            url, additional_headers={"Cookie": console.cookie}, origin=Origin(console.address), max_size=None
        ) as socket:
            while time.monotonic() - begun < WATCH_SECONDS and time.monotonic() - started < FIRST_FRAME_SECONDS:
                message = socket.recv(timeout=FIRST_FRAME_SECONDS)
                if isinstance(message, str):
                    codec = json.loads(message).get("codec") or codec
                    begun = begun if frames else time.monotonic()
                    continue
                newest = None
                for frame in decode_frames(message):
                    frames, newest = frames + 1, frame.sequence
                if first is None:
                    begun = time.monotonic()
                    first = (begun - started) * 1000
                if newest is not None:
                    socket.send(encode_ack(newest))
    except (OSError, WebSocketException, TimeoutError, LiveError):
        pass  # what was counted until then is the answer; a picture that never came is first_frame_ms null
    seconds = max(time.monotonic() - begun, 0.001)
    return Live(camera, codec, None if first is None else round(first, 1), frames, round(frames / seconds, 1), "probe")
