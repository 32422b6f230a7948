"""How soon a recorder that stops recording is told, by what it tells itself and by its index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camera.recorders.client import Channel, Disk, Moment, RecorderClient, Told
from camera.recorders.collector import INDEX_LOOK_SECONDS, LOOK_SECONDS, RecorderCollector
from camera.recorders.record_settings import RecordSettings
from camera.recorders.survey import Camera
from camera.retention.index import Index, Recorded
from camera.retention.spans import HOUR_US
from simulator import faults
from telemetry.clock import FakeClock
from telemetry.readings import Reading
from tests.camera.recorders.test_record_settings import Clock, client_of
from tests.simulator.conftest import Lived
from tests.simulator.conftest import start as start
from tests.simulator.test_onvif import small as small


async def recording(collector: RecorderCollector) -> dict[str, float]:
    """By camera, after two polls: one in ten minutes only asks for the recorder's settings."""
    readings: Sequence[Reading] = ()
    for _ in range(2):
        readings = (await collector.poll()).readings
    return {each.instance: each.value for each in readings if each.metric == "recording"}


async def test_a_recorder_that_says_that_it_stopped_is_believed_at_the_next_look(small: Lived) -> None:
    clock = Clock()
    collector = RecorderCollector(client_of(small, "nvr-1"), [Camera("cam-1", "1")], tuple, clock)
    assert await recording(collector) == {"cam-1": 1.0}
    faults.switch(small.ward, "recorder-stop", "nvr-1", True)
    small.pass_time(1.0)
    clock.later = LOOK_SECONDS
    assert await recording(collector) == {"cam-1": 0.0}
    faults.switch(small.ward, "recorder-stop", "nvr-1", False)
    small.pass_time(1.0)
    clock.later = 2 * LOOK_SECONDS
    assert await recording(collector) == {"cam-1": 1.0}
    await collector.close()


class Plain:
    """A recorder of two channels: of the first it says whether it records, of the second only its index tells."""

    lag_seconds = 0.0

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.searches, self.records = clock, 0, True

    async def open(self) -> Told:
        return Told(clock_offset_seconds=0.0)

    async def channels(self) -> list[Channel]:
        return [Channel(1, recording=self.records), Channel(2)]

    async def disks(self) -> list[Disk]:
        return []

    async def record_settings(self, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
        return {}

    async def index(self, channel: Channel, begin_us: int, end_us: int) -> Index:
        assert channel.number == 2
        self.searches += 1
        now = self.clock.wall_us()
        return Index([Recorded(now - HOUR_US, now if self.records else now - HOUR_US // 2)])

    async def moment(self, channel: Channel, at_us: int) -> Moment:
        raise NotImplementedError

    async def close(self) -> None:
        pass


async def test_an_index_is_searched_only_now_and_then_and_what_it_told_stays_until_then() -> None:
    clock = FakeClock()
    client = Plain(clock)
    recorder: RecorderClient = client
    collector = RecorderCollector(recorder, [Camera("told", "1"), Camera("found", "2")], tuple, clock)
    assert await recording(collector) == {"told": 1.0, "found": 1.0}
    client.records = False
    looks = round(INDEX_LOOK_SECONDS / LOOK_SECONDS)
    for _ in range(looks - 1):
        clock.advance(LOOK_SECONDS)
        assert await recording(collector) == {"told": 0.0, "found": 1.0}
    assert client.searches == 1
    clock.advance(LOOK_SECONDS)
    assert await recording(collector) == {"told": 0.0, "found": 0.0}
    assert client.searches == 2
