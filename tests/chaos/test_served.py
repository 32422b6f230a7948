"""The judge between devices and journals: what must be journaled, what need not be, and what nobody served."""

from __future__ import annotations

from chaos.compare import Journaled
from chaos.served import Served, ServedVerdict, judge, runs
from chaos.ward import Life
from telemetry.clock import ClockState
from telemetry.entry import Entry, Lifecycle, LifecycleEvent, Readings, encode
from telemetry.readings import REACHABLE, Reading

INCARNATION = b"1" * 16
SECOND = 1_000_000
METRIC = "battery_charge_percent"  # its dead-band is 0.9


def journaled(*points: tuple[float, float], metric: str = METRIC) -> list[Journaled]:
    found = []
    for position, (second, value) in enumerate(points, 1):
        readings = Readings([Reading(metric, value)])
        at = round(second * SECOND)
        entry = Entry(INCARNATION, position, at, bytes(16), at, ClockState.SYNCHRONISED, "ups", "ups-1", readings)
        found.append(Journaled.read("w", encode(entry)))
    return found


def served(*points: tuple[float, float]) -> list[Served]:
    return [Served("w", "ups-1", round(second * SECOND), METRIC, "", value, False) for second, value in points]


def verdict(answers: list[Served], entries: list[Journaled], *lives: Life, full: bool = False) -> ServedVerdict:
    found = ServedVerdict()
    whole = lives or (Life(0, 100 * SECOND),)
    judge(answers, entries, runs(whole, [(1, 0)] if full else [], entries), found)
    return found


def test_what_stays_within_the_dead_band_needs_no_entry_and_what_leaves_it_does() -> None:
    found = verdict(served((1, 80), (2, 80.5), (3, 82)), journaled((1.1, 80), (3.1, 82)))
    assert (found.within, found.journaled, found.missed, found.invented) == (1, 2, 0, 0)


def test_a_move_that_nobody_journaled_is_missed() -> None:
    found = verdict(served((1, 80), (2, 82), (3, 80)), journaled((1.1, 80), (10, 80)))
    assert (found.missed, found.invented) == (1, 1)  # and 80 at 10 s was served too long before


def test_a_number_that_no_device_served_is_invented() -> None:
    assert verdict(served((1, 80)), journaled((1.1, 80), (1.2, 99))).invented == 1


def test_what_an_agent_was_told_just_before_it_was_killed_need_not_be_durable() -> None:
    answers, entries = served((1, 80), (50, 90)), journaled((1.1, 80))
    assert verdict(answers, entries, Life(0, 51 * SECOND, killed=True)).excused == 1
    # But an agent that lived on, or that wrote later entries, should have written it.
    assert verdict(answers, entries, Life(0, 70 * SECOND, killed=True)).missed == 1
    assert verdict(answers, entries, Life(0, 70 * SECOND, killed=True), full=True).excused == 1
    later = journaled((1.1, 80), (58, 95))
    assert verdict(served((1, 80), (50, 90), (57.9, 95)), later, Life(0, 59 * SECOND, killed=True)).missed == 1


def test_an_answer_that_came_too_late_is_excused_by_the_entry_that_says_so() -> None:
    answers = served((1, 80), (50, 90))
    silent = journaled((1.1, 0.0), (54, 0.0), metric=REACHABLE)
    assert verdict(answers, [*journaled((1.1, 80)), *silent]).excused == 1


def test_an_answer_after_that_entry_was_one_to_a_question_that_had_been_given_up() -> None:
    silent = journaled((1.1, 1.0), (54, 0.0), metric=REACHABLE)
    before = journaled((1.1, 80))
    assert verdict(served((1, 80), (54.3, 90)), [*before, *silent]).excused == 1
    # The device stays silent for the agent, as its next poll had no answer in time either: that is not said again.
    assert verdict(served((1, 80), (59.5, 90)), [*before, *silent]).excused == 1
    # But a device that answers for longer than two polls take is one that the agent does not hear.
    assert verdict(served((1, 80), (67, 90)), [*before, *silent]).missed == 1


def test_the_answer_with_which_a_device_was_back_should_have_been_written() -> None:
    reached = journaled((1.1, 1.0), (54, 0.0), (55, 1.0), (90, 1.0), metric=REACHABLE)
    before = journaled((1.1, 80))
    assert verdict(served((1, 80), (54.9, 90)), [*before, *reached]).missed == 1
    found = verdict(served((1, 80), (54.3, 90), (54.9, 80)), [*before, *reached])
    assert (found.excused, found.missed) == (1, 0)


def test_an_agent_that_had_its_last_word_takes_no_more_answers() -> None:
    answers, entries = served((1, 80), (50.1, 90)), journaled((1.1, 80))
    word = Lifecycle(LifecycleEvent.STOPPED)
    at = 50 * SECOND
    last = Entry(INCARNATION, 9, at, bytes(16), at, ClockState.SYNCHRONISED, "", "", word)
    assert verdict(answers, [*entries, Journaled.read("w", encode(last))]).excused == 1
    assert verdict(answers, entries).missed == 1


def test_each_start_of_an_agent_writes_everything_anew() -> None:
    lives = (Life(0, 10 * SECOND, killed=True), Life(11 * SECOND, 100 * SECOND))
    assert verdict(served((1, 80), (12, 80)), journaled((1.1, 80)), *lives).missed == 1
