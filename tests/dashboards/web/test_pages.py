"""The pages in a real browser, before an example district in every state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboards.web.conftest import PASSWORD, SCREENSHOTS, Example

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}
LOOKS = [(size, scheme, language) for size in SIZES for scheme, language in (("light", "vi"), ("dark", "en"))]
PAGES = ["/", "/wards/thach-thang", "/wards/thanh-binh", "/wards/hai-chau-2/devices/ups-1", "/account", "/about"]


@contextmanager
def look(browser: Browser, size: str, scheme: str = "light", language: str = "vi") -> Iterator[tuple[Page, list[str]]]:
    """A page of a fresh profile, and what went wrong on it: errors, and requests to any other host."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=size == "phone",
        is_mobile=size == "phone",
    )
    context.add_init_script(f"localStorage.language ??= '{language}'")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    page.on("request", lambda asked: None if "//127.0.0.1:" in asked.url else problems.append(asked.url))
    yield page, problems
    context.close()


def sign_in(page: Page, example: Example, path: str = "/") -> None:
    page.goto(example.address + path)
    page.get_by_test_id("sign-in-user").fill("demo")
    page.get_by_test_id("sign-in-password").fill(PASSWORD)
    page.get_by_test_id("sign-in-submit").click()


def wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_the_gallery_shows_every_component_in_every_state(browser: Browser, example: Example) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size, scheme, language in LOOKS:
        with look(browser, size, scheme, language) as (page, problems):
            page.goto(f"{example.address}/gallery.html")
            expect(page.get_by_test_id("gallery-page-error-not-found")).to_be_visible()
            cases = page.locator("[data-testid^=gallery-] .stage")
            assert cases.count() > 60
            empty = cases.evaluate_all("all => all.filter(each => each.clientHeight < 16).length")
            assert empty == 0
            assert wide(page) <= SIZES[size][0]
            page.screenshot(path=SCREENSHOTS / f"gallery-{size}-{scheme}-{language}.png", full_page=True)
            assert problems == []


def test_every_page_fits_its_screen_and_asks_no_other_host(browser: Browser, example: Example) -> None:
    for size, scheme, language in LOOKS:
        with look(browser, size, scheme, language) as (page, problems):
            sign_in(page, example)
            expect(page.get_by_test_id("ward-thach-thang")).to_be_visible()
            for path in PAGES:
                page.goto(example.address + path)
                expect(page.locator("h1").first).to_be_visible()
                assert wide(page) <= SIZES[size][0], f"{path} is too wide on a {size}"
            assert problems == []


def test_a_deep_link_leads_through_sign_in_to_its_page(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, example, "/wards/hai-chau-2/devices/ups-1")
        expect(page).to_have_url(f"{example.address}/wards/hai-chau-2/devices/ups-1")
        expect(page.get_by_test_id("condition-ups_on_battery-ups-1").first).to_be_visible()
        expect(page.locator("h1")).to_contain_text("đang chạy bằng pin")


def test_a_dead_switch_is_shown_once_with_what_hangs_on_it_inside(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, example, "/wards/thach-thang")
        cause = page.get_by_test_id("condition-unreachable-switch-2")
        expect(cause).to_have_count(1)
        expect(cause.get_by_test_id(re.compile("condition-unreachable-workstation-1[1-5]"))).to_have_count(5)


def test_old_values_do_not_look_new(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, example, "/wards/thanh-binh")
        expect(page.locator("h1")).to_contain_text("mất liên lạc từ")
        card = page.get_by_test_id("device-ups-1")
        expect(card).to_contain_text("Số liệu lúc")
        expect(card.locator(".ups.old")).to_have_count(1)


@pytest.mark.timeout(120)
def test_a_lost_connection_is_told_and_its_return_too(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, problems):
        sign_in(page, example)
        expect(page.get_by_test_id("stream-live")).to_be_visible()
        example.kill()
        expect(page.get_by_test_id("stream-lost")).to_be_visible(timeout=10_000)
        expect(page.get_by_text("Mất kết nối, đang thử lại.")).to_be_visible()
        expect(page.get_by_test_id("ward-thach-thang")).to_be_visible()
        example.start()
        # The example keeps its sessions in memory: what comes back asks to sign in again.
        expect(page.get_by_test_id("sign-in-user")).to_be_visible(timeout=30_000)
        sign_in(page, example)
        expect(page.get_by_test_id("stream-live")).to_be_visible()
        assert problems == []


def test_the_language_and_the_colours_are_remembered(browser: Browser, example: Example) -> None:
    with look(browser, "phone") as (page, _):
        page.goto(f"{example.address}/sign-in")
        page.get_by_test_id("reader-menu").click()
        page.get_by_test_id("theme-dark").click()
        page.get_by_test_id("language-en").click()
        expect(page.locator("h1")).to_have_text("Sign in")
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == [
            "en",
            "dark",
        ]


def test_the_keyboard_reaches_the_content_first(browser: Browser, example: Example) -> None:
    with look(browser, "desktop") as (page, _):
        sign_in(page, example)
        expect(page.get_by_test_id("ward-thach-thang")).to_be_visible()
        page.reload()
        expect(page.get_by_test_id("ward-thach-thang")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_text("Tới nội dung chính")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/wards/"))
