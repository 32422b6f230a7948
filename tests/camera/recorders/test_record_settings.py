"""What a recorder is set to record: read in each dress, and compared with what a camera sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from camera.device_address import DeviceAddress
from camera.faults import DeviceFault
from camera.http_client import CameraHttp
from camera.interfaces.dahua_camera import DahuaCamera
from camera.interfaces.isapi_camera import IsapiCamera
from camera.interfaces.told import CameraInterface
from camera.onvif.session import OnvifSession
from camera.recorders.client import Channel, RecorderClient, find
from camera.recorders.collector import SETTINGS_SECONDS, RecorderCollector
from camera.recorders.dahua import DahuaRecorder
from camera.recorders.isapi import IsapiRecorder
from camera.recorders.onvif import OnvifRecorder
from camera.recorders.record_settings import Difference, RecordSettings, Sent, differences
from camera.recorders.survey import Camera
from camera.refusals import Refusals
from simulator import faults
from simulator.video.film import MAIN
from telemetry.clock import SystemClock
from telemetry.live import StreamName
from telemetry.readings import Reading, ReasonCode
from tests.camera.recorders.http_recorders import PASSWORD, USERNAME, HttpRecorder
from tests.simulator.conftest import Lived
from tests.simulator.conftest import start as start
from tests.simulator.test_onvif import small as small

FULL_HD = RecordSettings("h264", 1920, 1080, 25.0, 4096)
VIRTUAL = RecordSettings("h264", MAIN.width, MAIN.height, 25.0, MAIN.bits // 1000)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (Sent("h264", 1920, 1080, 25.0, 4.0e6), []),
        (Sent("h264", 1920, 1080), []),  # too early for rates
        (Sent("h265", 1920, 1080, 25.0, 2.0e6), [Difference.CODEC]),
        (Sent("h264", 1280, 720, 25.0, 2.0e6), [Difference.SIZE]),
        (Sent("h264", 1920, 1080, 19.0, 4.0e6), []),  # within a quarter
        (Sent("h264", 1920, 1080, 18.0, 4.0e6), [Difference.FRAME_RATE]),
        (Sent("h264", 1920, 1080, 32.0, 4.0e6), [Difference.FRAME_RATE]),
        (Sent("h264", 1920, 1080, 25.0, 0.2e6), []),  # a quiet scene
        (Sent("h264", 1920, 1080, 25.0, 6.1e6), []),
        (Sent("h264", 1920, 1080, 25.0, 6.2e6), [Difference.BITRATE]),
        (Sent("h265", 640, 360, 5.0, 9.0e6), list(Difference)),
    ],
)
def test_what_differs_is_told_with_some_tolerance_for_rates(sent: Sent, expected: list[Difference]) -> None:
    assert differences(FULL_HD, sent) == expected


def test_a_slow_stream_may_differ_by_two_pictures_a_second() -> None:
    assert differences(RecordSettings("h264", frame_rate_hz=4.0), Sent("h264", 1, 1, 6.0)) == []
    assert differences(RecordSettings("h264", frame_rate_hz=4.0), Sent("h264", 1, 1, 6.1)) == [Difference.FRAME_RATE]


def test_what_the_recorder_does_not_say_is_compared_with_nothing() -> None:
    assert differences(RecordSettings(), Sent("h265", 1920, 1080, 25.0)) is None
    assert differences(RecordSettings(frame_rate_hz=25.0, kbps=100), Sent("h265", 1920, 1080, 5.0, 9e6)) is None
    assert differences(RecordSettings("h265"), Sent("h265", 1920, 1080, 5.0, 9e6)) == []
    assert differences(RecordSettings(width=1920, height=1080), Sent("h265", 1920, 1080)) == []


def test_settings_are_written_as_people_read_them() -> None:
    assert str(FULL_HD) == "H.264, 1920×1080, 25 fps, 4096 kbit/s"
    assert str(RecordSettings("h265")) == "H.265"
    assert str(RecordSettings("SVAC", 704, 576, 12.5)) == "SVAC, 704×576, 12.5 fps"


# ---- asked of the virtual ward's recorders ---------------------------------------------------------------------------


def address_of(lived: Lived, device: str) -> DeviceAddress:
    return DeviceAddress.of("127.0.0.1", lived.port(device), "wardwatch", lived.running.secrets.password(device))


def client_of(lived: Lived, recorder: str) -> RecorderClient:
    clock = SystemClock()
    address = address_of(lived, recorder)
    if recorder == "nvr-1":
        return OnvifRecorder(OnvifSession(address, 5.0, clock, Refusals(clock)), clock)
    http = CameraHttp(address, 5.0, Refusals(clock))
    return IsapiRecorder(http, clock) if recorder == "nvr-2" else DahuaRecorder(http, clock)


@pytest.mark.parametrize(("recorder", "cameras"), [("nvr-1", 2), ("nvr-2", 1), ("nvr-3", 1)])
async def test_each_dress_tells_what_it_is_set_to_whatever_the_camera_sends(
    small: Lived, recorder: str, cameras: int
) -> None:
    for camera in ("cam-1", "cam-3", "cam-4"):
        faults.switch(small.ward, "camera-h265", camera, True)
    client = client_of(small, recorder)
    try:
        await client.open()
        channels = await client.channels()
        assert await client.record_settings(channels) == dict.fromkeys(range(1, cameras + 1), VIRTUAL)
        assert await client.record_settings([Channel(9)]) == {}
    finally:
        await client.close()


async def test_a_camera_that_is_set_to_h265_says_so_itself_where_its_interface_has_a_word_for_it(small: Lived) -> None:
    clock = SystemClock()
    makes: dict[str, Callable[[CameraHttp], CameraInterface]] = {
        "cam-3": lambda http: IsapiCamera(http, clock),
        "cam-4": DahuaCamera,
    }
    for device, make in makes.items():
        address = DeviceAddress.of("127.0.0.1", small.port(device), "wardwatch", small.running.secrets.password(device))
        camera = make(CameraHttp(address, 5.0, Refusals(clock)))
        assert {each.codec for each in (await camera.ask()).streams.values()} == {"h264"}
        faults.switch(small.ward, "camera-h265", device, True)
        told = await camera.ask()
        assert {name: each.codec for name, each in told.streams.items()} == dict.fromkeys(StreamName, "h265")
        await camera.close()


class Clock(SystemClock):
    """The system's, with steps."""

    later = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later


