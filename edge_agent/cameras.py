"""From a configured camera to what the camera room asks for: addresses, and the check that it would give a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camera.refusals import Refusals
from camera.relay.rtsp import StreamAddress
from camera.rtsp_check import RtspCheck
from collectors.config import BaseDevice, RtspDevice
from telemetry.clock import Clock
from telemetry.live import StreamName


def address(device: RtspDevice, stream: StreamName) -> StreamAddress:
    """Where a stream of the camera is; the main one where it has no other."""
    url = device.sub_url if stream is StreamName.SUB and device.sub_url else device.url
    password = device.password.get_secret_value() if device.password else ""
    return StreamAddress(url, device.username or "", password)


def check(device: RtspDevice, clock: Clock, refusals: Refusals) -> RtspCheck:
    """The collector of a camera that is watched by its own streams."""
    return RtspCheck(address(device, StreamName.MAIN), device.timeout, clock, refusals)


def streams(devices: Sequence[BaseDevice]) -> Mapping[str, Mapping[StreamName, StreamAddress]]:
    """The streams of each device; none of one that is no camera watched by its own streams."""
    return {device.id: _streams(device) for device in devices}


def _streams(device: BaseDevice) -> Mapping[StreamName, StreamAddress]:
    if not isinstance(device, RtspDevice):
        return {}
    names = [StreamName.MAIN, *([StreamName.SUB] if device.sub_url else [])]
    return {name: address(device, name) for name in names}
