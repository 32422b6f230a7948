"""A camera with web services at its port and RTSP at another one that they tell: by ONVIF, ISAPI or Dahua's CGI."""

from __future__ import annotations

from pathlib import Path

from simulator.mibs.interfaces import mac_of
from simulator.net.http import talk
from simulator.net.stream_door import StreamDoor
from simulator.onvif.box import Box, Channel, Stream
from simulator.services.base import LOOPBACK, USER, Outlet, Premises, Setting
from simulator.services.dress import Dress
from simulator.services.rtsp import RtspService
from simulator.video.film import MAIN, SUB


class WebCamera(RtspService):
    """One camera. `dress`: what answers, and where its streams are."""

    def __init__(self, premises: Premises, outlet: Outlet, dress: Dress) -> None:
        self.addresses = dress.addresses
        super().__init__(premises, outlet)
        self.web = dress.web(self._box(), premises.clock.monotonic)
        self._door = StreamDoor(talk(self.web.answer, "ward-sim"))

    async def open(self, port: int) -> int:
        await super().open(0)
        return self._door.open(port)

    def show(self) -> None:
        super().show()
        self._door.set_reachable(self._premises.ward.reachable(self._machine.id))

    async def close(self) -> None:
        self._door.close()
        await super().close()

    def settings(self, beside: Path) -> list[Setting]:
        found: list[Setting] = [("host", LOOPBACK), ("port", self._door.port), ("username", USER)]
        return found + self._secret_and_mask(beside)

    def _box(self) -> Box:
        plate = self._machine.plate
        streams = (
            Stream(MAIN.path, MAIN, lambda: self.live(MAIN.path), lambda: self._machine.hevc),
            Stream(SUB.path, SUB, lambda: self.live(SUB.path), lambda: self._machine.hevc),
        )
        name = plate.name or plate.id
        live, there = (lambda: self.live(MAIN.path)), (lambda: True)
        channel = Channel(1, name, plate.location, live, streams, self.snapshot, there, self.lens)
        return Box(
            plate,
            hardware_address(plate.id),
            lambda: self._door.port,
            self.clock.wall_us,
            lambda: self.camera.gate,
            (channel,),
        )


def hardware_address(device: str) -> str:
    """As ONVIF writes it."""
    return mac_of(device, 1).hex(":")
