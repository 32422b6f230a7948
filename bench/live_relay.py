"""What it costs a ward's machine to send streams, beside `ffmpeg -c copy`, a process a stream.

GStreamer's RTSP server is the camera. Ours is the agent's own publisher (camera to acknowledged WebSocket frame) with
all streams in one process; both run in turns, in the same run, and both end in a process that throws away what it
gets. Processor time is the kernel's count for the processes alone, after they have settled.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.camera.peers import PASSWORD, USERNAME, Footage, GstreamerCamera, gstreamer_is_here

MOST_RATIO = 1.2
STREAMS = (16, 4, 1)
FOOTAGE = Footage(1280, 720, fps=25, seconds=8.0, kbps=2000, keyframe_every=2.0, extra=":nal-hrd=cbr", noise=12)
_SETTLE_SECONDS = 20.0  # at most
_TURNS = 3


@dataclass(frozen=True, slots=True)
class RelayFigures:
    """CPU is user and system seconds per stream and minute; `ratio` ours to FFmpeg's."""

    streams: int
    cpu_per_stream_minute: float
    ffmpeg_cpu_per_stream_minute: float
    ratio: float
    rss_mb: float
    ffmpeg_rss_mb: float  # of all its processes
    frames_per_second: float  # per stream, at the hub
    kbps: float  # per stream, at the hub


def measure_relay(streams: int, seconds: float) -> RelayFigures:
    """`seconds` of measuring each of the two, in turns."""
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        film = FOOTAGE.encode(_ffmpeg(), Path(folder), "main")
        camera = GstreamerCamera({f"/main{number}": film for number in range(streams)}, login=True).start()
        try:
            with _sink() as sink:
                return _measure(camera, sink, streams, seconds)
        finally:
            camera.kill()


def _measure(camera: GstreamerCamera, sink: Sink, streams: int, seconds: float) -> RelayFigures:
    urls = [camera.url(f"/main{number}") for number in range(streams)]
    ours = theirs = rss = their_rss = 0.0
    frames = taken = 0
    for _ in range(_TURNS):
        with _publisher(sink, urls) as process:
            _settle(sink, "frames", FOOTAGE.fps * streams)
            ours += _cpu_over([process], seconds / _TURNS)
            got = sink.got()
            frames, taken = frames + got["frames"], taken + got["bytes"]
            rss = max(rss, process.memory_info().rss)
        with _ffmpegs(sink, urls) as processes:
            _settle(sink, "tcp_bytes", FOOTAGE.kbps * 125 * streams)
            theirs += _cpu_over(processes, seconds / _TURNS)
            their_rss = max(their_rss, sum(process.memory_info().rss for process in processes))
    if frames < 0.95 * FOOTAGE.fps * streams * seconds:
        raise SystemExit(f"bench relay: only {frames} frames came")
    minutes = streams * seconds / 60
    return RelayFigures(
        streams,
        round(ours / minutes, 4),
        round(theirs / minutes, 4),
        round(ours / theirs, 3),
        round(rss / 1e6, 1),
        round(their_rss / 1e6, 1),
        round(frames / seconds / streams, 2),
        round(taken / seconds / streams / 125, 1),
    )


def _settle(sink: Sink, what: str, per_second: float) -> None:
    """Until all streams have come at their rate for two seconds."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    good = 0
    while good < 2:
        sink.got()
        time.sleep(1)
        good = good + 1 if sink.got()[what] > 0.85 * per_second else 0
        if time.monotonic() > deadline:
            raise SystemExit("bench relay: not all streams came to flow")


def _cpu_over(processes: Sequence[psutil.Process], seconds: float) -> float:
    """CPU seconds of these, all their threads, within so many seconds from now."""
    before = {task: used for process in processes for task, used in _tasks(process).items()}
    time.sleep(seconds)
    after = {task: used for process in processes for task, used in _tasks(process).items()}
    return sum(used - before.get(task, 0) for task, used in after.items()) / 1e9


def _tasks(process: psutil.Process) -> dict[str, int]:
    """Nanoseconds on a processor by thread (proc(5), schedstat): ticks of 10 ms are too coarse for one stream."""
    folder = Path(f"/proc/{process.pid}/task")
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in folder.iterdir()}


# ---- the processes -----------------------------------------------------------------------------------------------


class Sink:
    """See bench.live_sink."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._asking, self._answers = process.stdin, process.stdout
        ports = json.loads(self._answers.readline())
        self.hub = f"http://127.0.0.1:{ports['hub']}"
        self.tcp = f"tcp://127.0.0.1:{ports['tcp']}"

    def got(self) -> dict[str, int]:
        """What came since the last time."""
        print(file=self._asking, flush=True)
        answer: dict[str, int] = json.loads(self._answers.readline())
        return answer


@contextlib.contextmanager
def _sink() -> Iterator[Sink]:
    with _running([sys.executable, "-m", "bench.live_sink"], stdout=subprocess.PIPE) as process:
        yield Sink(process)


@contextlib.contextmanager
def _publisher(sink: Sink, urls: Sequence[str]) -> Iterator[psutil.Process]:
    own = [sys.executable, "-m", "bench.live_publish", "--hub", sink.hub, "--user", USERNAME, "--password", PASSWORD]
    with _running([*own, *urls]) as process:
        yield psutil.Process(process.pid)


@contextlib.contextmanager
def _ffmpegs(sink: Sink, urls: Sequence[str]) -> Iterator[list[psutil.Process]]:
    from camera.relay.rtsp import StreamAddress

    with contextlib.ExitStack() as stack:
        processes = []
        for url in urls:
            address = StreamAddress(url, USERNAME, PASSWORD).for_library()
            command = [_ffmpeg(), "-loglevel", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", address]
            command += ["-c", "copy", "-f", "mpegts", sink.tcp]
            processes.append(psutil.Process(stack.enter_context(_running(command)).pid))
        yield processes


@contextlib.contextmanager
def _running(command: Sequence[str], **streams: Any) -> Iterator[subprocess.Popen[str]]:
    process: subprocess.Popen[str] = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, **streams)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _ffmpeg() -> str:
    program = shutil.which("ffmpeg")
    if program is None:
        raise SystemExit("bench relay: ffmpeg is not installed")
    return program


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench relay", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="of measuring each, per number of streams")
    parser.add_argument("--streams", type=int, nargs="*", default=list(STREAMS))
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    if not gstreamer_is_here():
        print("bench relay: GStreamer's RTSP server is not installed", file=sys.stderr)
        return 1
    figures = {streams: measure_relay(streams, options.seconds) for streams in options.streams}
    if not options.json:
        print(f"target: ratio <= {MOST_RATIO} with {max(options.streams)} streams")
    print(json.dumps({"relay": [asdict(each) for each in figures.values()]}))
    return 0 if figures[max(options.streams)].ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
