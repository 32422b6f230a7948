"""One client of a camera: its requests, its session, and the pictures it is sent."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Protocol

from simulator.rtsp import message, sdp
from simulator.rtsp.gate import Gate
from simulator.rtsp.message import BadRequestError, Parser, Request
from simulator.rtsp.rtp import Packets, framed_report
from simulator.rtsp.source import NothingThereError, Play, Source, clock_range
from simulator.video.hevc import HevcFilm

LOG = logging.getLogger("ward-sim.camera")
SESSION_SECONDS = 60.0
MOST_WAITING_BYTES = 512 * 1024  # about two seconds of a main stream
_STALLED_SECONDS = 10.0
_MOST_REFUSALS = 5
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})-(\d{1,3})", re.ASCII)
REPLAY = "onvif-replay"
_PUBLIC = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER"


class Camera(Protocol):
    """What a connection must know of its camera or recorder."""

    @property
    def gate(self) -> Gate: ...

    @property
    def replays(self) -> bool:
        """Whether it knows ONVIF's replay (ONVIF Streaming, 6)."""

    def find(self, path: str, query: str) -> Source | None:
        """What an address stands for: its path without the slashes around it."""


@dataclass(slots=True)
class Session:
    """What SETUP made. `channel`: of the RTP packets, the next one is RTCP's; `timed`: as ONVIF's replay wants it."""

    id: str
    stream: Source
    channel: int
    timed: bool


class _Refusal(Exception):
    def __init__(self, status: int, **headers: str) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers


