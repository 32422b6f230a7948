"""The relay at servers that speak badly, differently, or not at all."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable

import pytest

from camera.relay import rtsp
from camera.relay.annexb import nal_units
from camera.relay.assemble import AccessUnit
from camera.relay.rtsp import StreamAddress, StreamError, read
from telemetry.readings import ReasonCode
from tests.camera.conftest import Film
from tests.camera.peers import Footage, RtspServer, response

Answering = Callable[..., RtspServer]
SECOND = Footage(seconds=1.0)
REALM, NONCE = "IP Camera(12345)", "6b2d"
SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp, "OPEN_SECONDS", 1.0)
    monkeypatch.setattr(rtsp, "SILENCE_SECONDS", 1.0)


def failure(url: str, username: str = "", password: str = "") -> tuple[ReasonCode, str]:
    deadline = time.monotonic() + 10
    with pytest.raises(StreamError) as caught:
        list(read(StreamAddress(url, username, password), lambda: time.monotonic() > deadline))
    return caught.value.reason.code, caught.value.reason.detail


def picture_packets(file_units: list[bytes], timestamps: list[int], *, marker: str = "last") -> bytes:
    """Interleaved RTP, one NAL unit a packet; a marker at each picture's last packet, at all, or at none."""
    made, sequence = b"", 65534  # so that it wraps
    for unit, time_ in zip(file_units, timestamps, strict=True):
        kinds = list(nal_units(unit))
        for number, (_, nal) in enumerate(kinds):
            marked = marker == "all" or (marker == "last" and number == len(kinds) - 1)
            packet = struct.pack(">BBHII", 0x80, 96 | (0x80 if marked else 0), sequence & 0xFFFF, time_, 7) + nal
            made += b"$\0" + struct.pack(">H", len(packet)) + packet
            sequence += 1
    return made


def playing(packets: bytes, *, together: bool = True, sdp: str = SDP) -> Callable[[str], bytes | None]:
    """A server's answers: it sends these packets with or after its answer to PLAY, and then nothing."""

    def answer(request: str) -> bytes | None:
        method = request.split()[0]
        if method == "DESCRIBE":
            return response(request, "200 OK", body=sdp)
        if method == "SETUP":
            session = ["Session: 7;timeout=60", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]
            return response(request, "200 OK", session)
        said = response(request, "200 OK", ["Public: OPTIONS, DESCRIBE"])
        if method != "PLAY":
            return said
        return said + packets if together else packets + said

    return answer


def access_units(film: Film, footage: Footage = SECOND) -> list[bytes]:
    data = film(footage).read_bytes()
    return [b"\0\0\0\1\x09" + unit for unit in data.split(b"\0\0\0\1\x09")[1:]]


def pictures(url: str) -> list[AccessUnit]:
    """All that come until the camera falls silent."""
    units: list[AccessUnit] = []
    with pytest.raises(StreamError):
        for unit in read(StreamAddress(url), lambda: False):
            units.append(unit)
    return units


def test_a_server_that_never_answers_is_given_up_in_time(answering: Answering) -> None:
    server = answering(lambda _: b"")
    started = time.monotonic()
    assert failure(server.url)[0] is ReasonCode.NO_ANSWER
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "garbage",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(range(256)) * 40, b"RTSP/x\r\n\r\n"],
)
def test_what_is_no_rtsp_is_told_as_garbled(answering: Answering, garbage: bytes) -> None:
    server = answering(lambda _: garbage, greeting=garbage)
    assert failure(server.url)[0] is ReasonCode.GARBLED_ANSWER


def test_an_answer_without_an_end_does_not_fill_the_memory(answering: Answering) -> None:
    server = answering(lambda _: b"RTSP/1.0 200 OK\r\n" + b"X: " + b"y" * 400_000)
    assert failure(server.url)[0] is ReasonCode.GARBLED_ANSWER


def test_a_server_that_hangs_up_is_no_answer(answering: Answering) -> None:
    assert failure(answering(lambda _: None).url)[0] is ReasonCode.NO_ANSWER


def test_a_port_where_nobody_is_and_a_name_that_nobody_has(free_port: Callable[[], int]) -> None:
    assert failure(f"rtsp://127.0.0.1:{free_port()}/main")[0] is ReasonCode.PORT_CLOSED
    assert failure("rtsp://camera.invalid/main")[0] is ReasonCode.NAME_UNKNOWN


@pytest.mark.parametrize("options_too", [True, False])
@pytest.mark.parametrize("scheme", ["digest", "basic"])
def test_a_password_that_is_refused_is_sent_once(answering: Answering, options_too: bool, scheme: str) -> None:
    challenge = f'Digest realm="{REALM}", nonce="{NONCE}"' if scheme == "digest" else f'Basic realm="{REALM}"'

    def answer(request: str) -> bytes:
        if request.startswith("OPTIONS") and not options_too:
            return response(request, "200 OK")
        return response(request, "401 Unauthorized", [f"WWW-Authenticate: {challenge}"])

    server = answering(answer)
    code, detail = failure(server.url, "watch", "wrong-secret")
    assert code is ReasonCode.WRONG_CREDENTIALS and "wrong-secret" not in detail
    assert len(server.logins()) == 1


def test_basic_is_not_used_where_digest_is_offered(answering: Answering) -> None:
    offers = [f'WWW-Authenticate: Basic realm="{REALM}"', f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}"']
    server = answering(lambda request: response(request, "401 Unauthorized", offers))
    failure(server.url, "watch", "geheim")
    assert [request for request in server.logins() if "Basic" in request] == []
    assert base64.b64encode(b"watch:geheim").decode() not in "".join(server.requests)


