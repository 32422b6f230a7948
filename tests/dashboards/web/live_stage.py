"""The example district with four cameras whose pictures are real: the simulator's film, published as a ward would.

A process of its own, so that a test can kill it. Its users' sessions outlive it in --folder. It is told on standard
input, a line of JSON each: {"device": "cam-1", "do": "play" | "stop" | "trouble", "reason": "no_answer"}.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import create_engine
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboards.console.accounts import AccountError, Accounts, Role
from dashboards.console.app import create_app
from dashboards.console.example import ExampleSite
from dashboards.console.example.devices import ExampleDevice
from dashboards.console.live.interest import Refused
from dashboards.console.serve import server
from dashboards.console.settings import STATIC, ConsoleSettings
from dashboards.console.tables import Base
from simulator.scene import office
from simulator.video.film import MAIN, SUB, ClockStrip, Film
from simulator.video.x264 import FRAMES_PER_SECOND
from telemetry.clock import Clock, SystemClock
from telemetry.live import Frame, LiveNote, LiveNoteType, StreamName, encode_frame, encode_note
from telemetry.readings import DeviceInfo, Reason, ReasonCode

WARD = "hai-chau-1"
CAMERAS = {"cam-1": "Camera quầy 1", "cam-2": "Camera quầy 2", "cam-3": "Camera quầy 3", "cam-4": "Camera quầy 4"}
_START = b"\x00\x00\x00\x01"


class StageSite(ExampleSite):
    """The example, its first ward with cameras."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        cameras = [
            ExampleDevice(info, ())
            for info in (
                DeviceInfo(id, "camera", name, "Bộ phận Một cửa", "switch-1", "rtsp", f"192.168.10.{number}", 30.0)
                for number, (id, name) in enumerate(CAMERAS.items(), 201)
            )
        ]
        ward = self._wards[WARD]
        self._wards[WARD] = replace(ward, devices=[*ward.devices, *cameras])


@dataclass
class Camera:
    """What one camera does now."""

    films: dict[StreamName, Film]
    reason: str = ""
    stands: bool = False


@dataclass
class Wards:
    """Plays the wards: each start opens a socket to the hub and plays, in a thread, until the hub closes it."""

    port: int
    cameras: dict[str, Camera] = field(default_factory=dict)

    def start(self, ward: str, device: str, stream: StreamName, ticket: str, url: str) -> Reason | None:
        camera = self.cameras.get(device)
        if camera is None:
            return Reason(ReasonCode.NO_ANSWER, "no such camera here")
        address = f"ws://127.0.0.1:{self.port}{url}?ticket={ticket}"
        threading.Thread(target=self._publish, args=(camera, stream, address), daemon=True).start()
        return None

    def stop(self, ward: str, device: str, stream: StreamName) -> None:
        pass  # the hub closes the socket

    def listen(self, refused: Refused) -> None:
        pass  # nothing is refused later

    @staticmethod
    def _publish(camera: Camera, stream: StreamName, address: str) -> None:
        try:
            with connect(address) as socket:
                play(socket, camera, stream)
        except (ConnectionClosed, OSError) as error:
            sys.stderr.write(f"{stream}: {error}\n")


def play(socket: ClientConnection, camera: Camera, stream: StreamName) -> None:
    """The film with the clock of now, frame by frame at its time."""
    film = camera.films[stream]
    quality = film.quality
    strip = ClockStrip(film.view.name, quality)
    sets = film.parameter_sets()
    codec = f"avc1.{sets[0][1:4].hex()}"
    note = encode_note(LiveNote(LiveNoteType.STREAM, codec, quality.width, quality.height))
    socket.send(note)
    begun, sequence, number = time.monotonic(), 0, 0
    with ThreadPoolExecutor(1) as ahead:  # the next second is made while this one is shown
        following = ahead.submit(film.group, number)
        while True:
            group, number = following.result(), number + 1
            following = ahead.submit(film.group, number)
            for index, scenery in enumerate(group):
                sequence += 1
                time.sleep(max(0.0, begun + sequence / FRAMES_PER_SECOND - time.monotonic()))
                if camera.reason:
                    trouble = LiveNote(LiveNoteType.TROUBLE, reason=camera.reason, detail="cam: as the test told it")
                    socket.send(encode_note(trouble))
                    sequence += FRAMES_PER_SECOND - index
                    break
                if camera.stands:
                    continue
                shown = strip.slice(time.time_ns() // 1000, keyframe=index == 0)
                unit = b"".join(_START + each for each in (*(sets if index == 0 else ()), scenery, shown))
                timestamp = sequence * 1_000_000 // FRAMES_PER_SECOND
                socket.send(encode_frame(Frame(sequence, timestamp, index == 0, False, unit)))


def obey(wards: Wards) -> None:
    for line in sys.stdin:
        told = json.loads(line)
        camera = wards.cameras[told["device"]]
        camera.reason = told["reason"] if told["do"] == "trouble" else ""
        camera.stands = told["do"] == "stop"


def films(names: Sequence[str]) -> dict[str, Camera]:
    made = {}
    views = (office.counter, office.hall, office.entrance)
    for number, name in enumerate(names):
        view = views[number % len(views)](name, CAMERAS[name].upper(), random.Random(name))
        made[name] = Camera({StreamName.MAIN: Film(view, MAIN), StreamName.SUB: Film(view, SUB)})
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--static", type=Path, default=STATIC)
    options = parser.parse_args()
    clock = SystemClock()
    engine = create_engine(f"sqlite:///{options.folder}/console.db")
    Base.metadata.create_all(engine)
    accounts = Accounts(engine, clock)
    with contextlib.suppress(AccountError):  # there already: from the run before
        accounts.add_user("demo", Role.DISTRICT, password=options.password, display_name="Nguyễn Thị Lan")
    site = StageSite(clock)
    wards = Wards(options.port, films(list(CAMERAS)))
    threading.Thread(target=obey, args=(wards,), daemon=True).start()
    server(create_app(site, accounts, ConsoleSettings(static=options.static), wards), "127.0.0.1", options.port).run()
    engine.dispose()


if __name__ == "__main__":
    main()
