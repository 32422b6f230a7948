"""The live picture in a real browser: a real hub, real H.264, both ways of playing, and what may go wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.dashboards.web.conftest import PASSWORD, SCREENSHOTS, Served, served
from tests.dashboards.web.live_stage import CAMERAS, WARD
from tests.dashboards.web.test_pages import SIZES, look, wide

CAMERA = "cam-1"
WAYS = {"webcodecs": "?measure", "mse": "?measure&player=mse"}
PLAYS_MS = 20_000
# Of pixels whose red differs by more than 24 steps between two looks half a second apart.
MOVED = """async picture => {
  const before = await picture.snapshot();
  await new Promise(done => setTimeout(done, 500));
  const after = await picture.snapshot();
  let moved = 0;
  for (let at = 0; at < before.data.length; at += 4) if (Math.abs(before.data[at] - after.data[at]) > 24) moved += 1;
  return moved;
}"""


class Stage(Served):
    """The hub with its wards; sessions outlive it."""

    def tell(self, do: str, reason: str = "") -> None:
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(json.dumps({"device": CAMERA, "do": do, "reason": reason}) + "\n")
        self.process.stdin.flush()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with served(Stage("tests.dashboards.web.live_stage", ("--folder", str(folder)))) as made:
        yield made


def sign_in(page: Page, stage: Stage, path: str) -> None:
    page.goto(stage.address + path)
    page.get_by_test_id("sign-in-user").fill("demo")
    page.get_by_test_id("sign-in-password").fill(PASSWORD)
    page.get_by_test_id("sign-in-submit").click()


def picture_of(page: Page, camera: str = CAMERA) -> Locator:
    return page.get_by_test_id(f"live-{camera}")


def plays(picture: Locator, timeout_ms: float = PLAYS_MS) -> None:
    expect(picture).to_have_attribute("data-state", "playing", timeout=timeout_ms)


def drawn(picture: Locator) -> int:
    return int(picture.evaluate("e => e.framesDrawn"))


def draws(page: Page, picture: Locator, frames: int = 20) -> None:
    """So many frames more, within some seconds."""
    before = drawn(picture)
    page.wait_for_function("([e, n]) => e.framesDrawn >= n", arg=[picture.element_handle(), before + frames])


@pytest.mark.parametrize("way", WAYS)
def test_a_camera_is_seen_moving(browser: Browser, stage: Stage, way: str) -> None:
    with look(browser, "desktop") as (page, problems):
        sign_in(page, stage, f"/wards/{WARD}/devices/{CAMERA}{WAYS[way]}")
        picture = picture_of(page)
        plays(picture)
        expect(picture).to_have_attribute("data-path", way)
        draws(page, picture, 40)
        assert picture.evaluate("e => e.codec").startswith("avc1.")
        assert picture.evaluate("e => [e.size.width, e.size.height, e.playing]") == [1280, 720, "main"]
        assert picture.evaluate("e => e.firstFrameMs") > 0
        assert picture.evaluate(MOVED) > 1000
        ages = picture.evaluate("e => e.glassToGlassMs")
        assert len(ages) > 20, "the burned-in clock was not read"
        # Ages that stay as they are while frames come: the burned-in clock advances with ours.
        assert all(-50 < age < 5000 for age in ages[-20:]), ages[-20:]
        assert problems == []


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_stands_is_told_and_comes_back_by_itself(browser: Browser, stage: Stage, way: str) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, stage, f"/wards/{WARD}/devices/{CAMERA}{WAYS[way]}")
        picture = picture_of(page)
        plays(picture)
        stage.tell("stop")
        expect(picture).to_have_attribute("data-state", "stalled")
        expect(picture).to_contain_text("Hình đứng từ")
        expect(picture).to_contain_text("Camera không gửi hình mới")
        stage.tell("trouble", "wrong_credentials")
        expect(picture).to_have_attribute("data-state", "trouble")
        expect(picture).to_contain_text("Camera từ chối tên đăng nhập hoặc mật khẩu")
        stage.tell("play")
        plays(picture)
        draws(page, picture)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_a_hub_that_was_killed_comes_back_without_a_reload(browser: Browser, stage: Stage, way: str) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, stage, f"/wards/{WARD}/devices/{CAMERA}{WAYS[way]}")
        picture = picture_of(page)
        plays(picture)
        page.evaluate("window.same = true")
        stage.kill()
        expect(picture).to_have_attribute("data-state", "stalled", timeout=10_000)
        expect(picture).to_contain_text("Mất kết nối tới máy chủ")
        stage.start()
        plays(picture, 30_000)
        draws(page, picture)
        assert picture.evaluate(MOVED) > 1000
        assert page.evaluate("window.same") is True


@pytest.mark.parametrize("way", WAYS)
def test_tiles_play_the_sub_stream_and_a_full_screen_the_main_one(browser: Browser, stage: Stage, way: str) -> None:
    with look(browser, "desktop") as (page, problems):
        sign_in(page, stage, f"/wards/{WARD}{WAYS[way]}")
        for camera in CAMERAS:
            plays(picture_of(page, camera))
        picture = picture_of(page)
        assert picture.evaluate("e => [e.size.width, e.playing]") == [640, "sub"]
        before = drawn(picture)
        picture.hover(force=True)
        picture.locator("button.full").click()
        page.wait_for_function("e => e.playing === 'main' && e.size.width === 1280", arg=picture.element_handle())
        expect(picture).to_have_attribute("data-state", "playing")
        page.keyboard.press("f")
        page.wait_for_function("e => e.playing === 'sub'", arg=picture.element_handle())
        assert drawn(picture) > before
        assert problems == []


def test_what_nobody_sees_is_not_sent(browser: Browser, stage: Stage) -> None:
    with look(browser, "desktop") as (page, _):
        sockets: list[str] = []
        page.on("websocket", lambda made: sockets.append(made.url))
        page.on("websocket", lambda made: made.on("close", lambda closed: sockets.remove(closed.url)))
        sign_in(page, stage, f"/wards/{WARD}")
        picture = picture_of(page)
        plays(picture)
        until(page, lambda: len(sockets) == len(CAMERAS))
        say_hidden = "yes => { Object.defineProperty(document, 'hidden', { value: yes, configurable: true });"
        say_hidden += " document.dispatchEvent(new Event('visibilitychange')); }"
        page.evaluate(say_hidden, True)
        expect(picture).to_have_attribute("data-state", "paused")
        until(page, lambda: sockets == [])
        page.evaluate(say_hidden, False)
        plays(picture, 3000)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(picture).to_have_attribute("data-state", "paused")
        until(page, lambda: sockets == [])


def until(page: Page, holds: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


def test_pictures_fit_their_pages(browser: Browser, stage: Stage) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        with look(browser, size) as (page, problems):
            sign_in(page, stage, f"/wards/{WARD}")
            for name, path in (("ward", f"/wards/{WARD}"), ("camera", f"/wards/{WARD}/devices/{CAMERA}")):
                if name == "camera":
                    page.goto(stage.address + path)
                plays(picture_of(page))
                box = picture_of(page).bounding_box()
                assert box is not None and abs(box["width"] / box["height"] - 16 / 9) < 0.05
                assert wide(page) <= SIZES[size][0]
                page.screenshot(path=SCREENSHOTS / f"live-{name}-{size}.png")
            assert problems == []
