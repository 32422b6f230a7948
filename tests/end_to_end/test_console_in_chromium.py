"""What a person sees: sign in, a ward, a device, a fault that appears and clears by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.end_to_end.conftest import LOOKS, SCREENSHOTS, Look, RunningDemo, sign_in

WARD = "hai-chau-1"
DESKTOP = LOOKS[0]


def shoot(page: Page, name: str, look: Look) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{look.name}.png", full_page=True)


def test_a_wrong_password_is_refused_in_words(demo: RunningDemo, looking: Callable[[Look], BrowserContext]) -> None:
    page = looking(DESKTOP).new_page()
    sign_in(page, demo.address, "not the password")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_test_id("sign-in-user")).to_be_visible()


@pytest.mark.timeout(240)
def test_a_fault_appears_without_a_reload_and_clears(
    demo: RunningDemo, looking: Callable[[Look], BrowserContext]
) -> None:
    page = looking(DESKTOP).new_page()
    sign_in(page, demo.address, demo.password)
    page.get_by_test_id(f"ward-{WARD}").click()
    page.get_by_test_id("device-ups-1").first.click()
    expect(page).to_have_url(re.compile(r"/wards/hai-chau-1/devices/ups-1$"))
    page.evaluate("window.notReloaded = true")
    condition = page.get_by_test_id("condition-ups_on_battery-ups-1").first
    expect(condition).to_have_count(0)

    demo.fault("power-cut", "ward", "on")
    try:
        expect(condition).to_be_visible(timeout=20_000)
        shoot(page, "device-on-battery", DESKTOP)
        page.go_back()
        expect(page.get_by_test_id("condition-ups_on_battery-ups-1").first).to_be_visible(timeout=10_000)
        shoot(page, "ward-power-cut", DESKTOP)
        page.go_forward()
    finally:
        demo.fault("power-cut", "ward", "off")
    expect(page.get_by_test_id("condition-ups_on_battery-ups-1")).to_have_count(0, timeout=60_000)
    assert page.evaluate("window.notReloaded") is True


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_page_is_photographed_and_fits_its_screen(
    demo: RunningDemo, looking: Callable[[Look], BrowserContext], look: Look
) -> None:
    page = looking(look).new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(demo.address)
    expect(page.get_by_test_id("sign-in-submit")).to_be_visible()
    shoot(page, "sign-in", look)
    sign_in(page, demo.address, demo.password)
    expect(page.get_by_test_id(f"ward-{WARD}")).to_be_visible()
    shoot(page, "district", look)
    places = {
        "ward": (f"/wards/{WARD}", "device-ups-1"),
        "ups": (f"/wards/{WARD}/devices/ups-1", "device-ups-1"),
        "printer": (f"/wards/{WARD}/devices/printer-2", "device-printer-2"),
        "switch": (f"/wards/{WARD}/devices/switch-1", "device-switch-1"),
        "server": (f"/wards/{WARD}/devices/server-1", "device-server-1"),
    }
    for name, (path, test_id) in places.items():
        page.goto(demo.address + path)
        expect(page.get_by_test_id(test_id).first).to_be_visible()
        page.wait_for_load_state("load")
        shoot(page, name, look)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= look.width, f"{name} is {width} px wide on a screen of {look.width}"
    assert problems == []
