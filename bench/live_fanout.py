"""What it costs the hub to show one camera to many: processor and memory for 200 viewers, copies over the MAN.

The hub's console is a process of its own, the viewers are another, the publisher is here; real sockets between them.
`measure_fanout` and `measure_copies` are what bench/live.py reports.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench import live_film, live_stage
from bench.live_viewers import Crowd, Seen
from telemetry.live import Frame, LiveNote, LiveNoteType, encode_frame, encode_note

PER_SESSION = 32
_CLIENT_FRAME_BYTES = 14  # at most: a masked WebSocket frame's header
ACK_SECONDS = 0.1  # at most so often, as the pages do
SETTLE_SECONDS = 4.0  # all have come in, and a keyframe with them


@dataclass(frozen=True)
class FanoutFigures:
    """Of one stream to many viewers. Percent are of one core, of the hub's process alone, publisher's side included."""

    viewers: int
    stream_kbps: float
    core_percent: float
    rss_mb: float  # of the whole process at the end
    rss_growth_mb: float  # since before the first viewer came
    frames_per_viewer_per_second: float
    gap_ms_p50: float  # between messages, as viewers got them
    gap_ms_p99: float
    gap_ms_max: float


@dataclass(frozen=True)
class CopyFigures:
    """What all publishers' sockets carried, to what the camera gave meanwhile."""

    viewers: int
    man_copies: float
    publishers: int
    bytes_out_per_byte_in: float  # at the hub


