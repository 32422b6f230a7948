"""RTSP answers and SDP, as they are and as they should not be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera.rtsp_message import Answer, GarbledAnswerError, Video, describe, parse_head, resolve

# Shaped like the descriptions of common cameras: sound first, an own control, several payload types.
SDP = b"""v=0\r
o=- 1 1 IN IP4 192.168.1.64\r
s=Media Presentation\r
a=control:rtsp://192.168.1.64/main/\r
m=audio 0 RTP/AVP 8\r
a=control:trackID=2\r
m=video 0 RTP/AVP 96 97\r
b=AS:5000\r
a=rtpmap:96 H265/90000\r
a=rtpmap:97 H264/90000\r
a=fmtp:97 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z00AKQ==,aO48gA\r
a=control:trackID=1\r
m=application 0 RTP/AVP 107\r
a=rtpmap:107 vnd.onvif.metadata/90000\r
"""


def test_a_camera_s_description_is_read() -> None:
    found = describe(SDP)
    assert [video.codec for video in found.videos] == ["H265", "H264"]
    sets = bytes.fromhex("00000001674d002900000001" + "68ee3c80")
    assert found.h264() == Video("H264", "trackID=1", 97, 90_000, sets)
    assert found.control == "rtsp://192.168.1.64/main/"


@pytest.mark.parametrize(
    ("base", "control", "address"),
    [
        ("rtsp://h/main", "trackID=1", "rtsp://h/main/trackID=1"),
        ("rtsp://h/main/", "trackID=1", "rtsp://h/main/trackID=1"),
        ("rtsp://h/main?x=1", "", "rtsp://h/main?x=1"),
        ("rtsp://h/main", "*", "rtsp://h/main"),
        ("rtsp://h/main", "rtsp://10.0.0.9/t1", "rtsp://10.0.0.9/t1"),
    ],
)
def test_control_addresses_are_resolved(base: str, control: str, address: str) -> None:
    assert resolve(base, control) == address


def test_an_answer_s_head_is_read() -> None:
    answer = parse_head(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: A\r\nwww-authenticate:B\r\n")
    assert (answer.status, answer.all("www-authenticate"), answer.first("cseq")) == (401, ["A", "B"], "2")


@pytest.mark.parametrize("said", ["-1", "x", "99999999999", "1e3", "٣"])
def test_a_body_without_a_proper_length_is_garbled(said: str) -> None:
    with pytest.raises(GarbledAnswerError):
        Answer(200, [("content-length", said)]).body_bytes()


@given(st.binary(max_size=200))
def test_no_head_raises_anything_but_garbled(data: bytes) -> None:
    for head in (data, b"RTSP/1.0 200 OK\r\n" + data):
        try:
            parse_head(head).body_bytes()
        except GarbledAnswerError as error:
            assert str(error)


@given(st.binary(max_size=300), st.integers(0, len(SDP)), st.integers(0, len(SDP)))
def test_no_description_makes_it_fail(noise: bytes, begin: int, end: int) -> None:
    for sdp in (noise, SDP[:begin] + noise + SDP[end:], SDP.replace(b"97", noise[:4])):
        assert all(video.codec for video in describe(sdp).videos)
