"""How often a picture is judged does not depend on how often keyframes come, as long as enough of them do."""

from __future__ import annotations

import itertools

import pytest

from camera.watch.beat import Beat


def taken_of(keyframes: list[float], every: float, interval: float) -> list[float]:
    beat, found = Beat(0.0, every), []
    for at in keyframes:
        if beat.is_due(at):
            beat.taken(at, interval)
            found.append(at)
    return found


@pytest.mark.parametrize(("interval", "a_minute"), [(0.5, 12), (1.0, 12), (2.0, 12), (3.0, 12), (4.0, 12), (10.0, 6)])
def test_as_many_are_taken_as_are_asked_for(interval: float, a_minute: int) -> None:
    found = taken_of([interval * number for number in range(round(600 / interval))], 5.0, interval)
    assert len(found) == pytest.approx(10 * a_minute, abs=1)
    pauses = [later - before for before, later in itertools.pairwise(found)]
    assert max(pauses) <= max(5.0 + interval, interval)


def test_one_that_was_asked_for_in_between_begins_the_beat_anew() -> None:
    beat = Beat(0.0, 5.0)
    for at in (0.0, 1.0, 2.0, 3.0):  # whoever asks again and again does not put the next one off
        beat.taken(at, 1.0)
    assert not beat.is_due(7.4) and beat.is_due(7.5)


def test_after_a_pause_without_keyframes_none_is_made_up_for() -> None:
    assert taken_of([0.0, 60.0, 61.0, 62.0, 65.0], 5.0, 1.0) == [0.0, 60.0, 65.0]
