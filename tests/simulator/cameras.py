"""A virtual camera by itself, a client that speaks plain RTSP, and pictures out of it by PyAV."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator

import av

from camera.relay.rtsp import StreamAddress, read
from simulator.rtsp.gate import Gate
from simulator.rtsp.server import RtspCamera
from simulator.scene.clock_code import DAY_MS, read_clock
from simulator.scene.office import VIEWS
from telemetry.clock import Clock, SystemClock

USER, PASSWORD, REALM = "wardwatch", "trời-xanh:42", "Camera"


def camera(scene: str = "counter", clock: Clock | None = None, basic: bool = False) -> RtspCamera:
    shown = VIEWS[scene]("Camera quầy 1", "Quầy 1", random.Random("view"))
    return RtspCamera(shown, Gate(USER, PASSWORD, REALM, basic), clock or SystemClock())


def digest(method: str, url: str, nonce: str, password: str = PASSWORD, user: str = USER, realm: str = REALM) -> str:
    """An Authorization header."""
    who, what = (hashlib.md5(text.encode()).hexdigest() for text in (f"{user}:{realm}:{password}", f"{method}:{url}"))
    response = hashlib.md5(f"{who}:{nonce}:{what}".encode()).hexdigest()
    return f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{url}", response="{response}"'


class Client:
    """Speaks RTSP as it is told, right or wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        self.reader, self.writer = reader, writer
        self.base = f"rtsp://127.0.0.1:{port}"
        self.nonce = ""
        self.session = ""
        self.sequence = 0
        self.password, self.realm = PASSWORD, REALM

    @classmethod
    async def to(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port), port)

    async def ask(self, method: str, path: str, *headers: str, password: str | None = "") -> tuple[int, str]:
        """Status, and headers and body as text. Pictures that come meanwhile are passed over."""
        self.sequence += 1
        url = f"{self.base}/{path}"
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self.sequence}", *headers]
        if self.nonce and password is not None:
            lines.append(
                f"Authorization: {digest(method, url, self.nonce, password or self.password, realm=self.realm)}"
            )
        if self.session:
            lines.append(f"Session: {self.session}")
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        status, text = await self.answer()
        if found := re.search(r'nonce="(\w+)"', text):
            self.nonce = found[1]
        if status == 200 and (given := re.search(r"Session: (\w+)", text)):
            self.session = given[1]
        return status, text

    async def answer(self) -> tuple[int, str]:
        async with asyncio.timeout(10.0):
            while (first := await self.reader.readexactly(1)) == b"$":
                _, length = (await self.reader.readexactly(1), await self.reader.readexactly(2))
                await self.reader.readexactly(int.from_bytes(length, "big"))
            text = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
            if found := re.search(r"Content-Length: (\d+)", text):
                text += (await self.reader.readexactly(int(found[1]))).decode()
        return int(text.split()[1]), text

    async def packet(self) -> tuple[int, bytes]:
        """Channel and bytes of the next interleaved packet."""
        async with asyncio.timeout(10.0):
            header = await self.reader.readexactly(4)
            assert header[:1] == b"$"
            return header[1], await self.reader.readexactly(int.from_bytes(header[2:], "big"))

    async def play(self, path: str = "main", channels: str = "0-1") -> None:
        await self.ask("DESCRIBE", path)
        status, _ = await self.ask(
            "SETUP", f"{path}/trackID=1", f"Transport: RTP/AVP/TCP;unicast;interleaved={channels}"
        )
        assert status == 200
        assert (await self.ask("PLAY", path))[0] == 200

    def close(self) -> None:
        self.writer.transport.abort()


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Let the loop run until it is so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what it waits for has no event of its own
            await asyncio.sleep(0.01)


def address(port: int, path: str = "main", password: str = PASSWORD) -> StreamAddress:
    return StreamAddress(f"rtsp://127.0.0.1:{port}/{path}", USER, password)


def watched(where: StreamAddress, seconds: float) -> list[tuple[float, int | None, bytes]]:
    """For each picture that PyAV decodes: wall time in ms of a day when it came, the clock it shows, its luma."""
    return list(_watched(where, time.monotonic() + seconds))


def _watched(where: StreamAddress, until: float) -> Iterator[tuple[float, int | None, bytes]]:
    codec = av.CodecContext.create("h264", "r")
    for unit in read(where, lambda: time.monotonic() > until):
        for frame in codec.decode(av.Packet(unit.data)):
            now = time.time() * 1000 % DAY_MS
            plane = frame.planes[0]
            data, step = bytes(plane), plane.line_size
            rows = [data[line * step : line * step + frame.width] for line in range(frame.height)]
            yield now, read_clock(rows), data
