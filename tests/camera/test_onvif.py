"""An ONVIF device is asked with its own clock and one password, and what it does wrong has a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from camera.device_address import DeviceAddress
from camera.faults import DeviceFault
from camera.onvif import media
from camera.onvif.library import Service
from camera.onvif.session import OnvifSession
from camera.refusals import FIRST_SECONDS, Refusals
from telemetry.clock import SystemClock
from telemetry.readings import ReasonCode
from tests.camera.onvif_server import PASSWORD, USERNAME, HttpReply, OnvifServer, fault

Serve = Callable[..., OnvifServer]


@pytest.fixture
def onvif() -> Iterator[Serve]:
    running: list[OnvifServer] = []

    def start(*given: object, **named: object) -> OnvifServer:
        running.append(OnvifServer(*given, **named))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for server in running:
        server.close()


class Clock(SystemClock):
    """The system's, with steps."""

    def __init__(self) -> None:
        self.later = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later


def session_at(server: OnvifServer, password: str = PASSWORD, refusals: Refusals | None = None) -> OnvifSession:
    clock = Clock()
    address = DeviceAddress(server.url, USERNAME, password)
    return OnvifSession(address, 5.0, clock, refusals or Refusals(clock))


async def reason_of(call: Awaitable[object]) -> ReasonCode:
    with pytest.raises(DeviceFault) as told:
        await call
    return told.value.reason.code


async def test_a_camera_tells_what_it_is_and_where_its_streams_are(onvif: Serve) -> None:
    server = onvif()
    session = session_at(server)
    await session.open()
    facts = dict(await media.device_facts(session))
    found = await media.profiles(session)
    assert facts == {"vendor": "Acme", "model": "Dome 7", "serial": "AC-0042", "firmware": "5.7.3"}
    assert [(each.width, each.frame_rate_hz, each.codec) for each in found] == [(1920, 25, "H264"), (640, 15, "H264")]
    assert await media.stream_url(session, found[1].token) == "rtsp://127.0.0.1:554/sub"
    assert session.offers(Service.MEDIA) and not session.offers(Service.SEARCH)
    assert server.wrong_logins == 0
    await session.close()


async def test_logins_are_dated_by_the_devices_own_clock(onvif: Serve) -> None:
    server = onvif(ahead=7 * 3600.0)
    session = session_at(server)
    await session.open()
    await media.device_facts(session)
    assert session.clock_offset_seconds == pytest.approx(7 * 3600, abs=1)
    assert (server.logins, server.wrong_logins) == (1, 0)
    server.ahead = -90.0
    await session.open()
    await media.device_facts(session)
    assert server.wrong_logins == 0
    await session.close()


async def test_a_refused_password_is_not_tried_again(onvif: Serve) -> None:
    server, clock = onvif(), Clock()
    refusals = Refusals(clock)
    for _ in range(4):
        session = session_at(server, "wrong", refusals)
        await session.open()
        assert await reason_of(media.device_facts(session)) is ReasonCode.WRONG_CREDENTIALS
        await session.close()
    assert server.wrong_logins == 1
    clock.later = FIRST_SECONDS + 1
    session = session_at(server, "wrong", refusals)
    await session.open()
    assert await reason_of(media.device_facts(session)) is ReasonCode.WRONG_CREDENTIALS
    assert server.wrong_logins == 2
    await session.close()


async def test_what_a_user_may_not_ask_costs_nothing_else(onvif: Serve) -> None:
    def stingy(server: OnvifServer, operation: str, request: str) -> HttpReply | None:
        if operation == "GetProfiles":
            return HttpReply(400, fault("ter:NotAuthorized", "Sender not authorized"))
        return None

    server = onvif(stingy)
    session = session_at(server)
    await session.open()
    await media.device_facts(session)
    for _ in range(3):
        assert await reason_of(media.profiles(session)) is ReasonCode.NO_PERMISSION
    await media.device_facts(session)
    assert server.asked.count("GetProfiles") == 1
    await session.close()


async def test_a_device_that_wants_http_digest_gets_that(onvif: Serve) -> None:
    def digest_only(server: OnvifServer, operation: str, request: str) -> HttpReply | None:
        if operation != "GetDeviceInformation" or server.asked.count(operation) > 1:
            return None
        challenge = 'Digest realm="cam", nonce="n1", qop="auth", algorithm=MD5'
        return HttpReply(401, b"", {"WWW-Authenticate": challenge})

    server = onvif(digest_only)
    session = session_at(server)
    await session.open()
    with suppress(DeviceFault):  # this server judges WS-Security only; what counts is what it was asked
        await media.device_facts(session)
    assert server.asked.count("GetDeviceInformation") == 2
    await session.close()


async def test_an_inner_address_is_not_believed(onvif: Serve) -> None:
    server = onvif(told_host="10.99.99.99")
    session = session_at(server)
    await session.open()
    found = await media.profiles(session)
    assert await media.stream_url(session, found[0].token) == "rtsp://127.0.0.1:554/main"
    assert (await media.snapshot_url(session, found[0].token)).startswith(f"{server.url}/")
    await session.close()


PAGE = HttpReply(200, b"<html><body>Login</body></html>", {"Content-Type": "text/html"})
CASES = {
    "html": (PAGE, ReasonCode.GARBLED_ANSWER),
    "elsewhere": (HttpReply(302, b"", {"Location": "http://localhost:1/other"}), ReasonCode.REDIRECTED),
    "in a circle": (HttpReply(302, b"", {"Location": "/onvif/device_service"}), ReasonCode.ERROR_ANSWER),
    "half": (HttpReply(200, b"<s:Envelope><s:Body>"), ReasonCode.GARBLED_ANSWER),
    "another answer": (HttpReply(200, fault("s:Receiver", "busy")), ReasonCode.ERROR_ANSWER),
    "no such page": (HttpReply(404, b"no"), ReasonCode.UNSUPPORTED),
    "too much": (HttpReply(200, b"x" * 3_000_000), ReasonCode.GARBLED_ANSWER),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_a_device_does_wrong_has_a_name(onvif: Serve, name: str) -> None:
    reply, reason = CASES[name]
    server = onvif(lambda server, operation, request: reply)
    session = session_at(server)
    assert await reason_of(session.open()) is reason
    assert server.logins == 0
    await session.close()


async def test_a_device_that_never_answers_costs_its_time_out_only(onvif: Serve) -> None:
    import threading

    ended = threading.Event()

    def never(server: OnvifServer, operation: str, request: str) -> HttpReply | None:
        ended.wait(20)
        return None

    server = onvif(never)
    session = OnvifSession(DeviceAddress(server.url), 0.3, SystemClock(), Refusals(SystemClock()))
    assert await reason_of(session.open()) is ReasonCode.NO_ANSWER
    ended.set()
    await session.close()
