"""Evidence in a browser: verdict first, the strip by hand and by key, proofs, pictures; old ones say their age."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.dashboards.web.conftest import SCREENSHOTS, Example
from tests.dashboards.web.test_pages import LOOKS, SIZES, look, sign_in, wide

CAMERA = "/wards/binh-hien/devices/camera-2"
RECORDER = "/wards/binh-hien/devices/recorder-1"


def test_a_camera_says_its_verdict_first_and_shows_its_gaps_and_proofs(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, problems):
        sign_in(page, example, CAMERA)
        strip = page.get_by_test_id("coverage-camera-2")
        expect(strip).to_have_attribute("data-verdict", "not_met")
        expect(strip.locator(".what")).to_contain_text(re.compile(r"^Thiếu 2 ngày: \d\d/\d\d, \d\d/\d\d$"))
        expect(strip.locator(".strip li")).to_have_count(30)
        expect(strip.locator(".strip b")).to_have_count(3)
        expect(strip.locator(".gaps li")).to_have_count(3)
        proofs = page.get_by_test_id("proof")
        expect(proofs).to_have_count(5)
        expect(page.locator("[data-testid=proof][data-proves=false]")).to_have_count(1)
        expect(proofs.filter(has_text="cũ nhất")).to_have_count(1)
        expect(proofs.filter(has_text="Hình đang được gửi về")).to_have_count(1)
        hashes = proofs.first.locator("code").first
        expect(hashes).to_be_hidden()
        proofs.first.locator("summary").click()
        expect(hashes).to_have_text(re.compile("^[0-9a-f]{64}$"))
        assert problems == []


def test_the_strip_is_read_by_pointer_and_by_arrow_keys(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, example, CAMERA)
        strip = page.get_by_test_id("coverage-camera-2")
        read = strip.locator(".read")
        gap = strip.locator(".strip li", has=page.locator("b")).first
        gap.hover()
        expect(read).to_contain_text("hở 08:00–11:30")
        page.mouse.move(0, 0)
        strip.locator(".reach").focus()
        page.keyboard.press("End")
        last = read.inner_text()
        page.keyboard.press("ArrowLeft")
        expect(read).not_to_have_text(last)
        expect(read).to_contain_text(re.compile(r"\d\d/\d\d/\d{4}: "))


def test_a_picture_is_shown_whole_and_closed_again(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, problems):
        sign_in(page, example, CAMERA)
        seen = page.get_by_test_id("seen-blurred")
        expect(seen).to_contain_text("Hình mờ")
        small = seen.locator("button.small img")
        small.scroll_into_view_if_needed()
        page.wait_for_function("each => each.naturalWidth > 0", arg=small.element_handle())
        seen.locator("button.small").click()
        large = seen.locator("dialog")
        expect(large).to_be_visible()
        page.screenshot(path=SCREENSHOTS / "evidence-picture.png")
        page.keyboard.press("Escape")
        expect(large).to_have_count(0)
        assert problems == []


def test_a_recorder_shows_each_of_its_cameras_the_worst_first(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, example, RECORDER)
        verdicts = page.locator("[data-verdict]")
        expect(verdicts).to_have_count(6)
        found = verdicts.evaluate_all("all => all.map(each => each.dataset.verdict)")
        assert found == ["not_met", "not_met", "motion_only", "unknown", "not_yet_provable", "met"]


def test_a_tile_without_a_stream_shows_its_newest_picture_with_its_age(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, problems):
        sign_in(page, example, "/wards/binh-hien")
        badge = page.get_by_test_id("thumbnail-camera-1")
        expect(badge).to_contain_text(re.compile("Hình (vừa xong|.* trước)"))
        picture = page.get_by_test_id("live-camera-1").locator(".stage img")
        page.wait_for_function("each => each.naturalWidth > 0", arg=picture.element_handle())
        before = picture.get_attribute("src")
        expect(picture).not_to_have_attribute("src", before or "", timeout=20_000)  # the next one came by itself
        expect(page.get_by_test_id("device-recorder-1").locator("coverage-strip")).to_have_count(6)
        assert problems == []


def test_the_pages_fit_their_screens_in_both_lights_and_languages(browser: Browser, example: Example) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size, scheme, language in LOOKS:
        with look(browser, size, scheme, language) as (page, problems):
            sign_in(page, example, CAMERA)
            expect(page.get_by_test_id("coverage").first).to_be_visible()
            for name, path in (("camera", CAMERA), ("recorder", RECORDER)):
                page.goto(example.address + path)
                expect(page.get_by_test_id("coverage").first).to_be_visible()
                expect(page.locator("[data-verdict]").first).to_be_visible()
                assert wide(page) <= SIZES[size][0], f"{path} is too wide on a {size}"
                page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}-{language}.png", full_page=True)
            assert problems == []
