"""From configured recorders and cameras to what the camera room asks for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from camera.device_address import DeviceAddress
from camera.http_client import CameraHttp
from camera.recorders.client import RecorderClient
from camera.recorders.collector import RecorderCollector
from camera.recorders.dahua import DahuaRecorder
from camera.recorders.isapi import IsapiRecorder
from camera.recorders.means import Means
from camera.recorders.onvif import OnvifRecorder
from camera.recorders.survey import Camera
from camera.refusals import Refusals
from camera.retention.office import Office
from collectors.config import BaseDevice, DahuaDevice, IsapiDevice, RtspDevice, VideoDevice
from edge_agent import opening_hours
from edge_agent.config import Configuration
from edge_agent.recorder import Appender
from edge_agent.retention.daily import DailySurvey, Pictures
from edge_agent.retention.memory import RetentionMemory
from telemetry.clock import Clock
from telemetry.kinds import Kind
from telemetry.readings import Reading

SURVEY_TIMEOUT_SECONDS = 20.0  # for one question about a month of footage; a poll's are shorter


def is_recorder(device: BaseDevice) -> bool:
    """Whether its index can be read."""
    return device.kind is Kind.RECORDER and isinstance(device, VideoDevice)


def client(device: VideoDevice, clock: Clock, refusals: Refusals, timeout: float) -> RecorderClient:
    """`timeout` in seconds, for each question."""
    password = device.password.get_secret_value() if device.password else ""
    address = DeviceAddress.of(device.host, device.port, device.username, password, tls=device.tls)
    if isinstance(device, IsapiDevice):
        return IsapiRecorder(CameraHttp(address, timeout, refusals), clock, device.rtsp_port)
    if isinstance(device, DahuaDevice):
        return DahuaRecorder(CameraHttp(address, timeout, refusals), clock, device.rtsp_port)
    from camera.onvif.session import OnvifSession

    return OnvifRecorder(OnvifSession(address, timeout, clock, refusals), clock)


def cameras_of(recorder: str, devices: Sequence[BaseDevice], office: Office) -> list[Camera]:
    """The cameras that name this recorder. The address of one on the recorder's own ports is the recorder's, and does
    not tell it from the others."""
    own = next((_host(device) for device in devices if device.id == recorder), "")
    return [
        Camera(
            device.id,
            device.channel,
            "" if _host(device) == own else _host(device),
            None if device.recorded_since is None else office.midnight_us(device.recorded_since),
        )
        for device in devices
        if device.recorder == recorder
    ]


def office_of(configuration: Configuration) -> Office:
    return Office(opening_hours.parse(configuration.ward.opening_hours).spans)


def collector(
    device: VideoDevice,
    devices: Sequence[BaseDevice],
    figures: Callable[[], Sequence[Reading]],
    clock: Clock,
    refusals: Refusals,
) -> RecorderCollector:
    """`devices`: all of the ward, among which its cameras are. `figures`: what its last survey found."""
    cameras = cameras_of(device.id, devices, Office(()))
    return RecorderCollector(client(device, clock, refusals, device.timeout), cameras, figures, clock)


def daily(
    configuration: Configuration,
    clock: Clock,
    refusals: Refusals,
    memory: RetentionMemory,
    journal: Appender,
    pictures: Pictures,
) -> DailySurvey | None:
    """None where the ward has no recorder whose index can be read."""
    office = office_of(configuration)
    found = by_recorder(configuration.devices, office)
    if not found:
        return None
    devices = {device.id: device for device in configuration.devices if isinstance(device, VideoDevice)}
    means = Means(clock, refusals, office, configuration.retention.settings(), secrets.SystemRandom())

    def make(recorder: str) -> RecorderClient:
        return client(devices[recorder], clock, refusals, SURVEY_TIMEOUT_SECONDS)

    return DailySurvey(found, make, means, memory, journal, pictures)


def by_recorder(devices: Sequence[BaseDevice], office: Office) -> Mapping[str, Sequence[Camera]]:
    """The cameras of each recorder whose index can be read."""
    return {device.id: cameras_of(device.id, devices, office) for device in devices if is_recorder(device)}


def _host(device: BaseDevice) -> str:
    if isinstance(device, RtspDevice):
        return device.address().partition(":")[0]
    return str(getattr(device, "host", ""))
