"""A password that is changed at the camera while the agent runs: what the camera counts as wrong, over all services.

Three lock many cameras. Its nonces end with each 401, and it does not say that they did, as is usual.
"""

from __future__ import annotations

import itertools
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import pytest

from camera.device_address import DeviceAddress
from camera.faults import DeviceFault
from camera.http_client import CameraHttp, HttpRequest
from camera.onvif import media
from camera.onvif.session import OnvifSession
from camera.refusals import FIRST_SECONDS, Refusals
from camera.relay.rtsp import StreamAddress
from camera.relay.session import RefusedError, Session
from camera.rtsp_check import RtspCheck
from camera.rtsp_login import Login
from telemetry.clock import SystemClock
from telemetry.readings import ReasonCode
from tests.camera.onvif_server import PASSWORD, USERNAME, HttpReply, OnvifServer, fault
from tests.camera.peers import RtspServer, response
from tests.camera.serving import QuietHandler, http_server

MOST_WRONG = 2
SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
SERVICES = ("http", "rtsp", "onvif")
ORDERS = (SERVICES, ("rtsp", "onvif", "http"), ("onvif", "http", "rtsp"))


class Clock(SystemClock):
    later = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later


@dataclass
class Camera:
    """HTTP (digest), RTSP (digest) and ONVIF (WS-Security) with one password; it counts what is wrong."""

    is_changed: bool = False
    wrong: int = 0
    forbidden: str = ""  # a page that the user may not read; the camera says 401
    _nonces: Iterator[int] = field(default_factory=itertools.count)
    _nonce: str = ""

    def __post_init__(self) -> None:
        own = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                own.page(self)

        self.http = http_server(Handler)
        self.rtsp = RtspServer(self.describe)
        self.onvif = OnvifServer(self.soap)

    def page(self, handler: BaseHTTPRequestHandler) -> None:
        given = handler.headers.get("Authorization", "")
        self.wrong += bool(given) and self.is_changed
        good = f'nonce="{self._nonce}"' in given and not self.is_changed and handler.path != self.forbidden
        handler.send_response(200 if good else 401)
        if not good:
            handler.send_header("WWW-Authenticate", self._challenge())
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def describe(self, request: str) -> bytes:
        if request.startswith("OPTIONS"):
            return response(request, "200 OK")
        given = "authorization:" in request.lower()
        self.wrong += given and self.is_changed
        if given and not self.is_changed:
            return response(request, "200 OK", (), SDP)
        return response(request, "401 Unauthorized", [f"WWW-Authenticate: {self._challenge()}"])

    def soap(self, _: OnvifServer, operation: str, request: str) -> HttpReply | None:
        if not self.is_changed or "Username" not in request:
            return None
        self.wrong += 1
        return HttpReply(400, fault("ter:NotAuthorized", "Sender not authorized"))

    def end_nonce(self) -> None:
        self._challenge()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.rtsp.close()
        self.onvif.close()

    def _challenge(self) -> str:
        self._nonce = f"n{next(self._nonces)}"
        return f'Digest realm="cam", nonce="{self._nonce}", qop="auth", algorithm=MD5'


class Agent:
    """All that logs in to that camera; each way says what came of it."""

    def __init__(self, camera: Camera) -> None:
        self.clock = Clock()
        self.refusals = Refusals(self.clock)
        port = camera.http.server_address[1]
        address = DeviceAddress(f"http://127.0.0.1:{port}", USERNAME, PASSWORD)
        self.pages = CameraHttp(address, 5.0, self.refusals)
        self.survey = CameraHttp(address, 5.0, self.refusals)
        where = StreamAddress(camera.rtsp.url, USERNAME, PASSWORD)
        self.check = RtspCheck(where, 3.0, self.clock, self.refusals)
        device = DeviceAddress(camera.onvif.url, USERNAME, PASSWORD)
        self.session = OnvifSession(device, 5.0, self.clock, self.refusals)

    async def ask(self, service: str) -> ReasonCode | None:
        try:
            if service == "rtsp":
                told = (await self.check.poll()).reason
                return None if told is None else told.code
            if service == "onvif":
                await self.session.open()
                await media.device_facts(self.session)
            else:
                await self.pages.ask(HttpRequest("/one"))
                await self.survey.ask(HttpRequest("/two"))
        except DeviceFault as error:
            return error.reason.code
        return None

    async def close(self) -> None:
        for each in (self.pages, self.survey, self.session):
            await each.close()


@pytest.fixture
def camera() -> Iterator[Camera]:
    made = Camera()
    yield made
    made.close()


