"""A camera seen across the city in Chromium: drawn, moving, its clock right; and back by itself after each failure."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from simulator.scene.clock_code import BLOCKS, BLOCKS_ACROSS, BLOCKS_DOWN, DAY_MS, read_clock
from tests.district.processes import wait_until
from tests.end_to_end.conftest import LOOKS, SCREENSHOTS, Look, RunningDemo, sign_in

WARD, CAMERA = "hai-chau-1", "cam-1"
DESKTOP = LOOKS[0]
FIRST_PICTURE_MS = 20_000
BACK_MS = 45_000
# The brightness of the middle of each of the clock's blocks, and a rough print of the whole picture.
PIXELS = f"""async (picture) => {{
  const image = await picture.snapshot();
  if (!image) return null;
  const {{data, width, height}} = image;
  const at = (x, y) => {{
    const i = 4 * (Math.floor(y * height) * width + Math.floor(x * width));
    return Math.round((data[i] + data[i + 1] + data[i + 2]) / 3);
  }};
  const clock = [], print = [];
  for (let i = 0; i < {BLOCKS}; i++) clock.push(at((i + 0.5) / {BLOCKS_ACROSS}, ({BLOCKS_DOWN} - 0.5) / {BLOCKS_DOWN}));
  for (let y = 0; y < 27; y++) for (let x = 0; x < 48; x++) print.push(at((x + 0.5) / 48, (y + 0.5) / 30));
  return {{clock, print, width, height}};
}}"""


class Seen:
    """What one look at the picture shows."""

    def __init__(self, picture: Locator) -> None:
        pixels = picture.evaluate(PIXELS)
        assert pixels is not None, "no picture has been drawn"
        self.size = (pixels["width"], pixels["height"])
        self.print: list[int] = pixels["print"]
        self.clock_ms = _clock(pixels["clock"])

    def changed(self, other: Seen) -> int:
        """How many of the rough print's points differ clearly."""
        return sum(abs(one - two) > 12 for one, two in zip(self.print, other.print, strict=True))


def _clock(levels: list[float]) -> int | None:
    """By the simulator's own reader, from a small picture that has only the clock's row."""
    row = [int(levels[x // 2]) if x // 2 < BLOCKS else 0 for x in range(2 * BLOCKS_ACROSS)]
    return read_clock([row] * (2 * BLOCKS_DOWN))


def age_ms(clock_ms: int) -> int:
    return (time.time_ns() // 1_000_000 % DAY_MS - clock_ms) % DAY_MS


def open_camera(page: Page, demo: RunningDemo, query: str = "") -> Locator:
    sign_in(page, demo.address, demo.password)
    expect(page.get_by_test_id(f"ward-{WARD}")).to_be_visible()
    page.goto(f"{demo.address}/wards/{WARD}/devices/{CAMERA}{query}")
    page.evaluate("window.notReloaded = true")
    return page.get_by_test_id(f"live-{CAMERA}").first


def plays(picture: Locator, within_ms: int = FIRST_PICTURE_MS) -> Seen:
    """The picture plays, its clock is readable and right."""
    expect(picture).to_have_attribute("data-state", "playing", timeout=within_ms)
    deadline = time.monotonic() + 5
    while True:
        seen = Seen(picture)
        if seen.clock_ms is not None and age_ms(seen.clock_ms) < 3000:
            return seen
        assert time.monotonic() < deadline, f"the burned-in clock says {seen.clock_ms}"


@pytest.mark.parametrize(("query", "path"), [("", "webcodecs"), ("?player=mse", "mse")])
def test_frames_are_drawn_pixels_change_and_the_clock_advances(
    demo: RunningDemo, looking: Callable[[Look], BrowserContext], query: str, path: str
) -> None:
    page = looking(DESKTOP).new_page()
    picture = open_camera(page, demo, query)
    asked = time.monotonic()
    first = plays(picture)
    seen = time.monotonic()
    assert picture.get_attribute("data-path") == path
    assert first.size == (1280, 720)
    drawn = picture.evaluate("e => e.framesDrawn")
    page.wait_for_timeout(2000)
    # 50 of them in two seconds where the processor is free; how many a second is measured by `make bench ARGS="live"`.
    wait_until(lambda: picture.evaluate("e => e.framesDrawn") >= drawn + 30, 2.0, "30 frames more are drawn")
    asked_again = time.monotonic()
    second = plays(picture)
    assert second.changed(first) > 10
    assert first.clock_ms is not None and second.clock_ms is not None
    least, most = asked_again - seen, time.monotonic() - asked
    passed = (second.clock_ms - first.clock_ms) % DAY_MS / 1000
    assert least - 1 < passed < most + 1, "the picture runs as fast as time does"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"camera-{path}.png")  # a full page resizes the window, which pauses it


def test_a_wards_cameras_are_live_tiles_of_the_sub_stream(
    demo: RunningDemo, looking: Callable[[Look], BrowserContext]
) -> None:
    page = looking(DESKTOP).new_page()
    sign_in(page, demo.address, demo.password)
    page.get_by_test_id(f"ward-{WARD}").click()
    for number in range(1, 5):
        tile = page.get_by_test_id(f"live-cam-{number}").first
        tile.scroll_into_view_if_needed()
        expect(tile).to_have_attribute("data-state", "playing", timeout=FIRST_PICTURE_MS)
        assert Seen(tile).size == (640, 360)
    page.screenshot(path=SCREENSHOTS / "ward-with-cameras.png", full_page=True)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("query", ["", "?player=mse"], ids=["webcodecs", "mse"])
def test_the_picture_comes_back_by_itself(
    demo: RunningDemo, looking: Callable[[Look], BrowserContext], query: str
) -> None:
    page = looking(DESKTOP).new_page()
    picture = open_camera(page, demo, query)
    plays(picture)
    programs = demo.demo.programs
    for program in (programs.hub, programs.agent):
        program.kill()
        expect(picture).not_to_have_attribute("data-state", "playing", timeout=15_000)
        program.start()
        plays(picture, BACK_MS)
    for fault, device in (("camera-offline", CAMERA), ("man-down", "ward")):
        demo.fault(fault, device, "on")
        try:
            expect(picture).not_to_have_attribute("data-state", "playing", timeout=20_000)
        finally:
            demo.fault(fault, device, "off")
        plays(picture, BACK_MS)
    assert page.evaluate("window.notReloaded") is True
