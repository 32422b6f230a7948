"""The first keyframe of replayed footage and when the recorder says that it was taken: H.264 (RFC 6184) and H.265
(RFC 7798) out of RTP, ONVIF's header extension (Streaming Specification 6.3), RTCP's sender reports (RFC 3550, 6.4.1).

One picture is wanted, so this may be slow and plain; camera.relay.rtp is the fast one, for live pictures.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from camera.rtsp_message import Video

MOST_BYTES = 8 * 1024 * 1024
_MOST_SETS = 16
START_CODE = b"\x00\x00\x00\x01"
_HEADER = struct.Struct(">BBHII")
_NTP_TO_UNIX = 2_208_988_800  # seconds from 1900 to 1970
_ONVIF_PROFILES = (0xABAC, 0xABAD)  # the latter: followed by JPEG's own extension
_SENDER_REPORT = 200
_SENDER_REPORT_BYTES = 28  # with all of its sender info (RFC 3550, 6.4.1)
CODECS = {"H264": "h264", "H265": "hevc"}  # by SDP's name, FFmpeg's


@dataclass(frozen=True, slots=True)
class Keyframe:
    """Annex B bytes, with the parameter sets that came with it or before it. `ntp_us`: the header extension's time, as
    the recorder's UTC; None where there was none. `rtp_time`: RTP's."""

    codec: str
    data: bytes
    ntp_us: int | None
    rtp_time: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """Which wall time (µs) goes with which RTP time."""

    ntp_us: int
    rtp_time: int

    def at(self, rtp_time: int, clock_rate: int) -> int:
        """The wall time of another RTP time near it."""
        ticks = (rtp_time - self.rtp_time + (1 << 31)) % (1 << 32) - (1 << 31)
        return self.ntp_us + round(ticks * 1e6 / clock_rate)


class KeyframeFinder:
    """Feed packets until it has one. Pictures before the first keyframe are passed over."""

    def __init__(self, video: Video) -> None:
        self._payload_type = video.payload_type
        self._is_h265 = video.codec == "H265"
        self._codec = CODECS[video.codec]
        self._sets = _units(video.parameter_sets)
        self._units: list[bytes] = []
        self._fragment: bytearray | None = None
        self._time: int | None = None
        self._ntp_us: int | None = None
        self._bytes = 0

    def feed(self, packet: bytes) -> Keyframe | None:
        """One RTP packet; a keyframe where one is complete with it, or found complete by it."""
        if len(packet) < _HEADER.size:
            return None
        first, second, _, time, _ = _HEADER.unpack_from(packet)
        if first & 0xC0 != 0x80 or second & 0x7F != self._payload_type:
            return None
        payload, ntp_us = _payload(packet, first)
        found = None
        if time != self._time:
            found = self._finish()
            self._time, self._ntp_us = time, None
        self._ntp_us = ntp_us if ntp_us is not None else self._ntp_us
        self._add(payload)
        if found is None and second & 0x80:
            found = self._finish()
        return found

    def _finish(self) -> Keyframe | None:
        units, self._units, self._fragment, self._bytes = self._units, [], None, 0
        own = [unit for unit in units if self._is_set(unit)]
        if not self._is_keyframe(units):
            self._sets = [*self._sets, *own][-_MOST_SETS:]
            return None
        data = b"".join(START_CODE + unit for unit in (units if own else [*self._sets, *units]))
        return Keyframe(self._codec, data, self._ntp_us, self._time or 0)

    def _add(self, payload: bytes) -> None:
        if len(payload) < 3:
            return
        self._bytes += len(payload)
        if self._bytes > MOST_BYTES:
            self._units, self._fragment = [], None
            return
        if self._is_h265:
            self._add_h265(payload)
        else:
            self._add_h264(payload)

    def _add_h264(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F
        if kind == 28:
            header = bytes([payload[0] & 0xE0 | payload[1] & 0x1F])
            self._add_fragment(payload[1], header, payload[2:])
        elif kind == 24:
            self._units += _aggregated(payload[1:])
        elif 0 < kind < 24:
            self._units.append(payload)

    def _add_h265(self, payload: bytes) -> None:
        kind = payload[0] >> 1 & 0x3F
        if kind == 49:
            header = bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]])
            self._add_fragment(payload[2], header, payload[3:])
        elif kind == 48:
            self._units += _aggregated(payload[2:])
        elif kind < 48:
            self._units.append(payload)

    def _add_fragment(self, marks: int, header: bytes, data: bytes) -> None:
        if marks & 0x80:
            self._fragment = bytearray(header)
        if self._fragment is None:
            return  # its begin did not come
        self._fragment += data
        if marks & 0x40:
            self._units.append(bytes(self._fragment))
            self._fragment = None

    def _kind(self, unit: bytes) -> int:
        return unit[0] >> 1 & 0x3F if self._is_h265 else unit[0] & 0x1F

    def _is_keyframe(self, units: list[bytes]) -> bool:
        """An IDR or other random access picture; with H.264 also one that comes with its parameter sets, as recorders
        send intra pictures with a recovery point."""
        kinds = {self._kind(unit) for unit in units}
        if self._is_h265:
            return any(16 <= kind <= 21 for kind in kinds)
        return 5 in kinds or {1, 7} <= kinds

    def _is_set(self, unit: bytes) -> bool:
        return self._kind(unit) in ((32, 33, 34) if self._is_h265 else (7, 8))


def sender_report(packet: bytes) -> SenderReport | None:
    """The first sender report of a compound RTCP packet; None where there is none, or one without a time."""
    at = 0
    while len(packet) - at >= 4:
        length = 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
        if packet[at + 1] == _SENDER_REPORT and len(packet) - at >= _SENDER_REPORT_BYTES:
            ntp_us = _ntp_us(packet[at + 8 : at + 16])
            return None if ntp_us is None else SenderReport(ntp_us, int.from_bytes(packet[at + 16 : at + 20], "big"))
        at += length
    return None


def _payload(packet: bytes, first: int) -> tuple[bytes, int | None]:
    """Without header, extension and padding; and the time in ONVIF's extension."""
    begin, end, ntp_us = _HEADER.size + 4 * (first & 0x0F), len(packet), None
    if first & 0x10:
        if end - begin < 4:
            return b"", None
        profile = int.from_bytes(packet[begin : begin + 2], "big")
        words = int.from_bytes(packet[begin + 2 : begin + 4], "big")
        if profile in _ONVIF_PROFILES and words >= 2:
            ntp_us = _ntp_us(packet[begin + 4 : begin + 12])
        begin += 4 + 4 * words
    if first & 0x20 and begin < end:
        end -= packet[-1]
    return packet[begin : max(begin, end)], ntp_us


def _ntp_us(data: bytes) -> int | None:
    """NTP's 64 bits (RFC 5905, 6); None for one that is not set."""
    if len(data) < 8:
        return None
    seconds, fraction = struct.unpack(">II", data)
    if not seconds:
        return None
    if seconds < 1 << 31:  # the era that begins in 2036
        seconds += 1 << 32
    return int((seconds - _NTP_TO_UNIX) * 1_000_000 + (fraction * 1_000_000 >> 32))


def _aggregated(data: bytes) -> Iterator[bytes]:
    at = 0
    while len(data) - at > 2:
        size = int.from_bytes(data[at : at + 2], "big")
        at += 2
        if not 0 < size <= len(data) - at:
            return
        yield data[at : at + size]
        at += size


def _units(annexb: bytes) -> list[bytes]:
    return [unit for unit in annexb.split(START_CODE) if unit]
