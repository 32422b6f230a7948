"""A survey that takes long: each camera is judged by when its index was read, not by when the others were done."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence

import pytest

from camera.recorders.client import Channel, Disk, Moment, Told
from camera.recorders.keyframe import Keyframe
from camera.recorders.means import Means
from camera.recorders.record_settings import RecordSettings
from camera.recorders.replay import Replayed
from camera.recorders.survey import Camera, Surveyor
from camera.refusals import Refusals
from camera.relay.rtsp import StreamAddress
from camera.retention.index import Index, Recorded
from camera.retention.judge import Settings
from camera.retention.spans import DAY_US, HOUR_US
from telemetry.clock import FakeClock
from telemetry.evidence import DatedBy, Verdict
from tests.camera.recorders.footage import keyframe
from tests.camera.retention.calendar import OFFICE, local

CAMERAS = [Camera(f"cam-{number}", str(number)) for number in range(1, 17)]


class Slow:
    """Sixteen channels, recorded without a gap for 40 days up to whenever it is asked. `search`: seconds for each
    search; `ahead`: seconds by which the times of its index are ahead of UTC."""

    lag_seconds = 900.0

    def __init__(self, clock: FakeClock, search: float, ahead: float) -> None:
        self.clock, self.search, self.ahead = clock, search, round(ahead * 1e6)

    async def open(self) -> Told:
        return Told(0.0)

    async def channels(self) -> list[Channel]:
        return [Channel(number) for number in range(1, 17)]

    async def disks(self) -> list[Disk]:
        return []

    async def record_settings(self, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
        return {}

    async def index(self, channel: Channel, begin_us: int, end_us: int) -> Index:
        now = self.clock.wall_us()
        self.clock.advance(self.search)
        files = (
            Recorded(at + self.ahead, min(at + HOUR_US, now) + self.ahead)
            for at in range(now - 40 * DAY_US, now, HOUR_US)
        )
        return Index([each for each in files if each.begin_us < end_us and each.end_us > begin_us])

    async def moment(self, channel: Channel, at_us: int) -> Moment:
        return Moment(StreamAddress(f"rtsp://h/{at_us}"), "clock=x")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("search", "replay", "ahead"), [(0.0, 60.0, 0.0), (100.0, 1.0, 0.0), (100.0, 1.0, 7 * 3600.0)])
def test_a_survey_that_takes_an_hour_finds_no_hole_at_its_end(search: float, replay: float, ahead: float) -> None:
    clock = FakeClock(wall_us=local("2026-11-25 08:00"))
    data = b"".join(b"\0\0\0\1" + unit for unit in keyframe())

    def play(moment: Moment, refusals: Refusals, here_us: int) -> Replayed:
        clock.advance(replay)
        at = int(moment.address.url.rsplit("/", 1)[1])
        return Replayed(Keyframe("h264", data, at, 0), at, DatedBy.EXTENSION)

    means = Means(clock, Refusals(clock), OFFICE, Settings(samples=2), random.Random(1), {}, play)
    survey = asyncio.run(Surveyor(Slow(clock, search, ahead), means).run(CAMERAS, lambda *_: None))
    assert clock.wall_us() - survey.at_us > 0.5 * HOUR_US
    assert {each.camera: each.judged.gaps for each in survey.cameras} == {each.id: () for each in CAMERAS}
    assert {each.judged.verdict for each in survey.cameras} == {Verdict.MET}
