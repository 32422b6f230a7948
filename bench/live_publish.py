"""The agent's publisher in a process of its own, as a benchmark's subject: real code, real sockets.

`python -m bench.live_publish --hub URL --user NAME --password WORD RTSP-URL …` sends each stream to the hub, under the
name cam-N with the ticket N, until its standard input ends.
"""

from __future__ import annotations

import argparse
import logging
import sys

from camera.refusals import Refusals
from camera.relay.rtsp import CameraStream, StreamAddress
from edge_agent.live.hub_address import Hub
from edge_agent.live.streams import Streams
from telemetry.clock import SystemClock
from telemetry.live import StreamName

WARD, PATH = "bench", "/live/publish"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.live_publish", description=__doc__)
    parser.add_argument("--hub", required=True)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("urls", nargs="+")
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level="WARNING")
    clock = SystemClock()
    cameras = {
        f"cam-{number}": {StreamName.MAIN: StreamAddress(url, options.user, options.password)}
        for number, url in enumerate(options.urls)
    }
    streams = Streams(WARD, cameras, Hub(options.hub), CameraStream.open, Refusals(clock), clock)
    for number, device in enumerate(cameras):
        reason = streams.start(device, StreamName.MAIN, str(number), PATH)
        if reason is not None:
            print(f"{device}: {reason}", file=sys.stderr)
            return 1
    sys.stdin.read()
    streams.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