def test_a_nonce_that_changes_in_mid_session_is_followed_while_the_password_is_good(
    answering: Answering, film: Film
) -> None:
    """Some cameras change it with each answer, and say so by a 401 without a word of it being stale."""
    secret = hashlib.md5(f"watch:{REALM}:geheim".encode()).hexdigest()
    inner = playing(picture_packets(access_units(film), [n * 3600 for n in range(25)]))
    nonces = [f"nonce-{number}" for number in range(20)]

    def answer(request: str) -> bytes | None:
        said = dict(re.findall(r'(\w+)="([^"]*)"', request))
        asked = hashlib.md5(f"{request.split()[0]}:{request.split()[1]}".encode()).hexdigest()
        good = hashlib.md5(f"{secret}:{nonces[0]}:{asked}".encode()).hexdigest()
        if said.get("response") == good:
            nonces.pop(0)
            return inner(request)
        offered = f'WWW-Authenticate: Digest realm="{REALM}", nonce="{nonces[0]}"'
        return response(request, "401 Unauthorized", [offered])

    server = answering(answer)
    units: list[AccessUnit] = []
    with pytest.raises(StreamError):
        units.extend(read(StreamAddress(server.url, "watch", "geheim"), lambda: len(units) > 100))
    assert [request.split()[0] for request in server.logins()][:4] == ["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP"]


@pytest.mark.parametrize("together", [True, False])
def test_pictures_that_come_with_the_answer_to_play_are_kept(answering: Answering, film: Film, together: bool) -> None:
    sent = access_units(film)
    packets = picture_packets(sent, [n * 3600 for n in range(25)])
    units = pictures(answering(playing(packets, together=together)).url)
    assert len(units) == 25 and units[0].keyframe
    assert [list(nal_units(unit.data)) for unit in units] == [list(nal_units(unit)) for unit in sent]


@pytest.mark.parametrize("marker", ["all", "none"])
def test_cameras_whose_markers_say_nothing_are_read_by_their_timestamps(
    answering: Answering, film: Film, marker: str
) -> None:
    footage = Footage(seconds=2.0, slices=4, keyframe_every=0.4)
    sent = access_units(film, footage)
    packets = picture_packets(sent, [(n * 3600 - 5) % 2**32 for n in range(len(sent))], marker=marker)
    units = pictures(answering(playing(packets)).url)
    whole = [list(nal_units(unit)) for unit in sent]
    found = [list(nal_units(unit.data)) for unit in units]
    # The newest picture has no next one to end it. Of the first, a lying marker lets through a part; then it is known.
    if marker == "all":
        assert found[0] == whole[0][: len(found[0])] and len(found[0]) < len(whole[0])
        found, whole = found[1:], whole[10:]
    assert found == whole[:-1]


def test_bytes_between_packets_that_are_neither_are_passed_over(answering: Answering, film: Film) -> None:
    sent = access_units(film)
    first = picture_packets(sent[:5], [n * 3600 for n in range(5)])
    both = picture_packets(sent[:10], [n * 3600 for n in range(10)])
    noise = b"\r\nsome firmware's chatter\r\n"
    units = pictures(answering(playing(first + noise + both[len(first) :])).url)
    assert len(units) == 10


def test_parameter_sets_that_stand_only_in_the_sdp_come_with_each_keyframe(answering: Answering, film: Film) -> None:
    sent = access_units(film, Footage(seconds=1.0, keyframe_every=0.2))
    nals = [[(kind, nal) for kind, nal in nal_units(unit)] for unit in sent]
    sets = [base64.b64encode(nal).decode() for kind, nal in nals[0] if kind in (7, 8)]
    bare = [b"".join(b"\0\0\0\1" + nal for kind, nal in unit if kind not in (6, 7, 8, 9)) for unit in nals]
    sdp = SDP + f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={','.join(sets)};profile-level-id=42c00c\r\n"
    packets = picture_packets(bare, [n * 3600 for n in range(25)])
    units = pictures(answering(playing(packets, sdp=sdp)).url)
    assert [[kind for kind, _ in nal_units(unit.data)] for unit in units if unit.keyframe] == [[7, 8, 5]] * 5
    assert len(units) == 25
    without = pictures(answering(playing(packets)).url)
    assert without == []  # no decoder could begin anywhere


def test_a_camera_that_sends_another_payload_than_it_described_is_garbled(answering: Answering, film: Film) -> None:
    packets = picture_packets(access_units(film) * 20, [n * 3600 for n in range(500)])
    server = answering(playing(packets, sdp=SDP.replace("96", "97")))
    assert failure(server.url)[0] is ReasonCode.GARBLED_ANSWER


def test_a_description_without_h264_is_unsupported_in_words(answering: Answering) -> None:
    jpeg = answering(playing(b"", sdp="v=0\r\nm=video 0 RTP/AVP 26\r\na=control:1\r\n"))
    assert failure(jpeg.url) == (ReasonCode.UNSUPPORTED, "the camera sends JPEG; set this stream to H.264")
    sound = answering(playing(b"", sdp="v=0\r\nm=audio 0 RTP/AVP 0\r\n"))
    assert failure(sound.url) == (ReasonCode.UNSUPPORTED, "the address offers no video")
    mode_2 = answering(playing(b"", sdp=SDP + "a=fmtp:96 packetization-mode=2\r\n"))
    assert failure(mode_2.url)[1] == "the camera sends H.264 in packetization mode 2"


def test_a_peer_that_accepts_and_says_nothing_holds_nobody_who_wants_to_leave() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        leave = threading.Event()
        threading.Timer(0.2, leave.set).start()
        started = time.monotonic()
        url = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/main"
        assert list(read(StreamAddress(url), leave.is_set)) == []
        assert time.monotonic() - started < 0.95  # before OPEN_SECONDS
