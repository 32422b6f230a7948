"""One wrong password is not tried again, at whichever of a camera's services: they count failures together."""

from __future__ import annotations

from camera.device_address import DeviceAddress
from camera.refusals import FIRST_SECONDS, LONGEST_SECONDS, TURN_SECONDS, Refusals
from camera.relay.rtsp import StreamAddress
from telemetry.clock import FakeClock

RTSP = StreamAddress("rtsp://10.0.0.5/main", "watch", "one")
RTSP_SUB = StreamAddress("rtsp://10.0.0.5:554/sub", "watch", "one")
HTTP = DeviceAddress("http://10.0.0.5:80", "watch", "one")


def test_a_refusal_by_one_service_holds_back_the_others() -> None:
    clock = FakeClock()
    refusals = Refusals(clock)
    assert refusals.wait(HTTP) == 0
    refusals.refused(HTTP)
    assert refusals.wait(RTSP) == FIRST_SECONDS
    assert refusals.wait(RTSP_SUB) == FIRST_SECONDS
    assert refusals.wait(StreamAddress(RTSP.url, "watch", "another")) == 0
    assert refusals.wait(StreamAddress("rtsp://10.0.0.6/main", "watch", "one")) == 0
    clock.advance(FIRST_SECONDS)
    assert refusals.wait(RTSP) == 0


def test_a_password_that_one_service_takes_is_refused_by_another_alone() -> None:
    clock = FakeClock()
    refusals = Refusals(clock)
    refusals.wait(RTSP)
    refusals.accepted(RTSP)
    assert refusals.wait(HTTP) == 0
    refusals.refused(HTTP)
    assert refusals.wait(HTTP) == FIRST_SECONDS
    assert refusals.wait(RTSP_SUB) == 0


def test_only_one_at_a_time_tries_what_is_not_proven() -> None:
    refusals = Refusals(FakeClock())
    assert refusals.wait(RTSP) == 0
    assert refusals.wait(HTTP) == TURN_SECONDS
    refusals.not_told(RTSP)
    assert refusals.wait(HTTP) == 0


def test_pauses_grow_up_to_an_hour() -> None:
    clock = FakeClock()
    refusals = Refusals(clock)
    waits = []
    for _ in range(6):
        assert refusals.wait(HTTP) == 0
        refusals.refused(HTTP)
        waits.append(refusals.wait(HTTP))
        clock.advance(waits[-1])
    assert waits == [300, 600, 1200, 2400, LONGEST_SECONDS, LONGEST_SECONDS]


def proven_at(*services: StreamAddress | DeviceAddress) -> Refusals:
    refusals = Refusals(FakeClock())
    for service in services:
        assert refusals.wait(service) == 0
        refusals.accepted(service)
    return refusals


def test_who_took_a_password_and_refuses_it_tells_that_it_was_changed() -> None:
    refusals = proven_at(HTTP, RTSP)
    refusals.refused(HTTP)
    assert refusals.wait(RTSP) == FIRST_SECONDS
    assert not refusals.is_proven(RTSP)


def test_logins_under_way_at_the_change_neither_end_the_rest_nor_make_it_longer() -> None:
    refusals = proven_at(HTTP, RTSP)
    assert (refusals.wait(HTTP), refusals.wait(RTSP), refusals.wait(RTSP_SUB)) == (0, 0, 0)
    refusals.refused(HTTP)
    refusals.accepted(RTSP)  # before the change
    refusals.refused(RTSP_SUB)
    assert refusals.wait(HTTP) == refusals.wait(RTSP) == FIRST_SECONDS


def test_while_one_finds_out_whether_it_was_the_nonce_nobody_else_tries() -> None:
    refusals = proven_at(HTTP, RTSP)
    refusals.doubted(HTTP)
    assert (refusals.wait(HTTP), refusals.wait(RTSP)) == (0, TURN_SECONDS)
    refusals.accepted(HTTP)
    assert refusals.wait(RTSP) == 0
    assert refusals.is_proven(RTSP) and refusals.is_proven(HTTP)
