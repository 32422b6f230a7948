"""A camera that really encodes, for glass-to-glass measuring: GStreamer's RTSP server over x264, by Debian's python3.

Each frame carries the time at which it was "exposed" in the machine-readable row (simulator.scene.clock_code), is
encoded as cameras encode (no B-frames, no look-ahead, slices of one picture in one go) and leaves at once. Prints
one JSON line {"port": …} when it listens; ends with its standard input.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - the versions must be named first

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from simulator.scene.clock_code import BLOCKS, BLOCKS_ACROSS, clock_bits  # noqa: E402 - found by the line above

WIDTH, HEIGHT, FPS = 1280, 720, 25
BLOCK = WIDTH // BLOCKS_ACROSS
PIPELINE = (
    "( appsrc name=src is-live=true format=time do-timestamp=false block=false "
    f"caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1 "
    "! x264enc bitrate=2000 speed-preset=superfast bframes=0 rc-lookahead=0 sync-lookahead=0 sliced-threads=false "
    f"threads=1 key-int-max={FPS} "
    "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=0 )"
)


class Scene:
    """A grey gradient with a bright bar that moves, and the clock's row."""

    def __init__(self) -> None:
        row = bytes(64 + x * 96 // WIDTH for x in range(WIDTH))
        self._luma = bytearray(row * HEIGHT)
        self._plain = row
        self._chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
        self._bar = 0

    def frame(self, number: int, milliseconds: int) -> bytes:
        luma, width = self._luma, WIDTH
        for y in range(200, 400, 2):
            start = y * width
            luma[start + self._bar : start + self._bar + 80] = self._plain[self._bar : self._bar + 80]
        self._bar = number * 8 % (width - 80)
        for y in range(200, 400, 2):
            luma[y * width + self._bar : y * width + self._bar + 80] = b"\xe0" * 80
        row = b"".join((b"\xeb" if bit else b"\x10") * BLOCK for bit in clock_bits(milliseconds))
        for y in range(HEIGHT - BLOCK, HEIGHT):
            luma[y * width : y * width + BLOCKS * BLOCK] = row
        return bytes(luma) + self._chroma


class Factory(GstRtspServer.RTSPMediaFactory):  # type: ignore[misc]
    """One encoder however many watch."""

    def __init__(self) -> None:
        super().__init__()
        self.set_shared(True)
        self.set_latency(0)

    def do_create_element(self, url: Any) -> Any:
        return Gst.parse_launch(PIPELINE)

    def do_configure(self, media: Any) -> None:
        stop = threading.Event()
        media.connect("unprepared", lambda _: stop.set())
        source = media.get_element().get_child_by_name("src")
        threading.Thread(target=feed, args=(source, stop), daemon=True).start()


def feed(source: Any, stop: threading.Event) -> None:
    scene, begin, number = Scene(), time.monotonic(), 0
    while not stop.is_set():
        wait = begin + number / FPS - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        exposed = time.time_ns() // 1_000_000 % 86_400_000
        buffer = Gst.Buffer.new_wrapped(scene.frame(number, exposed))
        buffer.pts = number * Gst.SECOND // FPS
        buffer.duration = Gst.SECOND // FPS
        if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
            return
        number += 1


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    server.get_mount_points().add_factory("/main", Factory())
    server.attach(None)
    print(json.dumps({"port": server.get_bound_port()}), flush=True)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
