"""A line to the hub that carries only 80 % of the stream for a while: how far the picture falls behind, and how soon
it is back.

GStreamer's RTSP server is the camera, the agent's own publisher is in a process of its own, and a proxy between it and
a hub that acknowledges at once lets so many bytes through in a second. A frame's lag is what its way took beyond the
fastest frame's before the line got narrow.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.live_relay import FOOTAGE
from telemetry.live import Frame
from tests.camera.peers import PASSWORD, USERNAME, GstreamerCamera, gstreamer_is_here
from tests.edge_agent.live.hub import Publishing, TestHub, wait_for

MOST_LAG_SECONDS, MOST_BACK_SECONDS = 1.2, 2.0
BACK_MEANS_SECONDS = 0.2
_BEFORE_SECONDS, _AFTER_SECONDS = 5.0, 6.0
_STEP_SECONDS = 0.01
_BUFFER_BYTES = 64 * 1024  # of the line, as a city line's router has


@dataclass(frozen=True, slots=True)
class NarrowFigures:
    """`back_seconds`: from the end of the narrowness to a frame with under 200 ms of lag, none after it with more."""

    most_lag_seconds: float
    back_seconds: float
    kbps: float  # of the stream before
    frames: int  # that came while the line was narrow
    frames_dropped: int  # likewise did not


class NarrowLine:
    """A TCP proxy to `port`; what goes there is let through at `bytes_per_second`, None: as it comes."""

    def __init__(self, port: int) -> None:
        self.bytes_per_second: float | None = None
        self._to = port
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                agent, _ = self._listener.accept()
                hub = socket.create_connection(("127.0.0.1", self._to))
                for each in (agent, hub):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(agent, hub, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(hub, agent, False), daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket, limited: bool) -> None:
        with contextlib.suppress(OSError):  # one end has gone
            while True:
                rate = self.bytes_per_second if limited else None
                data = source.recv(65536 if rate is None else max(1, round(rate * _STEP_SECONDS)))
                if not data:
                    break
                to.sendall(data)
                if rate is not None:
                    time.sleep(len(data) / rate)
        for each in (source, to):
            each.close()


def measure_narrow_link(share: float = 0.8, seconds: float = 10.0) -> NarrowFigures:
    """The line carries `share` of the stream's rate for so many seconds."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise SystemExit("bench narrow: ffmpeg is not installed")
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        camera = GstreamerCamera({"/main": FOOTAGE.encode(ffmpeg, Path(folder), "main")}, login=True).start()
        hub = TestHub()
        hub.tickets.add("0")
        line = NarrowLine(hub.port)
        try:
            with _publisher(line, camera.url()):
                return _measure(hub.publishing(), line, share, seconds)
        finally:
            line.close()
            hub.close()
            camera.kill()


def _measure(publishing: Publishing, line: NarrowLine, share: float, seconds: float) -> NarrowFigures:
    wait_for(lambda: len(publishing.frames) >= FOOTAGE.fps)
    time.sleep(_BEFORE_SECONDS)
    before = _arrivals(publishing)
    span = before[-1][0] - before[0][0]
    rate = sum(len(frame.access_unit) for _, frame in before) / span
    started = time.monotonic()
    line.bytes_per_second = share * rate
    time.sleep(seconds)
    line.bytes_per_second = None
    ended = time.monotonic()
    time.sleep(_AFTER_SECONDS)
    least = min(at - frame.timestamp_us / 1e6 for at, frame in before)
    lags = [(at, at - frame.timestamp_us / 1e6 - least) for at, frame in _arrivals(publishing) if at >= started]
    late = [number for number, (at, lag) in enumerate(lags) if at >= ended and lag >= BACK_MEANS_SECONDS]
    first = next(number for number, (at, _) in enumerate(lags) if at >= ended)
    back = lags[late[-1] + 1 if late else first][0] - ended
    during = [frame for at, frame in _arrivals(publishing) if started <= at < ended]
    missing = during[-1].sequence - during[0].sequence + 1 - len(during)
    return NarrowFigures(
        round(max(lag for _, lag in lags), 3), round(back, 3), round(rate / 125, 1), len(during), missing
    )


def _arrivals(publishing: Publishing) -> list[tuple[float, Frame]]:
    heard = zip(list(publishing.heard_at), list(publishing.heard), strict=False)
    return [(at, each) for at, each in heard if isinstance(each, Frame)]


@contextlib.contextmanager
def _publisher(line: NarrowLine, url: str) -> Iterator[None]:
    hub = f"http://127.0.0.1:{line.port}"
    command = [sys.executable, "-m", "bench.live_publish", "--hub", hub, "--user", USERNAME, "--password", PASSWORD]
    process = subprocess.Popen([*command, url], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench narrow", description=__doc__)
    parser.add_argument("--share", type=float, default=0.8, help="of the stream's rate (default 0.8)")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    if not gstreamer_is_here():
        print("bench narrow: GStreamer's RTSP server is not installed", file=sys.stderr)
        return 1
    figures = measure_narrow_link(options.share, options.seconds)
    if not options.json:
        print(f"target: lag <= {MOST_LAG_SECONDS} s, back within {MOST_BACK_SECONDS} s")
    print(json.dumps(asdict(figures)))
    return 0 if figures.most_lag_seconds <= MOST_LAG_SECONDS and figures.back_seconds <= MOST_BACK_SECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
