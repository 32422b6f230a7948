"""How long a ward took to catch up, counted from when nothing was in its way."""

from __future__ import annotations

from chaos.catch_up import CatchUp
from telemetry.intervals import IntervalSet

ONE, TWO = b"1" * 16, b"2" * 16


def test_the_clock_runs_from_the_last_thing_that_was_in_the_way_to_the_last_entry_of_then() -> None:
    catch_up = CatchUp(["a"])
    catch_up.block("a")
    catch_up.block("a")
    catch_up.clear("a", 10.0)
    assert catch_up.waiting() == []
    catch_up.clear("a", 20.0)
    assert catch_up.waiting() == ["a"]
    catch_up.look("a", {ONE: 5, TWO: 3}, {ONE: IntervalSet([(1, 5)])}, 21.0)
    # What was journaled since does not count: the ward goes on writing.
    catch_up.look("a", {ONE: 5, TWO: 9}, {ONE: IntervalSet([(1, 5)]), TWO: IntervalSet([(1, 3)])}, 24.5)
    assert (catch_up.waiting(), catch_up.longest, catch_up.measured) == ([], 4.5, 1)


def test_a_hole_is_not_caught_up_and_a_new_fault_ends_the_measurement() -> None:
    catch_up = CatchUp(["a"])
    catch_up.block("a")
    catch_up.clear("a", 0.0)
    catch_up.look("a", {ONE: 5}, {ONE: IntervalSet([(1, 2), (4, 5)])}, 1.0)
    assert catch_up.waiting() == ["a"]
    catch_up.block("a")
    assert (catch_up.waiting(), catch_up.measured) == ([], 0)
