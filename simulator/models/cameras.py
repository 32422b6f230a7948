"""Cameras and the recorder."""

from __future__ import annotations

import random
from collections.abc import Callable

from simulator.model.camera import Camera
from simulator.model.machine import Machine, Plate
from simulator.model.recorder import Recorder
from simulator.models.base import Model, Served
from telemetry.kinds import Kind


def _camera(scene: str) -> Callable[[Plate, random.Random], Machine]:
    return lambda plate, _: Camera(plate, scene)


def _recorder(plate: Plate, _: random.Random) -> Machine:
    return Recorder(plate)


def _recorder_of(vendor: str, model: str, serves: Served) -> Model:
    return Model(
        kind=Kind.RECORDER,
        vendor=vendor,
        model=model,
        build=_recorder,
        serves=serves,
        up_bits=5e3,
        down_bits=4e3,
        uptime_days=88.0,
    )


CAMERAS: dict[str, Model] = {
    "camera-counter": Model(
        kind=Kind.CAMERA,
        vendor="KBVision",
        model="KX-A2011N3",
        build=_camera("counter"),
        serves=Served.RTSP,
        up_bits=4e3,
        down_bits=3e3,
    ),
    "camera-hall": Model(
        kind=Kind.CAMERA,
        vendor="Hikvision",
        model="DS-2CD1023G2",
        build=_camera("hall"),
        serves=Served.RTSP,
        up_bits=4e3,
        down_bits=3e3,
    ),
    "camera-entrance": Model(
        kind=Kind.CAMERA,
        vendor="Dahua",
        model="IPC-HFW1230S",
        build=_camera("entrance"),
        serves=Served.RTSP,
        up_bits=4e3,
        down_bits=3e3,
    ),
    "recorder": _recorder_of("KBVision", "KX-C4K8104N2", Served.ONVIF),
    "recorder-hikvision": _recorder_of("Hikvision", "DS-7604NI-K1", Served.ISAPI),
    "recorder-dahua": _recorder_of("Dahua", "NVR4104HS-4KS2", Served.DAHUA),
}