class Connection:
    """Serves one socket until it ends, times out or is dropped."""

    def __init__(self, camera: Camera, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._camera, self._reader, self._writer = camera, reader, writer
        self._nonce = secrets.token_hex(16)
        self._session: Session | None = None
        self._refusals = 0
        self._skipping = False  # pictures are left out until a keyframe finds room
        self._full_since: float | None = None

    @property
    def waiting_bytes(self) -> int:
        """What the client has not taken yet, beyond the kernel's own buffers."""
        return self._writer.transport.get_write_buffer_size()

    async def serve(self) -> None:
        parser = Parser()
        try:
            while True:
                async with asyncio.timeout(SESSION_SECONDS):
                    data = await self._reader.read(16384)
                if not data:
                    return
                for request in parser.feed(data):
                    await self._handle(request)
                    if self._refusals >= _MOST_REFUSALS:
                        return
        except BadRequestError as error:
            LOG.debug("no RTSP: %s", error)
            self._writer.write(message.answer(error.status, ""))
        except (OSError, TimeoutError) as error:
            LOG.debug("a client of a camera is gone: %r", error)
        finally:
            self._stop()

    def close(self) -> None:
        """After what was said already."""
        self._stop()
        self._writer.close()

    def fall_silent(self) -> None:
        """As when the camera's power is cut: nothing more in or out, but no goodbye either."""
        self._stop()
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def abort(self) -> None:
        self._stop()
        self._writer.transport.abort()

    def picture(self, packets: Packets) -> None:
        """A client that is too slow loses pictures, up to the next keyframe; one that takes nothing is dropped."""
        if self._session is None:
            return
        waiting = self.waiting_bytes
        if waiting > MOST_WAITING_BYTES:
            self._skipping = True
        if self._skipping and not (packets.keyframe and waiting < MOST_WAITING_BYTES // 2):
            self._drop_if_stalled()
            return
        self._skipping, self._full_since = False, None
        self._writer.write(packets.framed(self._session.channel))

    async def room(self) -> None:
        """Raises OSError when the client is gone."""
        async with asyncio.timeout(_STALLED_SECONDS):
            await self._writer.drain()

    def ended(self) -> None:
        self.abort()

    def report(self, report: bytes) -> None:
        if self._session is not None and not self._skipping:
            self._writer.write(framed_report(self._session.channel + 1, report))

    def _drop_if_stalled(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._full_since is None:
            self._full_since = now
        elif now - self._full_since > _STALLED_SECONDS:
            LOG.info("a client of a camera takes nothing: dropped")
            self.abort()

    def _stop(self) -> None:
        if self._session is not None:
            self._session.stream.leave(self)
            self._session = None

    async def _handle(self, request: Request) -> None:
        handler = self._handlers.get(request.method)
        try:
            if not request.sequence:
                raise _Refusal(400)
            if handler is None:
                raise _Refusal(501)
            if request.method != "OPTIONS":
                self._authenticate(request)
            required = request.headers.get("require")
            if required is not None and not (required.strip() == REPLAY and self._camera.replays):
                raise _Refusal(551, Unsupported=required)
            await handler(self, request)
        except _Refusal as refusal:
            self._answer(request, refusal.status, refusal.headers)

    def _answer(
        self, request: Request, status: int = 200, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        if self.waiting_bytes > 2 * MOST_WAITING_BYTES:
            self.abort()  # asks and asks, and takes no answer
            return
        self._writer.write(message.answer(status, request.sequence, headers, body))

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not self._camera.gate.admits(request.method, given, self._nonce):
            self._refusals += 1
            raise _Refusal(401, **{"WWW-Authenticate": self._camera.gate.challenges(self._nonce)})
        self._refusals = 0

    def _stream(self, request: Request) -> Source:
        # The track's name comes behind all of the address, its query too, where players put it together.
        query = request.query.removesuffix(f"/{sdp.TRACK}")
        stream = self._camera.find(request.path.removesuffix(f"/{sdp.TRACK}"), query)
        if stream is None:
            raise _Refusal(404)
        return stream

    def _own_session(self, request: Request) -> Session:
        told = request.headers.get("session", "").partition(";")[0].strip()
        if self._session is None or told != self._session.id:
            raise _Refusal(454)
        return self._session

    async def _options(self, request: Request) -> None:
        self._answer(request, headers={"Public": _PUBLIC})

    async def _describe(self, request: Request) -> None:
        film = self._stream(request).film
        sets = await asyncio.to_thread(film.parameter_sets)
        body = sdp.description(film.view.name, film.quality, sets, hevc=isinstance(film, HevcFilm))
        headers = {"Content-Type": "application/sdp", "Content-Base": request.url.rstrip("/") + "/"}
        self._answer(request, headers=headers, body=body)

    async def _setup(self, request: Request) -> None:
        stream = self._stream(request)
        if self._session is not None:
            raise _Refusal(455)
        offers = request.headers.get("transport", "").split(",")
        offer = next((one for one in offers if one.strip().upper().startswith("RTP/AVP/TCP")), None)
        if offer is None:
            raise _Refusal(461)
        found = _INTERLEAVED.search(offer)
        channel = int(found[1]) if found else 0
        if channel > 254:
            raise _Refusal(461)
        self._session = Session(secrets.token_hex(8), stream, channel, "require" in request.headers)
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={stream.ssrc:08X}"
        headers = {"Transport": transport, "Session": f"{self._session.id};timeout={int(SESSION_SECONDS)}"}
        self._answer(request, headers=headers)

    async def _play(self, request: Request) -> None:
        session = self._own_session(request)
        session.stream.leave(self)
        self._skipping = True  # until the first keyframe
        play = _play_of(request, session.timed or "require" in request.headers)
        try:
            played = session.stream.watch(self, play)
        except NothingThereError:
            raise _Refusal(457) from None
        # Nothing is sent before this: what is watched begins with the loop's next turn.
        headers = {"Session": session.id, "Range": played}
        self._answer(request, headers=headers if play.paced else headers | {"Rate-Control": "no"})

    async def _pause(self, request: Request) -> None:
        session = self._own_session(request)
        session.stream.leave(self)
        self._answer(request, headers={"Session": session.id})

    async def _teardown(self, request: Request) -> None:
        session = self._own_session(request)
        self._stop()
        self._answer(request, headers={"Session": session.id})

    async def _get_parameter(self, request: Request) -> None:
        # Without a session it asks whether the camera is there (RFC 2326, 10.8).
        if "session" in request.headers:
            self._answer(request, headers={"Session": self._own_session(request).id})
        else:
            self._answer(request)

    _handlers: Mapping[str, Callable[[Connection, Request], Coroutine[object, object, None]]] = {
        "OPTIONS": _options,
        "DESCRIBE": _describe,
        "SETUP": _setup,
        "PLAY": _play,
        "PAUSE": _pause,
        "TEARDOWN": _teardown,
        "GET_PARAMETER": _get_parameter,
    }


def _play_of(request: Request, timed: bool) -> Play:
    told = request.headers
    try:
        asked = clock_range(told.get("range", ""))
    except ValueError:
        raise _Refusal(457) from None
    begin, end = asked if asked is not None else (None, None)
    paced = told.get("rate-control", "yes").strip().lower() != "no"
    keyframes = told.get("frames", "").strip().lower().startswith("intra")
    sequence = int(request.sequence) if request.sequence.isascii() and request.sequence.isdecimal() else 0
    return Play(begin, end, paced, timed, keyframes, sequence)
