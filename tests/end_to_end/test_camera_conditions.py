"""How soon the district shows that a camera died, and that its picture is useless (docs/performance.md)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from demo import plan as plans
from demo.console import Console
from tests.end_to_end.conftest import RunningDemo

WARD = plans.VIRTUAL_WARD.id
LOOK_SECONDS = 0.1


@pytest.fixture
def console(demo: RunningDemo) -> Iterator[Console]:
    made = Console(demo.address, plans.USER, demo.password)
    yield made
    made.close()


def is_open(console: Console, device: str, rules: set[str]) -> bool:
    page = console.ward(WARD)
    return page is not None and any(each.device == device and each.rule in rules for each in page.ward.conditions)


def seconds_until(console: Console, device: str, rules: set[str], wanted: bool, most: float) -> float:
    """Until the district's API shows one of these conditions (or none of them)."""
    began = time.monotonic()
    while is_open(console, device, rules) is not wanted:
        assert time.monotonic() - began < most, f"{device}: {rules} not {wanted} within {most} s"
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("fault", "device", "rules", "most_seconds"),
    [
        ("camera-offline", "cam-4", {"camera_stalled", "unreachable"}, 5.0),
        ("camera-freeze", "cam-3", {"picture_frozen"}, 30.0),
        ("camera-cover", "cam-2", {"picture_covered"}, 30.0),
    ],
)
def test_the_district_shows_a_camera_s_trouble_in_time_and_its_end(
    demo: RunningDemo, console: Console, fault: str, device: str, rules: set[str], most_seconds: float
) -> None:
    seconds_until(console, device, rules, False, 60.0)  # nothing left of another test
    demo.fault(fault, device, "on")
    try:
        taken = seconds_until(console, device, rules, True, most_seconds)
    finally:
        demo.fault(fault, device, "off")
    print(f"{fault}: shown at the district after {taken:.1f} s")  # noqa: T201 - pytest -s shows the figure
    seconds_until(console, device, rules, False, 60.0)
