"""Printers: pages take toner and paper, and neither comes back by itself."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.model.machine import Plate
from simulator.model.printer import Duty, Engine, Printer, PrinterState, Toner, Tray
from simulator.model.workday import DAY, HOUR, activity, moment_now, moment_of

PLATE = Plate("printer-1", "printer", "Brother", "HL", "1", "1", "Máy in", "Quầy 1")
MONDAY_MORNING = moment_of("09:15")
BUSY = Duty(jobs_per_busy_hour=60, pages_per_job=4)
NOBODY_CARES = Duty(jobs_per_busy_hour=60, pages_per_job=4, refill_after_seconds=None, replace_after_seconds=None)


def printer(seed: int = 1, duty: Duty = BUSY, sheets: int = 250, left: float = 0.6) -> Printer:
    toners = [Toner("black", 3000, left), Toner("cyan", 2000, left)]
    return Printer(PLATE, Engine(1.6), duty, toners, [Tray("Tray 1", 250, sheets)], random.Random(seed))


@settings(deadline=None, max_examples=80)
@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(st.floats(min_value=0.1, max_value=3000.0), st.booleans(), st.booleans()), max_size=30),
)
def test_toner_never_rises_and_pages_never_fall_unless_somebody_helps(
    seed: int, steps: list[tuple[float, bool, bool]]
) -> None:
    one, moment = printer(seed, left=0.01), MONDAY_MORNING
    for seconds, jammed, powered in steps:
        toner, pages = [t.left for t in one.toners], one.pages_total
        sheets, helped = one.trays[0].sheets, one.replacements
        one.jammed = jammed
        one.set_power(powered)
        one.advance(seconds, moment)
        moment += seconds
        assert one.pages_total >= pages
        if one.replacements == helped:
            assert all(now.left <= before for now, before in zip(one.toners, toner, strict=True))
        if one.trays[0].sheets > sheets:
            assert one.trays[0].sheets <= one.trays[0].capacity
        assert all(0.0 <= t.left <= 1.0 for t in one.toners)
        if jammed or not powered:
            assert one.pages_total == pages


def test_each_page_takes_one_sheet() -> None:
    one = printer(duty=NOBODY_CARES)
    one.advance(600.0, MONDAY_MORNING)
    assert one.pages_total > 0
    assert one.pages_total == 250 - one.trays[0].sheets


def test_a_day_does_not_depend_on_the_size_of_the_steps() -> None:
    coarse, fine = printer(7), printer(7)
    coarse.advance(1800.0, MONDAY_MORNING)
    for second in range(3600):
        fine.advance(0.5, MONDAY_MORNING + second * 0.5)
    assert coarse.pages_total == fine.pages_total > 0
    assert coarse.toners[0].left == pytest.approx(fine.toners[0].left)


def test_without_paper_it_stops_until_somebody_refills() -> None:
    one = printer(sheets=3)
    one.advance(500.0, MONDAY_MORNING)
    assert one.state is PrinterState.STOPPED
    assert one.pages_total == 3
    one.advance(700.0, MONDAY_MORNING)
    assert one.pages_total > 3


def test_an_empty_cartridge_stops_it_and_a_new_one_lets_it_print() -> None:
    one = printer(duty=NOBODY_CARES, left=0.0005)
    one.advance(1200.0, MONDAY_MORNING)
    assert one.toner_empty
    stuck = one.pages_total
    one.advance(600.0, MONDAY_MORNING)
    assert one.pages_total == stuck
    one.replace_toner("black")
    one.advance(600.0, MONDAY_MORNING)
    assert one.pages_total > stuck
    with pytest.raises(KeyError):
        one.replace_toner("magenta")


def test_a_jam_stops_the_job_and_it_goes_on_afterwards() -> None:
    one = printer()
    while one.state is not PrinterState.PRINTING:
        one.advance(0.5, MONDAY_MORNING)
    before = one.pages_total
    one.jammed = True
    one.advance(60.0, MONDAY_MORNING)
    assert (one.state, one.pages_total) == (PrinterState.STOPPED, before)
    one.jammed = False
    one.advance(20.0, MONDAY_MORNING)
    assert one.pages_total > before


def test_people_print_in_the_morning_and_not_at_night() -> None:
    morning, night = printer(3), printer(3)
    morning.advance(HOUR, moment_of("09:00"))
    night.advance(HOUR, moment_of("02:00"))
    assert morning.pages_total > 5 * night.pages_total
    assert activity(moment_of("12:30")) < 0.2 < activity(moment_of("15:00"))
    assert activity(5 * DAY + moment_of("10:00")) == activity(moment_of("03:00"))


def test_the_wards_week_is_vietnams() -> None:
    # 2026-11-23 is a Monday; 01:00 UTC is 08:00 in Đà Nẵng.
    assert moment_now(1_795_395_600_000_000) == moment_of("08:00")
    for words in ("25:00", "08:60", "eight", "8"):
        with pytest.raises(ValueError, match=r".+"):
            moment_of(words)
