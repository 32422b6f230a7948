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
from websockets.asyncio.client import connect

from bench import live_film, live_stage
from bench.live_viewers import Crowd
from telemetry.live import Frame, LiveNote, LiveNoteType, encode_frame, encode_note

PER_SESSION = 32
ACK_SECONDS = 0.2  # as the pages do
SETTLE_SECONDS = 3.0


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
    """What the publisher's socket carried, to what one copy of the camera's pictures is."""

    viewers: int
    man_copies: float
    bytes_out_per_byte_in: float


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
        self._publishers: list[threading.Thread] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wire_bytes = 0  # that publishers wrote to their sockets
        self.camera_bytes = 0  # of access units in them
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
        """At the camera's own pace, until the hub goes."""
        film = self._film
        step = 1 / film.fps
        async with connect(url, compression=None) as hub:
            await hub.send(encode_note(LiveNote(LiveNoteType.STREAM, film.codec, film.width, film.height)))
            start = time.monotonic()
            with contextlib.suppress(Exception):  # the hub ends when the measurement does
                number = 0
                while True:
                    data, keyframe = film.units[number % len(film.units)]
                    record = encode_frame(Frame(number, round(number * step * 1e6), keyframe, False, data))
                    await hub.send(record)
                    self.camera_bytes += len(data)
                    number += 1
                    while time.monotonic() < start + number * step:
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(hub.recv(), start + number * step - time.monotonic())


@contextlib.contextmanager
def stage(film: live_film.Film | None = None) -> Iterator[Stage]:
    made = Stage(film or live_film.encode())
    try:
        yield made
    finally:
        made.close()


def measure_fanout(
    viewers: int = 200, seconds: float = 10.0, *, stream: str = "main", mode: str = "records", stalled: int = 0
) -> FanoutFigures:
    """One stream to so many viewers. `stalled` more open a socket and never read. Takes about `seconds` + 10 s."""
    film = live_film.encode()
    with stage(film) as made:
        before_bytes = made.hub.memory_info().rss
        path = f"/api/live/{live_stage.WARD}/{live_stage.CAMERA}/{stream}?mode={mode}"
        crowd = Crowd(
            made.port, path, made.cookies, viewers, PER_SESSION - 1, SETTLE_SECONDS, seconds, ACK_SECONDS, stalled
        )
        command = [sys.executable, "-m", "bench.live_viewers", json.dumps(asdict(crowd))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowded:
            assert crowded.stdout is not None
            if not crowded.stdout.readline():
                raise SystemExit("bench live: the viewers did not come in")
            cpu, started = _cpu_seconds(made.hub), time.monotonic()
            crowded.stdout.readline()
            core_percent = 100 * (_cpu_seconds(made.hub) - cpu) / (time.monotonic() - started)
            rss = made.hub.memory_info().rss
            last = crowded.stdout.readline()
        if not last:
            raise SystemExit("bench live: the viewers ended early")
        seen = json.loads(last)
    bits = 8 * sum(len(data) for data, _ in film.units)
    return FanoutFigures(
        viewers=viewers,
        stream_kbps=round(bits / (len(film.units) / film.fps) / 1000, 0),
        core_percent=round(core_percent, 2),
        rss_mb=round(rss / 1e6, 1),
        rss_growth_mb=round((rss - before_bytes) / 1e6, 1),
        frames_per_viewer_per_second=round(seen["frames"] / viewers / seconds, 2),
        gap_ms_p50=seen["gap_ms_p50"],
        gap_ms_p99=seen["gap_ms_p99"],
        gap_ms_max=seen["gap_ms_max"],
    )


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench live-fanout", description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--stream", default="main")
    parser.add_argument("--mode", default="records")
    parser.add_argument("--stalled", type=int, default=0)
    options = parser.parse_args(arguments)
    print(json.dumps(asdict(measure_fanout(**vars(options)))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