class Stage:
    """The hub's process and a publisher that answers its requests."""

    def __init__(self, film: live_film.Film) -> None:
        self._film = film
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        command = [sys.executable, "-m", "bench.live_stage", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.hub = psutil.Process(self._process.pid)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wire_bytes = 0  # that all publishers wrote to their sockets
        self.camera_bytes = 0  # of the access units that the camera gave to any of them, each counted once
        self._given: set[int] = set()
        self._started = time.monotonic()
        self._wait_for_port()
        self.cookies = [self._sign_in() for _ in range(8)]

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def statistics(self) -> dict[str, Any]:
        """Of the one channel."""
        url = f"http://127.0.0.1:{self.port}/api/live/statistics"
        answer = httpx.get(url, headers={"Cookie": self.cookies[0]}, timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["channels"][0]
        return found

    def _wait_for_port(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if time.monotonic() > deadline:
                raise SystemExit("bench live: the hub did not start")
            time.sleep(0.1)

    def _sign_in(self) -> str:
        body = {"user": live_stage.USER, "password": live_stage.PASSWORD}
        answer = httpx.post(f"http://127.0.0.1:{self.port}/api/session", json=body, timeout=30)
        answer.raise_for_status()
        return f"wardwatch_session={answer.cookies['wardwatch_session']}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            asked = json.loads(line)
            if "ticket" in asked:
                query = urlencode({"ticket": asked["ticket"], "stream": asked["stream"]})
                url = f"ws://127.0.0.1:{self.port}{asked['url']}?{query}"
                threading.Thread(target=lambda url=url: asyncio.run(self._publish(url)), daemon=True).start()

    async def _publish(self, url: str) -> None:
        """From the camera's next keyframe on, at its own pace, until the hub ends it."""
        film = self._film
        step = 1 / film.fps
        with contextlib.suppress(ConnectionClosed, OSError):  # the hub ends when the measurement does
            async with connect(url, compression=None) as hub:
                await hub.send(encode_note(LiveNote(LiveNoteType.STREAM, film.codec, film.width, film.height)))
                number = int((time.monotonic() - self._started) / step) + 1
                while not film.units[number % len(film.units)][1]:
                    number += 1
                while True:
                    await _until(self._started + number * step, hub)
                    data, keyframe = film.units[number % len(film.units)]
                    record = encode_frame(Frame(number, round(number * step * 1e6), keyframe, False, data))
                    await hub.send(record)
                    self.wire_bytes += len(record) + _CLIENT_FRAME_BYTES
                    if number not in self._given:
                        self._given.add(number)
                        self.camera_bytes += len(data)
                    number += 1


async def _until(moment: float, hub: ClientConnection) -> None:
    """Wait, and hear the acknowledgements meanwhile."""
    while (left := moment - time.monotonic()) > 0:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hub.recv(), left)


@contextlib.contextmanager
def stage(film: live_film.Film | None = None) -> Iterator[Stage]:
    made = Stage(film or live_film.encode())
    try:
        yield made
    finally:
        made.close()


@dataclass(frozen=True)
class _Shown:
    """What a crowd saw and what it cost."""

    seen: Seen
    core_percent: float
    rss_mb: float
    rss_growth_mb: float


def _show(made: Stage, crowd: Crowd) -> _Shown:
    before_bytes = made.hub.memory_info().rss
    command = [sys.executable, "-m", "bench.live_viewers", json.dumps(asdict(crowd))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowded:
        assert crowded.stdout is not None
        if not crowded.stdout.readline():
            raise SystemExit("bench live: the viewers did not come in")
        cpu, started = _cpu_seconds(made.hub), time.monotonic()
        crowded.stdout.readline()
        core_percent = 100 * (_cpu_seconds(made.hub) - cpu) / (time.monotonic() - started)
        rss_bytes = made.hub.memory_info().rss
        last = crowded.stdout.readline()
    if not last:
        raise SystemExit("bench live: the viewers ended early")
    return _Shown(Seen(**json.loads(last)), core_percent, rss_bytes / 1e6, (rss_bytes - before_bytes) / 1e6)


def _crowd(made: Stage, viewers: int, seconds: float, stream: str, mode: str, stalled: int) -> Crowd:
    return Crowd(
        port=made.port,
        path=f"/api/live/{live_stage.WARD}/{live_stage.CAMERA}/{stream}?mode={mode}",
        cookies=made.cookies,
        viewers=viewers,
        per_session=PER_SESSION - 1,
        settle_seconds=SETTLE_SECONDS,
        seconds=seconds,
        ack_seconds=ACK_SECONDS,
        stalled=stalled,
        mse=mode == "mse",
    )


def measure_fanout(
    viewers: int = 200, seconds: float = 10.0, *, stream: str = "main", mode: str = "records", stalled: int = 0
) -> FanoutFigures:
    """One stream to so many viewers; `stalled` more never read. Takes `seconds` and about ten more."""
    film = live_film.encode()
    with stage(film) as made:
        shown = _show(made, _crowd(made, viewers, seconds, stream, mode, stalled))
    bits = 8 * sum(len(data) for data, _ in film.units)
    return FanoutFigures(
        viewers=viewers,
        stream_kbps=round(bits / (len(film.units) / film.fps) / 1000, 0),
        core_percent=round(shown.core_percent, 2),
        rss_mb=round(shown.rss_mb, 1),
        rss_growth_mb=round(shown.rss_growth_mb, 1),
        frames_per_viewer_per_second=round(shown.seen.frames / viewers / seconds, 2),
        gap_ms_p50=shown.seen.gap_ms_p50,
        gap_ms_p99=shown.seen.gap_ms_p99,
        gap_ms_max=shown.seen.gap_ms_max,
    )


def measure_copies(viewers: int = 50, seconds: float = 8.0) -> CopyFigures:
    """How often the camera's bytes cross to the hub while so many watch."""
    with stage() as made:
        _show(made, _crowd(made, viewers, seconds, "main", "records", 0))
        found = made.statistics()
        copies = made.wire_bytes / made.camera_bytes
    return CopyFigures(
        viewers, round(copies, 3), int(found["publishers"]), round(found["bytes_out"] / found["bytes_in"], 1)
    )


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench live-fanout", description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--stream", default="main", choices=("main", "sub"))
    parser.add_argument("--mode", default="records", choices=("records", "mse"))
    parser.add_argument("--stalled", type=int, default=0, help="so many more viewers that never read")
    parser.add_argument("--copies", action="store_true", help="measure how often the stream crosses the MAN instead")
    options = vars(parser.parse_args(arguments))
    if options.pop("copies"):
        print(json.dumps(asdict(measure_copies(options["viewers"], options["seconds"]))))
    else:
        print(json.dumps(asdict(measure_fanout(**options))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
