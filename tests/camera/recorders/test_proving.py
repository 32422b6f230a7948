"""What comes of the moments of a camera that were replayed, one by one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace

import pytest

from camera.faults import DeviceFault
from camera.recorders.client import Channel, Disk, Moment, Told
from camera.recorders.keyframe import Keyframe
from camera.recorders.means import Means
from camera.recorders.replay import Replayed
from camera.recorders.survey import Camera, Surveyed, Surveyor
from camera.refusals import Refusals
from camera.relay.rtsp import StreamAddress
from camera.retention.index import Index, Recorded
from camera.retention.judge import Settings
from camera.retention.spans import DAY_US, HOUR_US
from telemetry.clock import FakeClock
from telemetry.evidence import DatedBy, Verdict
from telemetry.readings import ReasonCode
from tests.camera.recorders.footage import keyframe
from tests.camera.retention.calendar import ALWAYS, NOW, before

OLDEST_US = before(40) + HOUR_US  # what lies before is the oldest moment
PICTURE = b"".join(b"\0\0\0\1" + unit for unit in keyframe())


class Month:
    """A recorder (RecorderClient) that has files of an hour, of the last forty days."""

    lag_seconds = 900.0

    async def open(self) -> Told:
        return Told(0.0)

    async def channels(self) -> list[Channel]:
        return [Channel(1)]

    async def disks(self) -> list[Disk]:
        return [Disk("1", True, 4e12, 0.0)]

    async def index(self, channel: Channel, begin_us: int, end_us: int) -> Index:
        files = [Recorded(at, at + HOUR_US) for at in range(before(40), NOW, HOUR_US)]
        return Index([each for each in files if begin_us < each.end_us and each.begin_us < end_us])

    async def moment(self, channel: Channel, at_us: int) -> Moment:
        return Moment(StreamAddress(f"rtsp://h/{at_us}"), "")


def surveyed(*inner: str, oldest: str = "") -> tuple[Surveyed, list[int]]:
    """`inner`: what comes of a moment that is not the oldest, the first, the second time it is asked: "" is its frame,
    else the reason for which there is none. And how often each such moment was asked."""
    asked: Counter[int] = Counter()

    def play(moment: Moment, refusals: Refusals, now_us: int) -> Replayed:
        at_us = int(moment.address.url.rpartition("/")[2])
        asked[at_us] += 1
        comes = oldest if at_us < OLDEST_US else inner[min(asked[at_us], len(inner)) - 1]
        found = Replayed(Keyframe("h264", PICTURE, at_us, 0), at_us, DatedBy.EXTENSION)
        if comes == ReasonCode.REPLAY_ELSEWHEN:
            return replace(found, shown_us=at_us + DAY_US)
        if comes == ReasonCode.REPLAY_UNDATED:
            return replace(found, shown_us=None, dated_by=DatedBy.NOTHING)
        if comes:
            raise DeviceFault(ReasonCode(comes), "", answered=True)
        return found

    clock = FakeClock(NOW)
    means = Means(clock, Refusals(clock), ALWAYS, Settings(samples=3), random.Random(1), {}, play)
    survey = asyncio.run(Surveyor(Month(), means).run([Camera("cam-1", "1")], lambda *_: None))  # type: ignore[arg-type]
    [found] = survey.cameras
    return found, [times for at_us, times in sorted(asked.items()) if at_us >= OLDEST_US]


@pytest.mark.parametrize("reason", ["replay_empty", "replay_elsewhen"])
def test_an_inner_moment_that_fails_once_is_asked_once_more(reason: str) -> None:
    found, asked = surveyed(reason, "")
    assert (found.judged.verdict, asked) == (Verdict.MET, [2, 2])
    assert [proof.proves for proof in found.proofs] == [True, True, True]


@pytest.mark.parametrize("reason", ["replay_empty", "replay_elsewhen"])
def test_an_inner_moment_that_fails_twice_shows_that_the_index_lies(reason: str) -> None:
    found, asked = surveyed(reason, reason)
    assert (found.judged.verdict, found.judged.reason, asked) == (Verdict.NOT_MET, reason, [2, 2])
    assert [proof.proves for proof in found.proofs] == [True, False, False]


def test_an_inner_moment_of_no_known_time_says_nothing_against_an_index_that_shows_gaps() -> None:
    found, asked = surveyed("replay_undated")
    assert (found.judged.verdict, asked) == (Verdict.MET, [1, 1])


def test_that_the_index_lies_is_told_before_that_something_is_not_known() -> None:
    found, _ = surveyed("replay_empty", oldest="replay_undated")
    assert (found.judged.verdict, found.judged.reason) == (Verdict.NOT_MET, "replay_empty")
