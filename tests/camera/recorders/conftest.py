"""Recorders in three dresses over one set of footage, and a survey of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from camera.device_address import DeviceAddress
from camera.http_client import CameraHttp
from camera.onvif.session import OnvifSession
from camera.recorders.client import RecorderClient
from camera.recorders.dahua import DahuaRecorder
from camera.recorders.isapi import IsapiRecorder
from camera.recorders.means import Means
from camera.recorders.onvif import OnvifRecorder as OnvifClient
from camera.recorders.survey import Camera, Survey, Surveyor
from camera.refusals import Refusals
from camera.retention.judge import Settings
from camera.retention.office import Office
from telemetry.clock import SystemClock
from tests.camera import onvif_server
from tests.camera.recorders import http_recorders
from tests.camera.recorders.footage import Holdings
from tests.camera.recorders.onvif_recorder import OnvifRecorder
from tests.camera.recorders.rtsp_recorder import Playing, RtspRecorder

DRESSES = ("onvif", "isapi", "dahua")
EVERY_HOUR = Office([(0, 7 * 1440)])


@dataclass
class Dressed:
    """A recorder that runs, and what asks it."""

    dress: str
    server: Any
    rtsp: RtspRecorder
    refusals: Refusals

    def client(self, password: str | None = None) -> RecorderClient:
        clock = SystemClock()
        right = onvif_server.PASSWORD if self.dress == "onvif" else http_recorders.PASSWORD
        address = DeviceAddress.of("127.0.0.1", self.server.port, "watch", right if password is None else password)
        if self.dress == "onvif":
            return OnvifClient(OnvifSession(address, 10.0, clock, self.refusals), clock)
        http = CameraHttp(address, 10.0, self.refusals)
        return IsapiRecorder(http, clock) if self.dress == "isapi" else DahuaRecorder(http, clock)

    def survey(self, *cameras: Camera, seed: int = 1, password: str | None = None, **changed: Any) -> Survey:
        settings = replace(Settings(samples=2), **changed)
        means = Means(SystemClock(), self.refusals, EVERY_HOUR, settings, random.Random(seed))

        async def run() -> Survey:
            client = self.client(password)
            try:
                return await Surveyor(client, means).run(cameras or (Camera("cam-1", "1"),), lambda *_: None)
            finally:
                await client.close()

        return asyncio.run(run())


Dress = Callable[..., Dressed]


@pytest.fixture
def dress() -> Iterator[Dress]:
    """dress("isapi", holdings, playing, endless=True): a recorder of this dress."""
    made: list[Dressed] = []

    def make(name: str, holdings: Holdings, playing: Playing | None = None, **more: Any) -> Dressed:
        playing = playing or Playing()
        rtsp = RtspRecorder(playing)
        make_server = {"onvif": OnvifRecorder, "isapi": http_recorders.isapi, "dahua": http_recorders.dahua}[name]
        dressed = Dressed(name, make_server(holdings, rtsp.port, **more), rtsp, Refusals(SystemClock()))
        made.append(dressed)
        return dressed

    yield make
    for each in made:
        each.server.close()
        each.rtsp.close()
