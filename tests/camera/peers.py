"""Cameras for tests and benchmarks: pictures by FFmpeg's encoders, served by GStreamer, and servers that misbehave."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.net.ports import free_port

PROGRAM = Path(__file__).with_name("gstreamer_camera.py")
SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's GStreamer bindings are for Debian's Python
USERNAME, PASSWORD = "watch", "s3cret:/@?#&-Đường"
_BINDINGS = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def gstreamer_is_here() -> bool:
    """Whether Debian's RTSP server and its bindings are installed."""
    if not Path(SYSTEM_PYTHON).exists():
        return False
    return subprocess.run([SYSTEM_PYTHON, "-c", _BINDINGS], capture_output=True).returncode == 0


@dataclass(frozen=True, slots=True)
class Footage:
    """What is to be encoded: a moving test picture. Rates in kbit/s, times in seconds."""

    width: int = 320
    height: int = 180
    fps: int = 25
    seconds: float = 4.0
    kbps: int = 300
    keyframe_every: float = 1.0
    profile: str = "high"
    slices: int = 1
    extra: str = ""  # more of x264's or x265's own parameters
    codec: str = "h264"
    noise: int = 0  # of the scene, 0 to 100; without it a test picture is cheaper than its bitrate

    def encode(self, ffmpeg: str, folder: Path, name: str) -> Path:
        """An Annex B file with access unit delimiters."""
        path = folder / f"{name}.{self.codec}"
        interval = round(self.keyframe_every * self.fps)
        common = f"aud=1:keyint={interval}:min-keyint={interval}:scenecut=0:bframes=0{self.extra}"
        if self.codec == "h264":
            encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", self.profile]
            encoder += ["-x264-params", f"{common}:slices={self.slices}", "-f", "h264"]
        else:
            encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"{common}:log-level=none"]
            encoder += ["-f", "hevc"]
        rate = [f"{self.kbps}k"]
        source = f"testsrc2=size={self.width}x{self.height}:rate={self.fps}:duration={self.seconds}"
        source += f",noise=alls={self.noise}:allf=t" if self.noise else ""
        pixels = ["-pix_fmt", "yuv444p" if self.profile == "high444" else "yuv420p"]
        command = [ffmpeg, "-y", "-loglevel", "error", "-f", "lavfi", "-i", source, *pixels, *encoder]
        limits = ["-b:v", *rate, "-maxrate", *rate, "-bufsize", f"{max(1, self.kbps // 2)}k"]
        subprocess.run([*command[:-2], *limits, *command[-2:], str(path)], check=True)
        return path


class GstreamerCamera:
    """GStreamer's RTSP server with these streams (path → file); can be killed and started again."""

    def __init__(self, streams: dict[str, Path], *options: str, login: bool = False, port: int = 0) -> None:
        self.port = port or free_port()  # so that it can come back to it
        self._options = [*options, *(["--user", USERNAME, "--password", PASSWORD] if login else [])]
        self._streams = [f"{path}={file}" for path, file in streams.items()]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def url(self, path: str = "/main") -> str:
        return f"rtsp://127.0.0.1:{self.port}{path}"

    def start(self) -> GstreamerCamera:
        """On the same port as before, if there was one."""
        command = [SYSTEM_PYTHON, str(PROGRAM), "--port", str(self.port), *self._options]
        for stream in self._streams:
            command += ["--stream", stream]
        environment = {**os.environ, "GST_DEBUG": "0"}
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the camera did not start"
        self.port = json.loads(line)["port"]
        return self

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@dataclass
class RtspServer:
    """A server that answers each request with what `answer` makes of it; None hangs up. Keeps what it was asked."""

    answer: Callable[[str], bytes | None]
    greeting: bytes = b""
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/main"

    def logins(self) -> list[str]:
        """The requests that came with a password's digest (or the password)."""
        return [request for request in self.requests if "\r\nauthorization:" in request.lower()]

    def push(self, data: bytes) -> None:
        """Send this, unasked, to everybody who is connected."""
        for each in self._open:
            with contextlib.suppress(OSError):  # the other end has gone
                each.sendall(data)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed before
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone does not end an accept in another thread
        self._listener.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        data = b""
        try:
            connection.sendall(self.greeting)
            while received := connection.recv(65536):
                data += received
                while b"\r\n\r\n" in data:
                    head, _, data = data.partition(b"\r\n\r\n")
                    request = head.decode("utf-8", "replace") + "\r\n"
                    self.requests.append(request)
                    answer = self.answer(request)
                    if answer is None:
                        return
                    connection.sendall(answer)
        except OSError:
            return  # the other end has gone
        finally:
            connection.close()


def response(request: str, status: str, headers: Sequence[str] = (), body: str = "") -> bytes:
    """An RTSP answer with the request's own CSeq."""
    number = next((line[5:].strip() for line in request.splitlines() if line.lower().startswith("cseq:")), "0")
    lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers]
    if body:
        lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
