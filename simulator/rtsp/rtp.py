"""H.264 and H.265 in RTP (RFC 6184, RFC 7798: units and fragments), RTCP (RFC 3550), framed for RTSP."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

PAYLOAD_TYPE = 96
CLOCK_HZ = 90_000
_MOST_PAYLOAD = 1400
_VERSION = 0x80
_EXTENDED = 0x10
_MARKER = 0x80
_FU_A, _FU = 28, 49  # fragments: of H.264, of H.265
_HEADER = struct.Struct(">BBHII")
_FRAME = struct.Struct(">BBH")
_SENDER_REPORT = struct.Struct(">BBHIQIII")
_NTP_EPOCH_SECONDS = 2_208_988_800


@dataclass(slots=True)
class Packets:
    """The RTP packets of one access unit, as bytes for any number of connections."""

    keyframe: bool
    packets: list[bytes]
    _framed: dict[int, bytes] = field(default_factory=dict)

    def framed(self, channel: int) -> bytes:
        """All of them behind each other (RFC 2326, 10.12); made once for each channel."""
        made = self._framed.get(channel)
        if made is None:
            made = b"".join(part for packet in self.packets for part in (_frame(channel, packet), packet))
            self._framed[channel] = made
        return made


class Sender:
    """Numbers the packets of one source."""

    def __init__(self, source: int, sequence: int) -> None:
        self.source = source
        self._sequence = sequence
        self._count = self._octets = 0

    def packets(
        self, units: list[bytes], timestamp: int, keyframe: bool, extension: bytes = b"", *, hevc: bool = False
    ) -> Packets:
        """One access unit. `units`: its NAL units; `timestamp`: of CLOCK_HZ, taken modulo 2^32.

        `extension`: the first packet's header extension (RFC 3550, 5.3.1), whole.
        """
        split = _hevc_payloads if hevc else _payloads
        payloads = [payload for unit in units for payload in split(unit)]
        last = len(payloads) - 1
        made = []
        for index, payload in enumerate(payloads):
            kind = PAYLOAD_TYPE | (_MARKER if index == last else 0)
            more = extension if index == 0 else b""
            first = _VERSION | (_EXTENDED if more else 0)
            header = _HEADER.pack(first, kind, self._sequence, timestamp & 0xFFFFFFFF, self.source)
            made.append(header + more + payload)
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._octets += len(payload)
        self._count += len(payloads)
        return Packets(keyframe, made)

    def report(self, wall_us: int, timestamp: int) -> bytes:
        """A compound RTCP packet: which wall time `timestamp` was, how much was sent, and a name."""
        ntp = ntp_time(wall_us)
        counts = (self._count & 0xFFFFFFFF, self._octets & 0xFFFFFFFF)
        report = _SENDER_REPORT.pack(0x80, 200, 6, self.source, ntp, timestamp & 0xFFFFFFFF, *counts)
        item = b"\x01\x06camera\x00\x00\x00\x00"  # SDES CNAME, ended and padded to a word
        return report + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, self.source) + item


def ntp_time(wall_us: int) -> int:
    """64 bits: seconds since 1900 and their fraction (RFC 3550, 4)."""
    seconds, rest = divmod(wall_us, 1_000_000)
    return (seconds + _NTP_EPOCH_SECONDS) << 32 | (rest << 32) // 1_000_000


def replay_extension(wall_us: int, sequence: int, *, clean: bool, discontinuity: bool, last: bool) -> bytes:
    """When a replayed picture was taken (ONVIF Streaming, 6.3): profile 0xABAC, NTP time, C, E and D bits, the
    low byte of the request's CSeq."""
    bits = clean << 7 | last << 6 | discontinuity << 5
    return struct.pack(">HHQBBxx", 0xABAC, 3, ntp_time(wall_us), bits, sequence & 0xFF)


def goodbye(source: int) -> bytes:
    """RTCP BYE (RFC 3550, 6.6), behind an empty receiver report."""
    return struct.pack(">BBHI", 0x80, 201, 1, source) + struct.pack(">BBHI", 0x81, 203, 1, source)


def framed_report(channel: int, report: bytes) -> bytes:
    return _frame(channel, report) + report


def _payloads(unit: bytes) -> list[bytes]:
    if len(unit) <= _MOST_PAYLOAD:
        return [unit]
    indicator, kind = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F
    size = _MOST_PAYLOAD - 2
    starts = range(1, len(unit), size)
    made = []
    for start in starts:
        bits = (0x80 if start == 1 else 0) | (0x40 if start + size >= len(unit) else 0)
        made.append(bytes((indicator, bits | kind)) + unit[start : start + size])
    return made


def _hevc_payloads(unit: bytes) -> list[bytes]:
    if len(unit) <= _MOST_PAYLOAD:
        return [unit]
    kind = unit[0] >> 1 & 0x3F
    header = bytes((unit[0] & 0x81 | _FU << 1, unit[1]))
    size = _MOST_PAYLOAD - 3
    made = []
    for start in range(2, len(unit), size):
        bits = (0x80 if start == 2 else 0) | (0x40 if start + size >= len(unit) else 0)
        made.append(header + bytes((bits | kind,)) + unit[start : start + size])
    return made


def _frame(channel: int, packet: bytes) -> bytes:
    return _FRAME.pack(ord("$"), channel, len(packet))
