"""The watch alone, in a process of its own: these streams held open, a picture of each judged every five seconds.

`--decode all` decodes every picture instead, as one would who knows no better. Reads lines from standard input; answers
each with a line of JSON: what came since the last one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from camera.refusals import Refusals
from camera.relay.pump import Pump
from camera.relay.rtsp import StreamAddress, read
from camera.watch.picture_desk import PictureDesk
from camera.watch.picture_watch import Judged, PictureWatch
from camera.watch.stream_watch import StreamWatch, WatchMeans
from telemetry.clock import SystemClock


class Counts:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.judged = 0
        self.undecodable = 0
        self.frames = 0


def watch(addresses: Sequence[StreamAddress], counts: Counts) -> list[StreamWatch]:
    clock = SystemClock()
    means = WatchMeans(Pump(), Refusals(clock), clock)
    folder = Path(tempfile.mkdtemp(prefix="wardwatch-bench-"))
    names = [f"cam-{number}" for number in range(len(addresses))]

    def done(camera: str, judged: Judged) -> None:
        with counts.lock:
            counts.judged += 1
            counts.undecodable += bool(judged.undecodable)

    desk = PictureDesk({name: PictureWatch(name, (), folder, clock) for name in names}, done)
    watches = []
    for name, address in zip(names, addresses, strict=True):

        def offer(keyframe: object, name: str = name) -> None:
            desk.offer(name, keyframe)  # type: ignore[arg-type]

        watches.append(StreamWatch(name, address, means, offer))
        watches[-1].start()
    return watches


def decode_all(addresses: Sequence[StreamAddress], counts: Counts) -> None:
    """A thread a stream; each decoder with one thread, as the watch's has."""
    import av

    def run(address: StreamAddress) -> None:
        context = av.CodecContext.create("h264", "r")
        context.thread_count = 1
        for unit in read(address, lambda: False):
            decoded = len(context.decode(av.Packet(unit.data)))
            with counts.lock:
                counts.frames += decoded

    for address in addresses:
        threading.Thread(target=run, args=(address,), daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--decode", choices=("keyframes", "all"), default="keyframes")
    parser.add_argument("url", nargs="+")
    options = parser.parse_args()
    addresses = [StreamAddress(url, options.user, options.password) for url in options.url]
    counts = Counts()
    watches: list[StreamWatch] = []
    if options.decode == "keyframes":
        watches = watch(addresses, counts)
    else:
        decode_all(addresses, counts)
    for _ in sys.stdin:
        up = sum(bool(each.state().up) for each in watches)
        rates = [each.state().figures.frame_rate_hz or 0.0 for each in watches]
        with counts.lock:
            said = {"up": up, "fps": min(rates, default=0.0), "judged": counts.judged, "frames": counts.frames}
            said["undecodable"] = counts.undecodable
            counts.judged = counts.frames = counts.undecodable = 0
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
