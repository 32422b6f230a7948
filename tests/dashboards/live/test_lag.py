"""Slow links, in virtual time: how far a viewer falls behind, and that it always comes back."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.console.live.channel import Channel
from telemetry.live import StreamName
from tests.dashboards.live.virtual import NOTE, Studio, decodable

KBPS = 2000.0
BYTES_PER_SECOND = KBPS * 1000 / 8
gops = st.integers(min_value=10, max_value=40)
acks = st.floats(min_value=0.04, max_value=0.2)
delays = st.floats(min_value=0.001, max_value=0.02)


@settings(max_examples=40, deadline=None)
@given(gop=gops, ack_seconds=acks, delay=delays, share=st.floats(min_value=0.8, max_value=0.95))
def test_on_a_link_of_four_fifths_of_the_rate_the_lag_stays_under_1200_ms_and_ends_within_two_seconds(
    gop: int, ack_seconds: float, delay: float, share: float
) -> None:
    studio = Studio(gop=gop, kbps=KBPS)
    link = studio.watch(ack_seconds=ack_seconds, delay=delay)
    studio.play(3)
    link.rate = BYTES_PER_SECOND * share
    studio.play(10)
    link.rate = 1e9
    ended = studio.time.now
    studio.play(4)
    assert decodable(link.got)
    assert max(each.at - each.sent_at for each in link.got) <= 1.2
    after = [each for each in link.got if each.at > ended + 2]
    assert len(after) >= 45
    assert max(each.at - each.sent_at for each in after) < 0.2


@pytest.mark.parametrize(("lag_at_the_keyframe", "resumes"), [(0.45, False), (0.35, True)])
def test_who_was_left_behind_begins_anew_at_a_keyframe_only_with_less_than_half_the_limit_of_lag(
    lag_at_the_keyframe: float, resumes: bool
) -> None:
    """Resuming with nearly the whole limit of lag would drop again at once, and show a still picture a second."""
    studio = Studio(gop=50)
    limit = studio.settings.lag_seconds
    assert lag_at_the_keyframe < limit
    link = studio.watch(acknowledges=False)
    viewer = link.viewer
    assert viewer is not None
    studio.play(0.04 * 25)  # the keyframe and 24 more; nothing is acknowledged, so frames are spared from 0.8 s on
    assert viewer.waits
    studio.play(0.04 * 25)  # up to the frame before the next keyframe
    got = [each.sequence for each in link.got]
    oldest = studio.time.now - lag_at_the_keyframe
    viewer.acknowledged(got[-1], studio.time.now)
    viewer._backlog.sent([got[-1]], oldest)
    studio.play(0.04)
    assert studio.number - 1 == 50
    studio.play(0.04)
    assert (50 in [each.sequence for each in link.got]) is resumes


@settings(max_examples=25, deadline=None)
@given(gop=gops, ack_seconds=acks, share=st.floats(min_value=0.3, max_value=0.8))
def test_a_worse_link_shows_less_but_never_nothing_and_never_what_cannot_be_decoded(
    gop: int, ack_seconds: float, share: float
) -> None:
    studio = Studio(gop=gop, kbps=KBPS)
    link = studio.watch(ack_seconds=ack_seconds, rate=BYTES_PER_SECOND * share)
    studio.play(20)
    assert decodable(link.got)
    arrivals = [each.at for each in link.got]
    gaps = [after - before for before, after in itertools.pairwise(arrivals)]
    assert max(gaps) < 0.8 / share + 2 * gop / 25 + 0.6
    for before, after in itertools.pairwise(link.got):
        assert after.dropped_before == (after.sequence != before.sequence + 1)


@settings(max_examples=25, deadline=None)
@given(gop=gops, cut=st.floats(min_value=0.1, max_value=12.0), stream=st.sampled_from(list(StreamName)))
def test_after_a_cut_of_any_length_the_picture_comes_back(gop: int, cut: float, stream: StreamName) -> None:
    studio = Studio(gop=gop, kbps=KBPS, stream=stream)
    link = studio.watch()
    studio.play(3)
    link.rate = 0.0
    studio.play(cut)
    link.rate = BYTES_PER_SECOND * 8
    healed = studio.time.now
    studio.play(2 + 2 * gop / 25)
    late = [each for each in link.got if each.at > healed + 1.5 + gop / 25]
    assert late
    assert max(each.at - each.sent_at for each in late) < 0.5
    assert decodable(link.got)


@pytest.mark.parametrize("holds_back", [1, 4, 12])
def test_a_decoder_that_holds_frames_back_is_not_left_waiting_for_ever(holds_back: int) -> None:
    studio = Studio(gop=25)
    link = studio.watch(holds_back=holds_back)
    studio.play(3)
    link.rate = 0.0
    studio.play(1.5)  # long enough to be spared frames; what arrived then stays in the decoder
    link.rate = 1e9
    healed = studio.time.now
    studio.play(8)
    assert [each for each in link.got if each.at > healed + 6]


@settings(max_examples=20, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["good", "silent", "slow", "cut", "lying"]), min_size=1, max_size=6),
    gop=gops,
    stream=st.sampled_from(list(StreamName)),
)
def test_whatever_others_do_a_good_viewer_gets_every_frame_at_once(
    kinds: list[str], gop: int, stream: StreamName
) -> None:
    studio = Studio(gop=gop, kbps=KBPS, stream=stream)
    good = studio.watch()
    for kind in kinds:
        other = studio.watch(
            rate=BYTES_PER_SECOND * {"slow": 0.4, "cut": 0.0}.get(kind, 100.0),
            acknowledges=kind != "silent",
            capacity=50_000,
        )
        if kind == "lying":  # it acknowledges what it cannot have
            other.rate = 0.0
            viewer = other.viewer
            assert viewer is not None
            studio.time.later(
                1.0, lambda viewer=viewer: [viewer.acknowledged(n, studio.time.now) for n in range(0, 3000, 7)]
            )
    studio.play(8)
    assert [each.sequence for each in good.got][: studio.number - 5] == list(range(studio.number - 5))
    most = 0.25 if stream is StreamName.SUB else 0.03
    assert max(each.at - each.sent_at for each in good.got) <= most
    assert all(link.waiting_bytes < 50_000 + 4_000_000 + 600_000 for link in studio.links)


def test_a_viewer_that_takes_nothing_counts_as_stalled_but_one_that_has_nothing_to_take_does_not() -> None:
    studio = Studio()
    dead, alive = studio.watch(rate=0.0), studio.watch()
    studio.play(5)
    assert dead.viewer is not None and alive.viewer is not None
    assert not dead.viewer.stalled(studio.time.now)
    studio.play(studio.settings.stall_seconds)
    assert dead.viewer.stalled(studio.time.now)
    studio.time.run(studio.time.now + 100)  # the camera is gone
    assert not alive.viewer.stalled(studio.time.now)
    assert dead.waiting_bytes < 4_000_000


@settings(max_examples=25, deadline=None)
@given(joins=st.lists(st.floats(min_value=0.0, max_value=4.0), min_size=1, max_size=5), gop=gops)
def test_whoever_comes_begins_at_once_with_the_newest_keyframe(joins: list[float], gop: int) -> None:
    for stream in StreamName:
        studio = Studio(gop=gop, stream=stream)
        studio.watch()
        for wait in joins:
            studio.play(max(wait, 0.04))
            before, newest = studio.time.now, studio.number - 1
            link = studio.watch()
            studio.play(0.32)
            assert decodable(link.got)
            assert link.got[0].sequence == newest - newest % gop
            assert link.got[0].at - before < 0.05
            assert [each.sequence for each in link.got][: newest - link.got[0].sequence + 1] == list(
                range(link.got[0].sequence, newest + 1)
            )


def test_a_keyframe_group_that_is_too_large_is_not_kept_and_late_ones_wait_for_the_next() -> None:
    studio = Studio(gop=200)
    studio.settings = replace(studio.settings, group_frames=50)
    studio.channel = Channel(studio.channel.place, studio.settings, lambda: studio.time.now, studio.time.later)
    studio.channel.note(NOTE)
    early = studio.watch()
    studio.play(1.9)

    assert len(studio.channel._group) == studio.number < 50
    studio.play(2.0)
    assert studio.channel._group == []
    late = studio.watch()
    studio.play(6.0)
    assert [each.sequence for each in early.got[:100]] == list(range(100))
    assert late.got[0].sequence == 200
    assert decodable(late.got)


def test_a_publishers_successor_may_count_anew_and_nobody_is_shown_what_was_before() -> None:
    studio = Studio(gop=25)
    link = studio.watch()
    studio.play(2.2)
    studio.channel.end()
    late = studio.watch()
    studio.time.run(studio.time.now + 1)
    assert late.got == []
    studio.channel.begin()
    studio.channel.note(NOTE)
    seen = len(link.got)
    studio.number = 0
    studio.play(3)
    assert [each.sequence for each in link.got[seen:]][:50] == list(range(50))
    assert [each.sequence for each in late.got][:50] == list(range(50))
    assert link.viewer is not None
    assert link.viewer.lag_seconds(studio.time.now) < 0.5
