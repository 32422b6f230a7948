"""Power: no joule is made or lost, and what hangs on an empty battery goes dark."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.model.machine import Plate
from simulator.model.mains import Mains
from simulator.model.ups import OVERLOAD, Rating, Source, Ups

PLATE = Plate("ups-1", "ups", "Santak", "C2KE", "1", "1", "UPS", "Phòng máy chủ")
RATING = Rating(watts=1000, volt_amperes=1500, battery_watt_hours=200, charger_watts=90, cells=12)

step = st.tuples(
    st.floats(min_value=0.01, max_value=900.0), st.booleans(), st.floats(min_value=0.0, max_value=1300.0), st.booleans()
)


def ups_and_mains(seed: int = 1) -> tuple[Ups, Mains]:
    return Ups(PLATE, RATING, random.Random(seed)), Mains(random.Random(seed))


@settings(deadline=None, max_examples=150)
@given(st.lists(step, max_size=40), st.floats(min_value=0.0, max_value=1.0))
def test_energy_is_conserved_whatever_happens(steps: list[tuple[float, bool, float, bool]], charge: float) -> None:
    ups, mains = ups_and_mains()
    ups.stored_joules = at_first = charge * ups.capacity_joules
    for seconds, mains_on, load, dead in steps:
        mains.on, ups.dead = mains_on, dead
        ups.feed(seconds, mains, load)
        assert 0.0 <= ups.stored_joules <= ups.capacity_joules
        book = ups.ledger
        turned_over = max(1.0, book.taken + book.delivered)
        balance = book.taken - book.delivered - book.lost - (ups.stored_joules - at_first)
        assert abs(balance) < 1e-6 * turned_over
        assert book.lost >= -1e-6 * turned_over


@settings(deadline=None, max_examples=60)
@given(st.floats(min_value=20.0, max_value=1000.0), st.floats(min_value=0.1, max_value=1.0))
def test_the_runtime_it_promises_is_the_runtime_it_has(load: float, charge: float) -> None:
    ups, mains = ups_and_mains()
    ups.stored_joules = charge * ups.capacity_joules
    mains.on = False
    ups.feed(0.001, mains, load)
    promised = ups.runtime_seconds
    ups.feed(promised * 0.99, mains, load)
    assert ups.source is Source.BATTERY
    ups.feed(promised * 0.02 + 0.01, mains, load)
    assert ups.source is Source.NONE


def test_the_harder_it_is_drawn_the_less_of_its_energy_reaches_the_load() -> None:
    ups, mains = ups_and_mains()
    mains.on = False
    reached = []
    for load in (300.0, 600.0, 900.0):
        ups.feed(0.001, mains, load)
        reached.append(load * ups.runtime_seconds)
    assert reached == sorted(reached, reverse=True)
    assert reached[0] < 0.9 * ups.capacity_joules


def test_the_voltage_sags_under_load_and_falls_as_it_empties() -> None:
    ups, mains = ups_and_mains()
    ups.feed(1.0, mains, 500.0)
    floating = ups.battery_volts
    mains.on = False
    ups.feed(1.0, mains, 500.0)
    sagged = ups.battery_volts
    ups.feed(600.0, mains, 500.0)
    assert floating > sagged > ups.battery_volts > 20.0


def test_when_the_mains_return_it_comes_back_and_charges() -> None:
    ups, mains = ups_and_mains()
    mains.on = False
    ups.feed(7200.0, mains, 600.0)
    assert (ups.source, ups.stored_joules, ups.powered) == (Source.NONE, 0.0, False)
    mains.on = True
    ups.feed(60.0, mains, 600.0)
    assert ups.source is Source.MAINS
    assert ups.running
    assert 0.0 < ups.charge < 0.02
    ups.feed(6 * 3600.0, mains, 600.0)
    assert ups.charge > 0.99


def test_what_fell_does_not_try_again_on_battery() -> None:
    ups, mains = ups_and_mains()
    mains.on = False
    ups.feed(10.0, mains, OVERLOAD * RATING.watts + 1.0)
    assert ups.source is Source.NONE
    ups.feed(10.0, mains, 0.0)
    assert ups.source is Source.NONE
    assert ups.charge > 0.9


def test_a_broken_ups_passes_the_mains_on_but_holds_nothing() -> None:
    ups, mains = ups_and_mains()
    ups.set_dead(True)
    ups.feed(10.0, mains, 400.0)
    assert ups.output_on
    assert not ups.running
    mains.on = False
    ups.feed(0.5, mains, 400.0)
    assert not ups.output_on


def test_seconds_on_battery_count_only_on_battery() -> None:
    ups, mains = ups_and_mains()
    mains.on = False
    ups.feed(42.5, mains, 200.0)
    assert ups.on_battery_seconds == pytest.approx(42.5)
    mains.on = True
    ups.feed(1.0, mains, 200.0)
    assert ups.on_battery_seconds == 0.0
    assert ups.line_fails == 1
