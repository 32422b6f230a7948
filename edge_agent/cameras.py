"""From a configured camera to what the camera room asks for: addresses, interfaces, and what is polled of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from camera.device_address import DeviceAddress
from camera.faults import DeviceFault
from camera.http_client import CameraHttp
from camera.interfaces.dahua_camera import DahuaCamera
from camera.interfaces.isapi_camera import IsapiCamera
from camera.interfaces.onvif_camera import OnvifCamera
from camera.interfaces.told import CameraInterface, StreamSettings
from camera.onvif.session import OnvifSession
from camera.refusals import Refusals
from camera.relay.rtsp import StreamAddress
from camera.rtsp_check import RtspCheck
from collectors.config import BaseDevice, DahuaDevice, IsapiDevice, RtspDevice, VideoDevice
from telemetry.clock import Clock
from telemetry.kinds import Kind
from telemetry.live import StreamName
from telemetry.readings import PollResult

_RTSP_PORT = 554
Settings = Mapping[StreamName, StreamSettings]


def address(device: RtspDevice, stream: StreamName) -> StreamAddress:
    """Where a stream of the camera is; the main one where it has no other."""
    url = device.sub_url if stream is StreamName.SUB and device.sub_url else device.url
    return stream_address(device, url)


def stream_address(device: RtspDevice | VideoDevice, url: str) -> StreamAddress:
    """With the device's own credentials."""
    password = device.password.get_secret_value() if device.password else ""
    return StreamAddress(url, device.username or "", password)


def check(device: RtspDevice, clock: Clock, refusals: Refusals) -> RtspCheck:
    """The collector of a camera that is watched by its own streams."""
    return RtspCheck(address(device, StreamName.MAIN), device.timeout, clock, refusals)


def streams(devices: Sequence[BaseDevice]) -> Mapping[str, Mapping[StreamName, StreamAddress]]:
    """The streams of each device that its configuration names; none of one whose streams must be asked for."""
    return {device.id: _streams(device) for device in devices}


def _streams(device: BaseDevice) -> Mapping[StreamName, StreamAddress]:
    if not isinstance(device, RtspDevice):
        return {}
    names = [StreamName.MAIN, *([StreamName.SUB] if device.sub_url else [])]
    return {name: address(device, name) for name in names}


class InterfacePoll:
    """A collector (collectors.base.Collector) of a camera's own interface. `found` is given its streams; `look` is
    called when the camera says of its picture what it did not say before."""

    has_vital = False

    def __init__(self, interface: CameraInterface, found: Callable[[Settings], None] = lambda _: None) -> None:
        self._interface = interface
        self.found = found
        self.look: Callable[[], None] = lambda: None

    async def poll(self) -> PollResult:
        try:
            told = await self._interface.ask()
        except DeviceFault as fault:
            return PollResult(False, reason=fault.reason)
        if told.streams:
            self.found(told.streams)
        if told.says_news:
            self.look()
        return PollResult(True, list(told.readings), list(told.facts), told.reason)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        await self._interface.close()


def interface_poll(device: VideoDevice, clock: Clock, refusals: Refusals, channel: int) -> InterfacePoll:
    """The collector of a camera by ONVIF, ISAPI or Dahua's API. `channel`: which of the device's pictures, from 1."""
    password = device.password.get_secret_value() if device.password else ""
    where = DeviceAddress.of(device.host, device.port, device.username, password, tls=device.tls)
    if isinstance(device, IsapiDevice):
        http = CameraHttp(where, device.timeout, refusals)
        return InterfacePoll(IsapiCamera(http, clock, channel, device.rtsp_port or _RTSP_PORT))
    if isinstance(device, DahuaDevice):
        http = CameraHttp(where, device.timeout, refusals)
        return InterfacePoll(DahuaCamera(http, channel, device.rtsp_port or _RTSP_PORT))
    session = OnvifSession(where, device.timeout, clock, refusals)
    return InterfacePoll(OnvifCamera(session, clock, channel, device.rtsp_port))


def channel_of(device: VideoDevice, devices: Sequence[BaseDevice]) -> int:
    """Which of the device's pictures is this camera's: the recorder's channel where the camera is on the recorder's own
    ports, and so has the recorder's address; else its first."""
    recorder = next((each for each in devices if each.id == device.recorder and each.kind is Kind.RECORDER), None)
    through = isinstance(recorder, VideoDevice) and (recorder.host, recorder.port) == (device.host, device.port)
    text = device.channel or "1"
    return int(text) if through and text.isascii() and text.isdecimal() and 0 < int(text) < 1000 else 1
