"""What is dropped, and when it goes on: by the age of the oldest unacknowledged frame."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.live.backlog import LIMIT_SECONDS, RESUME_SECONDS, Backlog


def offer(backlog: Backlog, sequence: int, now: float, *, keyframe: bool = False) -> bool:
    admitted = backlog.admit(now, keyframe=keyframe)
    if admitted:
        backlog.sent(sequence, now)
    return admitted


def test_nothing_is_dropped_while_acknowledgements_come_in_time() -> None:
    backlog = Backlog()
    for number in range(100):
        assert offer(backlog, number, number * 0.04)
        backlog.acknowledged(number - 10)
    assert backlog.dropped == 0


def test_from_an_unacknowledged_frame_of_half_a_second_on_frames_are_dropped_up_to_a_keyframe() -> None:
    backlog = Backlog()
    assert offer(backlog, 1, 0.0, keyframe=True)
    assert offer(backlog, 2, LIMIT_SECONDS)
    assert not offer(backlog, 3, LIMIT_SECONDS + 0.01)
    backlog.acknowledged(2)
    assert not offer(backlog, 4, LIMIT_SECONDS + 0.04)  # what follows a hole cannot be decoded
    assert offer(backlog, 5, LIMIT_SECONDS + 0.08, keyframe=True)
    assert offer(backlog, 6, LIMIT_SECONDS + 0.12)
    assert backlog.dropped == 2


def test_a_keyframe_alone_does_not_end_it_while_the_lag_is_over_the_half() -> None:
    backlog = Backlog()
    offer(backlog, 1, 0.0, keyframe=True)
    offer(backlog, 2, 0.4)
    assert not offer(backlog, 3, 0.55, keyframe=True)
    backlog.acknowledged(1)  # the oldest is now that of 0.4
    assert not offer(backlog, 4, 0.4 + RESUME_SECONDS, keyframe=True)
    backlog.acknowledged(2)
    assert offer(backlog, 5, 1.0, keyframe=True)


@given(st.floats(0.2, 3.0), st.integers(5, 60))
def test_over_any_line_the_lag_is_bounded_and_it_never_stays_stuck(share: float, interval: int) -> None:
    """A line that carries `share` frames for each that comes, in order; acknowledged when carried."""
    backlog, line = Backlog(), deque[tuple[int, float]]()
    credit, sent_at, worst = 0.0, 0.0, 0.0
    for number in range(1500):
        now = number * 0.04
        credit = min(1.0, credit + share) if not line else credit + share
        while line and credit >= 1.0:
            credit -= 1.0
            sequence, began = line.popleft()
            worst = max(worst, now - began)
            backlog.acknowledged(sequence)
        if offer(backlog, number, now, keyframe=number % interval == 0):
            line.append((number, now))
            sent_at = now
        assert now - sent_at <= 2 * interval * 0.04 + LIMIT_SECONDS / share + 1.0
    assert worst <= (LIMIT_SECONDS + 0.08) / min(1.0, share) + 0.2
