"""A camera by RTSP, main and sub-stream."""

from __future__ import annotations

from pathlib import Path

from simulator.model.camera import Camera
from simulator.model.chance import dice
from simulator.rtsp.addresses import Addresses, PlainAddresses
from simulator.rtsp.gate import Gate
from simulator.rtsp.server import RtspCamera
from simulator.scene.lens import Lens
from simulator.scene.office import FLOOR_ENDS, VIEWS
from simulator.services.base import LOOPBACK, USER, Outlet, Premises, Setting
from simulator.services.device_clock import DeviceClock
from simulator.video.film import MAIN, SUB


class RtspService:
    """The streams of one camera."""

    addresses: Addresses = PlainAddresses()

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        assert isinstance(outlet.machine, Camera)
        self._premises, self._machine = premises, outlet.machine
        plate, device = outlet.machine.plate, outlet.part.id
        view = VIEWS[outlet.machine.scene](plate.name, plate.location, dice(premises.file.ward.seed, device, "view"))
        gate = Gate(USER, premises.secrets.password(device), realm=f"{plate.vendor} {plate.model}")
        self.clock = DeviceClock(premises.clock, outlet.machine)
        self.camera = RtspCamera(view, gate, self.clock, self.addresses)

    async def open(self, port: int) -> int:
        return self.camera.open(port)

    def show(self) -> None:
        self.camera.set_reachable(self._premises.ward.reachable(self._machine.id))
        self.camera.set_lens(self.lens())
        self.camera.set_hevc(self._machine.hevc)
        self.camera.set_frozen(self._machine.frozen)
        self.camera.set_password_changed(self._machine.password_changed)

    def lens(self) -> Lens:
        """What befell its view."""
        seen = self._machine
        return Lens(moved=seen.moved, covered=seen.covered, blurred=seen.blurred, dark=seen.dark)

    async def close(self) -> None:
        self.camera.close()

    def live(self, stream: str) -> str:
        """Where a stream is watched: "main" or "sub"."""
        return f"rtsp://{LOOPBACK}:{self.camera.port}/{self.addresses.live(1, stream)}"

    def snapshot(self) -> bytes:
        """A JPEG of what it sees."""
        return self.camera.streams[MAIN.path].snapshot()

    def settings(self, beside: Path) -> list[Setting]:
        found: list[Setting] = [("url", self.live(MAIN.path)), ("sub_url", self.live(SUB.path)), ("username", USER)]
        return found + self._secret_and_mask(beside)

    def _secret_and_mask(self, beside: Path) -> list[Setting]:
        """What the camera writes into its picture is not to be judged, as whoever installs it would say."""
        secret = self._premises.secrets.named(self._machine.id, "password", beside)
        top = round(FLOOR_ENDS / 720, 4)
        return [("password_file", secret), ("mask", [[0.0, top, 1.0, round(1.0 - top, 4)]])]