@pytest.fixture
async def all_proven(camera: Camera) -> Agent:
    agent = Agent(camera)
    for service in SERVICES:
        assert await agent.ask(service) is None
    return agent


@pytest.mark.parametrize("order", ORDERS, ids=[order[0] for order in ORDERS])
async def test_a_changed_password_reaches_the_camera_twice_at_most(
    camera: Camera, all_proven: Agent, order: tuple[str, ...]
) -> None:
    camera.is_changed = True
    for service in order * 3:
        assert await all_proven.ask(service) is ReasonCode.WRONG_CREDENTIALS
    assert 1 <= camera.wrong <= MOST_WRONG
    before = camera.wrong
    all_proven.clock.later = FIRST_SECONDS + 1
    for service in order * 2:
        assert await all_proven.ask(service) is ReasonCode.WRONG_CREDENTIALS
    assert camera.wrong == before + 1
    await all_proven.close()


async def test_a_password_that_is_right_again_is_taken_after_the_rest(camera: Camera, all_proven: Agent) -> None:
    camera.is_changed = True
    for service in SERVICES:
        assert await all_proven.ask(service) is ReasonCode.WRONG_CREDENTIALS
    camera.is_changed = False
    all_proven.clock.later = FIRST_SECONDS + 1
    for service in SERVICES * 2:
        assert await all_proven.ask(service) is None
    await all_proven.close()


async def test_a_nonce_that_ends_without_a_word_is_no_changed_password(camera: Camera, all_proven: Agent) -> None:
    for service in SERVICES * 3:
        camera.end_nonce()
        assert await all_proven.ask(service) is None
    await all_proven.close()


async def test_a_page_that_this_user_may_not_read_is_no_changed_password(camera: Camera, all_proven: Agent) -> None:
    camera.forbidden = "/settings"
    for _ in range(3):
        with pytest.raises(DeviceFault) as told:
            await all_proven.pages.ask(HttpRequest(camera.forbidden))
        assert told.value.reason.code is ReasonCode.NO_PERMISSION
    for service in SERVICES:
        assert await all_proven.ask(service) is None
    await all_proven.close()


class Playing:
    """A stream of a camera that judges the login of each request; half a minute passes with each `keep_alive`."""

    def __init__(self, answering: Callable[..., RtspServer]) -> None:
        self.camera_takes_it = True
        self.wrong = 0
        self._nonces = itertools.count()
        self.server = answering(self._answer)
        login = Login(USERNAME, PASSWORD, lambda: "own")
        self.session = Session(self.server.url, login, lambda: False, open_seconds=5.0, silence_seconds=1e9)
        self.session.play(self.session.open().videos[0])
        self._now = time.monotonic()

    def keep_alive(self) -> None:
        """With all that follows from it at once: ten looks."""
        self._now += 31.0
        for _ in range(10):
            self.session.tick(self._now)
            if select.select([self.session.fileno()], [], [], 0.05)[0]:
                self.session.take(self._now)

    def _answer(self, request: str) -> bytes:
        given = "authorization:" in request.lower()
        self.wrong += given and not self.camera_takes_it
        if request.startswith("OPTIONS") or (given and self.camera_takes_it):
            return response(request, "200 OK", ["Public: GET_PARAMETER", "Session: 7;timeout=60"], SDP)
        challenge = f'Digest realm="cam", nonce="n{next(self._nonces)}"'
        return response(request, "401 Unauthorized", [f"WWW-Authenticate: {challenge}"])


def test_a_stream_is_kept_alive_with_a_changed_password_twice_at_most(
    answering: Callable[..., RtspServer],
) -> None:
    playing = Playing(answering)
    playing.keep_alive()
    playing.camera_takes_it = False
    with pytest.raises(RefusedError):
        playing.keep_alive()
    playing.session.close()
    assert playing.wrong == MOST_WRONG


def test_a_camera_that_never_takes_what_keeps_it_alive_is_asked_without_a_password(
    answering: Callable[..., RtspServer],
) -> None:
    playing = Playing(answering)
    playing.camera_takes_it = False
    for _ in range(3):
        playing.keep_alive()
    playing.session.close()
    assert playing.wrong == MOST_WRONG


def test_a_stream_sends_no_password_once_another_service_refused_it(answering: Callable[..., RtspServer]) -> None:
    playing = Playing(answering)
    playing.camera_takes_it = False
    playing.session.may_log_in = lambda: False
    for _ in range(2):
        playing.keep_alive()
    playing.session.close()
    assert playing.wrong == 0