async def test_a_recorder_is_asked_for_its_settings_once_in_ten_minutes(small: Lived) -> None:
    clock = Clock()
    told: list[object] = []
    cameras = [Camera("cam-1", "1"), Camera("cam-2", "2"), Camera("cam-9", "9")]
    collector = RecorderCollector(client_of(small, "nvr-1"), cameras, tuple, clock)
    collector.told = told.append
    for later in (0.0, SETTINGS_SECONDS / 2, SETTINGS_SECONDS):
        clock.later = later
        for _ in range(2):  # the first looks at channels and disks
            assert (await collector.poll()).reason is None
    assert told == [{"cam-1": VIRTUAL, "cam-2": VIRTUAL}] * 2
    await collector.close()


async def test_a_recorder_that_does_not_answer_that_is_read_all_the_same(small: Lived) -> None:
    class Silent(OnvifRecorder):
        async def record_settings(self, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
            raise DeviceFault(ReasonCode.NO_ANSWER, "no answer within 5 s")

    clock = Clock()
    session = OnvifSession(address_of(small, "nvr-1"), 5.0, clock, Refusals(clock))
    collector = RecorderCollector(Silent(session, clock), [Camera("cam-1", "1")], tuple, clock)
    collector.told = lambda told: pytest.fail(f"told {told}")
    for _ in range(3):
        result = await collector.poll()
        assert result.reachable and result.reason is None
        assert Reading("recording", 1.0, "cam-1") in result.readings
    await collector.close()


# ---- as makers answer ------------------------------------------------------------------------------------------------

_ISAPI = """<?xml version="1.0"?><StreamingChannelList xmlns="http://www.hikvision.com/ver20/XMLSchema">
<StreamingChannel><id>101</id><Video><videoCodecType>H.265</videoCodecType><videoResolutionWidth>2560</videoResolutionWidth>
<videoResolutionHeight>1440</videoResolutionHeight><videoQualityControlType>VBR</videoQualityControlType>
<constantBitRate>512</constantBitRate><vbrUpperCap>4096</vbrUpperCap><maxFrameRate>2000</maxFrameRate></Video></StreamingChannel>
<StreamingChannel><id>102</id><Video><videoCodecType>H.264</videoCodecType></Video></StreamingChannel>
<StreamingChannel><id>1001</id><Video><videoCodecType>H.264+</videoCodecType><videoResolutionWidth>many</videoResolutionWidth>
<videoResolutionHeight>-1</videoResolutionHeight><maxFrameRate>0</maxFrameRate></Video></StreamingChannel>
</StreamingChannelList>"""
_DAHUA = """table.Encode[0].MainFormat[0].Video.Compression=H.265
table.Encode[0].MainFormat[0].Video.resolution=2560x1440
table.Encode[0].MainFormat[0].Video.FPS=20
table.Encode[0].MainFormat[0].Video.BitRate=4096
table.Encode[0].MainFormat[1].Video.Compression=MJPG
table.Encode[0].ExtraFormat[0].Video.Compression=H.264
table.Encode[9].MainFormat[0].Video.Compression=H.264H
table.Encode[9].MainFormat[0].Video.Width=-1
table.Encode[9].MainFormat[0].Video.Height=1080
table.Encode[9].MainFormat[0].Video.FPS=nan"""


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda http: IsapiRecorder(http, SystemClock()), _ISAPI),
        (lambda http: DahuaRecorder(http, SystemClock()), _DAHUA),
    ],
)
async def test_only_the_main_stream_counts_and_what_is_no_figure_is_none(
    make: Callable[[CameraHttp], RecorderClient], text: str
) -> None:
    server = HttpRecorder(lambda method, path, body: (200, text))
    client = make(
        CameraHttp(DeviceAddress.of("127.0.0.1", server.port, USERNAME, PASSWORD), 5.0, Refusals(SystemClock()))
    )
    try:
        told = await client.record_settings([Channel(1), Channel(10), Channel(3)])
        assert told == {1: RecordSettings("h265", 2560, 1440, 20.0, 4096), 10: RecordSettings("h264")}
    finally:
        await client.close()
        server.close()


async def test_a_recorder_that_does_not_tell_is_no_fault() -> None:
    server = HttpRecorder(lambda method, path, body: None)
    http = CameraHttp(DeviceAddress.of("127.0.0.1", server.port, USERNAME, PASSWORD), 5.0, Refusals(SystemClock()))
    for client in (IsapiRecorder(http, SystemClock()), DahuaRecorder(http, SystemClock())):
        assert await client.record_settings([Channel(1)]) == {}
    await http.close()
    server.close()


def test_a_camera_without_a_channel_of_the_recorders_is_asked_nothing_about() -> None:
    assert find([Channel(1, tokens=("rec-1",))], "7") is None
