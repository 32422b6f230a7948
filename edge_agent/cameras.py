"""From a configured camera to what the camera room asks for: addresses, and the check that it would give a picture."""

from __future__ import annotations

from camera.refusals import Refusals
from camera.relay.rtsp import StreamAddress
from camera.rtsp_check import RtspCheck
from collectors.config import RtspDevice
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
