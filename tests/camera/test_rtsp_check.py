"""The cheap check of a camera: what it tells, and that it asks with a refused password only once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from camera.refusals import FIRST_SECONDS, LONGEST_SECONDS, TURN_SECONDS, Refusals
from camera.relay.rtsp import StreamAddress
from camera.rtsp_check import RtspCheck
from telemetry.clock import FakeClock, SystemClock
from telemetry.readings import PollResult, ReasonCode
from tests.camera.conftest import Film, Serve
from tests.camera.peers import PASSWORD, USERNAME, Footage, RtspServer, response

Answering = Callable[..., RtspServer]
SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
CHALLENGE = 'WWW-Authenticate: Digest realm="IP Camera", nonce="n1"'


async def polled(where: StreamAddress, timeout: float = 3.0, refusals: Refusals | None = None) -> PollResult:
    return await RtspCheck(where, timeout, SystemClock(), refusals or Refusals(SystemClock())).poll()


def code(result: PollResult) -> ReasonCode | None:
    return None if result.reason is None else result.reason.code


async def test_a_camera_that_would_give_its_picture_is_reachable(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(Footage())}, login=True)
    result = await polled(StreamAddress(camera.url(), USERNAME, PASSWORD))
    assert (result.reachable, result.reason) == (True, None)
    assert [reading.metric for reading in result.readings] == ["rtt_seconds"]
    assert 0 < result.readings[0].value < 3


async def test_what_is_wrong_with_a_real_camera_is_told(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(Footage()), "/h265": film(Footage(codec="h265"))}, login=True)
    wrong = await polled(StreamAddress(camera.url(), USERNAME, "guess"))
    assert (wrong.reachable, code(wrong)) == (False, ReasonCode.WRONG_CREDENTIALS)
    assert code(await polled(StreamAddress(camera.url()))) is ReasonCode.WRONG_CREDENTIALS
    h265 = await polled(StreamAddress(camera.url("/h265"), USERNAME, PASSWORD))
    assert h265.reachable and h265.reason is not None and "H265" in h265.reason.detail
    assert code(h265) is ReasonCode.UNSUPPORTED
    assert code(await polled(StreamAddress(camera.url("/none"), USERNAME, PASSWORD))) is ReasonCode.UNSUPPORTED
    camera.kill()
    assert code(await polled(StreamAddress(camera.url()))) is ReasonCode.PORT_CLOSED


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", ReasonCode.NO_ANSWER),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ReasonCode.GARBLED_ANSWER),
        (bytes(range(256)) * 500, ReasonCode.GARBLED_ANSWER),
        (b"RTSP/1.0 200 OK\r\nX: " + b"y" * 200_000, ReasonCode.GARBLED_ANSWER),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", ReasonCode.GARBLED_ANSWER),
        (None, ReasonCode.NO_ANSWER),
    ],
)
async def test_bad_answers_are_told_in_time(answering: Answering, said: bytes | None, reason: ReasonCode) -> None:
    started = time.monotonic()
    result = await polled(StreamAddress(answering(lambda _: said).url), timeout=0.7)
    assert (result.reachable, code(result)) == (False, reason)
    assert time.monotonic() - started < 2


async def test_a_refused_password_is_not_tried_again_but_the_camera_is_watched(answering: Answering) -> None:
    server = answering(lambda request: response(request, "401 Unauthorized", [CHALLENGE]))
    clock = FakeClock()
    check = RtspCheck(StreamAddress(server.url, "watch", "wrong"), 3.0, clock, Refusals(clock))
    for _ in range(5):
        assert code(await check.poll()) is ReasonCode.WRONG_CREDENTIALS
    assert len(server.logins()) == 1
    clock.advance(FIRST_SECONDS + 1)
    await check.poll()
    assert len(server.logins()) == 2
    assert "wrong" not in "".join(server.requests)
    server.close()
    assert code(await check.poll()) in (ReasonCode.PORT_CLOSED, ReasonCode.NO_ANSWER)


async def test_two_that_ask_at_once_with_an_unproven_password_make_one_login(answering: Answering) -> None:
    server = answering(lambda request: response(request, "401 Unauthorized", [CHALLENGE]))
    refusals = Refusals(SystemClock())
    where = StreamAddress(server.url, "watch", "wrong")
    results = await asyncio.gather(*(polled(where, refusals=refusals) for _ in range(8)))
    assert {code(result) for result in results} == {ReasonCode.WRONG_CREDENTIALS}
    assert len(server.logins()) == 1


async def test_a_nonce_that_was_too_old_is_no_refused_password(answering: Answering) -> None:
    def answer(request: str) -> bytes:
        if 'nonce="n2"' in request or request.startswith("OPTIONS"):
            return response(request, "200 OK", ["Server: Dahua Rtsp Server"], SDP)
        stale = ', stale=true, nonce="n2"' if "Authorization" in request else ', nonce="n1"'
        return response(request, "401 Unauthorized", [f'WWW-Authenticate: Digest realm="r"{stale}'])

    result = await polled(StreamAddress(answering(answer).url, "watch", "right"))
    assert (result.reachable, result.reason) == (True, None)
    assert [(fact.name, fact.text) for fact in result.facts] == [("vendor", "Dahua")]


# ---- refusals --------------------------------------------------------------------------------------------------------

WHERE = StreamAddress("rtsp://10.0.0.9/main", "watch", "wrong")


def test_the_pause_after_a_refusal_doubles_up_to_an_hour() -> None:
    clock = FakeClock()
    refusals = Refusals(clock)
    pauses = []
    for _ in range(6):
        assert refusals.wait(WHERE) == 0
        refusals.refused(WHERE)
        pauses.append(refusals.wait(WHERE))
        clock.advance(pauses[-1] - 1)
        assert refusals.wait(WHERE) == pytest.approx(1)
        clock.advance(1)
    assert pauses == pytest.approx([FIRST_SECONDS, 600, 1200, 2400, LONGEST_SECONDS, LONGEST_SECONDS])


def test_a_refusal_is_the_camera_s_not_the_stream_s_and_another_password_is_another_login() -> None:
    refusals = Refusals(FakeClock())
    refusals.refused(WHERE)
    assert refusals.wait(StreamAddress("rtsp://10.0.0.9/sub", "watch", "wrong")) == FIRST_SECONDS
    assert refusals.wait(StreamAddress("rtsp://10.0.0.9/main", "watch", "right")) == 0
    assert refusals.wait(StreamAddress("rtsp://10.0.0.8/main", "watch", "wrong")) == 0
    assert refusals.wait(StreamAddress("rtsp://10.0.0.9/main")) == 0  # no login at all


def test_an_unproven_password_is_tried_by_one_at_a_time_and_a_proven_one_by_all() -> None:
    clock = FakeClock()
    refusals = Refusals(clock)
    assert [refusals.wait(WHERE) for _ in range(3)] == [0, TURN_SECONDS, TURN_SECONDS]
    refusals.not_told(WHERE)
    assert [refusals.wait(WHERE) for _ in range(2)] == [0, TURN_SECONDS]
    clock.advance(60)  # who asked has died without a word
    assert refusals.wait(WHERE) == 0
    refusals.accepted(WHERE)
    assert [refusals.wait(WHERE) for _ in range(3)] == [0, 0, 0]
    refusals.refused(WHERE)  # it was changed at the camera
    assert refusals.wait(WHERE) == FIRST_SECONDS


def test_no_password_is_kept_in_the_open() -> None:
    refusals = Refusals(FakeClock())
    refusals.refused(WHERE)
    assert "wrong" not in repr(vars(refusals)) and "wrong" not in repr(WHERE)
