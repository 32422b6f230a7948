"""What comes out of RTP of replayed footage, whatever goes in."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from camera.recorders.keyframe import KeyframeFinder, SenderReport, sender_report
from camera.recorders.replay import clock_us
from camera.rtsp_message import Video

NTP = 2_208_988_800
AT_US = 1_795_575_600_250_000
H264, H265 = Video("H264"), Video("H265")


def ntp(at_us: int) -> bytes:
    return struct.pack(">II", at_us // 1_000_000 + NTP, (at_us % 1_000_000 << 32) // 1_000_000 + 1)


def packet(payload: bytes, *, time: int = 9000, marker: bool = False, extension: bytes = b"") -> bytes:
    first, second = 0x90 if extension else 0x80, 96 | (0x80 if marker else 0)
    return struct.pack(">BBHII", first, second, 1, time, 1) + extension + payload


def test_the_extension_of_the_first_packet_dates_the_keyframe() -> None:
    finder = KeyframeFinder(H264)
    onvif = b"\xab\xac\x00\x03" + ntp(AT_US) + b"\xe0\x01\x00\x00"
    assert finder.feed(packet(b"\x67\x64\x00\x1f", extension=onvif)) is None
    assert finder.feed(packet(b"\x68\xee\x3c\x80")) is None
    found = finder.feed(packet(b"\x65\x88\x84\x00", marker=True))
    assert found is not None
    assert found.ntp_us == AT_US
    assert found.data == b"".join(
        b"\0\0\0\1" + unit for unit in (b"\x67\x64\x00\x1f", b"\x68\xee\x3c\x80", b"\x65\x88\x84\x00")
    )


def test_pictures_before_the_first_keyframe_are_passed_over() -> None:
    finder = KeyframeFinder(H264)
    assert finder.feed(packet(b"\x61\x88\x84\x00", time=1, marker=True)) is None
    assert finder.feed(packet(b"\x65\x88\x84\x00", time=2)) is None
    found = finder.feed(packet(b"\x61\x88\x84\x00", time=3))  # without a marker it ends where the next begins
    assert found is not None
    assert (found.rtp_time, found.ntp_us) == (2, None)


def test_a_fragmented_picture_of_h265_is_put_together() -> None:
    finder = KeyframeFinder(H265)
    header = bytes([49 << 1, 1])
    assert finder.feed(packet(header + bytes([0x80 | 19]) + b"ab")) is None
    found = finder.feed(packet(header + bytes([0x40 | 19]) + b"cd", marker=True))
    assert found is not None
    assert found.data == b"\0\0\0\1" + bytes([19 << 1, 1]) + b"abcd"


def test_a_sender_report_dates_other_times_also_over_the_wrap() -> None:
    report = sender_report(b"\x80\xc8\x00\x06\x00\x00\x00\x01" + ntp(AT_US) + struct.pack(">III", 2**32 - 90_000, 1, 1))
    assert report is not None
    assert report.at(90_000, 90_000) == AT_US + 2_000_000
    assert SenderReport(AT_US, 90_000).at(0, 90_000) == AT_US - 1_000_000


def test_a_sender_report_that_was_cut_short_dates_nothing() -> None:
    whole = b"\x80\xc8\x00\x06\x00\x00\x00\x01" + ntp(AT_US) + struct.pack(">III", 90_000, 1, 1)
    assert [sender_report(whole[:length]) is None for length in (20, 27, 28)] == [True, True, False]


def test_a_range_in_absolute_time_is_read() -> None:
    assert clock_us("clock=20261125T030000.25Z-20261125T040000Z") == AT_US
    assert clock_us("npt=0.000-") is None
    assert clock_us("clock=20269999T999999Z-") is None


@given(st.lists(st.binary(max_size=60), max_size=30), st.sampled_from([H264, H265]))
def test_no_bytes_break_it(packets: list[bytes], video: Video) -> None:
    finder = KeyframeFinder(video)
    for each in packets:
        for found in (finder.feed(each), finder.feed(packet(each, marker=True))):
            assert found is None or found.data.startswith(b"\0\0\0\1")
        assert len(each) >= 28 or sender_report(each) is None
