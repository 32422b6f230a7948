"""A recorder: its web services by its dress at its port, RTSP at another one that they tell, and its index kept."""

from __future__ import annotations

from pathlib import Path

from simulator.model.recorder import Recorder
from simulator.net.http import talk
from simulator.net.stream_door import StreamDoor
from simulator.onvif.box import Box, Channel, Stream
from simulator.recorder.book import Book
from simulator.recorder.relay import Relay
from simulator.recorder.server import RecorderRtsp
from simulator.recorder.tape import Tape
from simulator.rtsp.gate import Gate
from simulator.services.base import LOOPBACK, USER, Outlet, Premises, Setting
from simulator.services.device_clock import DeviceClock
from simulator.services.dress import Dress, Web
from simulator.services.rtsp import RtspService
from simulator.services.web_camera import hardware_address
from simulator.video.film import MAIN, SUB
from simulator.wardfile import DevicePart


class RecorderService:
    """One recorder and the cameras that name it. `dress`: what answers, and where its streams are."""

    def __init__(self, premises: Premises, outlet: Outlet, dress: Dress) -> None:
        assert isinstance(outlet.machine, Recorder)
        self._dress = dress
        self._premises, self._machine = premises, outlet.machine
        parts = [part for part in premises.file.device if part.recorder == outlet.part.id]
        self._parts = {_number(part): part for part in sorted(parts, key=_number)}
        self.clock = DeviceClock(premises.clock, outlet.machine)
        seed, begun = premises.file.ward.seed, premises.clock.wall_us()
        self._tapes = {number: Tape(seed, part.id, begun) for number, part in self._parts.items()}
        self.book = Book(outlet.machine, premises.clock, self._tapes, MAIN.bits)
        plate = outlet.machine.plate
        self._gate = Gate(USER, premises.secrets.password(plate.id), f"{plate.vendor} {plate.model}")
        self._relays: dict[tuple[int, str], Relay] = {}
        self.rtsp: RecorderRtsp | None = None
        self._door: StreamDoor | None = None
        self.web: Web | None = None

    async def open(self, port: int) -> int:
        streams = {number: self._camera(number).camera.streams for number in self._parts}
        self._relays = {
            (number, one.path): Relay(streams[number][one.path]) for number in streams for one in (MAIN, SUB)
        }
        films = {number: found[MAIN.path].clear_film for number, found in streams.items()}
        self.rtsp = RecorderRtsp(self._gate, self.book, self._dress.addresses, self._relays, films)
        self.rtsp.open()
        self.web = self._dress.web(self._box(), self._premises.clock.monotonic)
        self._door = StreamDoor(talk(self.web.answer, "ward-sim"))
        return self._door.open(port)

    def show(self) -> None:
        now, reachable = self._premises.clock.wall_us(), self._premises.ward.reachable
        for number, part in self._parts.items():
            there = reachable(part.id)
            self._tapes[number].note(self._machine.recording and there, now)
            for stream in (MAIN.path, SUB.path):
                self._relays[number, stream].set_flows(there)
        assert self.rtsp is not None
        assert self._door is not None
        self.rtsp.set_reachable(reachable(self._machine.id))
        self._door.set_reachable(reachable(self._machine.id))

    async def close(self) -> None:
        for one in (self._door, self.rtsp):
            if one is not None:
                one.close()

    def settings(self, beside: Path) -> list[Setting]:
        assert self._door is not None
        found: list[Setting] = [("host", LOOPBACK), ("port", self._door.port), ("username", USER)]
        return [*found, ("password_file", self._premises.secrets.named(self._machine.id, "password", beside))]

    def _camera(self, number: int) -> RtspService:
        found = self._premises.services[self._parts[number].id]
        assert isinstance(found, RtspService)
        return found

    def _at(self, path: str) -> str:
        assert self.rtsp is not None
        return f"rtsp://{LOOPBACK}:{self.rtsp.port}/{path}"

    def _box(self) -> Box:
        door, plate = self._door_port, self._machine.plate
        channels = tuple(self._channel(number) for number in self._parts)
        return Box(
            plate,
            hardware_address(plate.id),
            door,
            self.clock.wall_us,
            lambda: self._gate,
            channels,
            self.book,
            lambda number: self._at(self._dress.addresses.replay(number)),
        )

    def _door_port(self) -> int:
        assert self._door is not None
        return self._door.port

    def _channel(self, number: int) -> Channel:
        part, camera = self._parts[number], self._camera(number)

        def stream(name: str) -> str:
            return self._at(self._dress.addresses.live(number, name))

        streams = (
            Stream(f"channel-{number}-{MAIN.path}", MAIN, lambda: stream(MAIN.path)),
            Stream(f"channel-{number}-{SUB.path}", SUB, lambda: stream(SUB.path)),
        )
        return Channel(
            number,
            part.name or part.id,
            part.location,
            lambda: camera.live(MAIN.path),
            streams,
            camera.snapshot,
            lambda: self._premises.ward.reachable(part.id),
        )


def _number(part: DevicePart) -> int:
    assert part.channel is not None
    return part.channel
