"""A camera not of our making: GStreamer's RTSP server. A program for Debian's own Python, which has its bindings.

`/usr/bin/python3 gstreamer_camera.py --stream /main=FILE …` prints one JSON line, {"port": N}, and serves until it is
killed. The files are H.264 or H.265 byte streams with access unit delimiters; each is played in a loop, at its own
rate, all viewers of a stream sharing one media. `--stall-after N` stops feeding after N seconds without closing.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

DELIMITERS = {"h264": b"\x00\x00\x00\x01\x09", "h265": b"\x00\x00\x00\x01\x46\x01"}
ROLE = "viewer"


def access_units(data, codec):
    """The file cut at its access unit delimiters."""
    marker = DELIMITERS[codec]
    starts = []
    at = data.find(marker)
    while at >= 0:
        starts.append(at)
        at = data.find(marker, at + len(marker))
    return [data[begin:end] for begin, end in zip(starts, [*starts[1:], len(data)], strict=False)]


class Stream(GstRtspServer.RTSPMediaFactory):
    """One path of the server."""

    def __init__(self, path, options):
        super().__init__()
        self.codec = "h265" if path.suffix == ".h265" else "h264"
        self.units = access_units(path.read_bytes(), self.codec)
        self.options = options
        self.set_shared(True)

    def do_create_element(self, url):
        packed = f"! video/x-{self.codec},stream-format={self.options.packed} " if self.options.packed else ""
        return Gst.parse_launch(
            "( appsrc name=src is-live=true format=time do-timestamp=false "
            f"caps=video/x-{self.codec},stream-format=byte-stream,alignment=au ! {self.codec}parse {packed}"
            f"! rtp{self.codec}pay name=pay0 pt=96 config-interval={self.options.config_interval} )"
        )

    def do_configure(self, media):
        source = media.get_element().get_child_by_name("src")
        ended = threading.Event()
        media.connect("unprepared", lambda _: ended.set())
        threading.Thread(target=self.feed, args=(source, ended), daemon=True).start()

    def feed(self, source, ended):
        fps, stall_after = self.options.fps, self.options.stall_after
        began = time.monotonic()
        number = 0
        while not ended.is_set():
            if stall_after is not None and number >= stall_after * fps:
                return
            buffer = Gst.Buffer.new_wrapped(self.units[number % len(self.units)])
            buffer.duration = Gst.SECOND // fps
            buffer.pts = buffer.dts = number * buffer.duration
            if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return
            number += 1
            time.sleep(max(0.0, began + number / fps - time.monotonic()))


def require_login(server, username, password):
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    auth.add_digest(username, password, token)
    server.set_auth(auth)


def open_to_viewers(factory):
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role(ROLE, "media.factory.access", True)
    permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
    factory.set_permissions(permissions)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="0")
    parser.add_argument("--stream", action="append", required=True, metavar="PATH=FILE")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--config-interval", type=int, default=0)
    parser.add_argument("--packed", choices=("avc", "byte-stream"))
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--stall-after", type=float)
    return parser.parse_args()


def main():
    options = arguments()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    if options.user:
        require_login(server, options.user, options.password)
    mounts = server.get_mount_points()
    for stream in options.stream:
        path, _, file = stream.partition("=")
        factory = Stream(Path(file), options)
        if options.user:
            open_to_viewers(factory)
        mounts.add_factory(path, factory)
    if not server.attach(None):
        raise SystemExit(f"port {options.port} is taken")
    print(json.dumps({"port": server.get_bound_port()}), flush=True)  # noqa: T201
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
