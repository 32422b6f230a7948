"""H.264 out of RTP (RFC 3550, RFC 6184, packetization modes 0 and 1): one access unit per picture.

A picture ends with its marker, so nothing waits for the next one to begin. Cameras that set no marker, or one on each
slice, are noticed, and then a picture ends where the next timestamp begins.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from camera.relay.annexb import START_CODE
from telemetry.live import MAX_ACCESS_UNIT_BYTES

_HEADER = struct.Struct(">BBHI4xBB")  # RTP's, and the first two bytes of the payload
_SHORT_HEADER = struct.Struct(">BBHI")
_HEADER_BYTES = 12
_VERSION = 0x80
_STAP_A, _FU_A = 24, 28  # RFC 6184, table 1
_IDR = 1 << 5
_PICTURE = 0b111110  # the types 1 to 5: coded slices


class Packet(NamedTuple):
    """One access unit as it came: Annex B bytes, RTP's time, whether it is an IDR picture, whether something before it
    was lost, so that only a keyframe can be decoded from here on."""

    data: bytes
    time: int
    keyframe: bool
    lost_before: bool


class Depacketizer:
    """Feed RTP packets, take access units."""

    def __init__(self, payload_type: int) -> None:
        self.foreign = 0  # packets since the newest picture that are no RTP of this stream
        self._payload_type = payload_type
        self._sequence = -1
        self._time = -1
        self._data = bytearray()
        self._kinds = 0  # bits, by nal_unit_type
        self._in_fragment = False
        self._damaged = False  # the picture under way cannot be used
        self._lost = False
        self._given = -1  # time of the newest picture that its marker ended
        self._markers_lie = False

    def feed(self, view: memoryview, begin: int, end: int) -> Packet | None:
        """The packet at view[begin:end]; the picture that is complete with it, or found complete by it."""
        if end - begin >= _HEADER.size:
            first, second, sequence, time, indicator, header = _HEADER.unpack_from(view, begin)
        elif end - begin >= _HEADER_BYTES:
            first, second, sequence, time = _SHORT_HEADER.unpack_from(view, begin)
            indicator = header = 0
        else:
            self.foreign += 1
            return None
        if (
            (first, second, sequence, time) == (_VERSION, self._payload_type, self._sequence, self._time)
            and indicator & 0x1F == _FU_A
            and not header & 0xC0
            and self._in_fragment
            and len(self._data) < MAX_ACCESS_UNIT_BYTES
        ):  # by far the most: the middle of a slice
            self._sequence = (sequence + 1) & 0xFFFF
            self._data += view[begin + 14 : end]
            return None
        if first & 0xC0 != _VERSION or second & 0x7F != self._payload_type:
            self.foreign += 1
            return None
        gap = sequence != self._sequence and self._sequence >= 0
        self._sequence = (sequence + 1) & 0xFFFF
        if gap:
            self._lost = self._damaged = True
        begin += _HEADER_BYTES
        if first & 0x3F:
            begin, end = payload_of(view, first, begin, end)
        done = None
        if time != self._time:
            if self._kinds & _PICTURE:
                done = self._give()
            elif self._damaged:
                self._data.clear()
                self._kinds, self._lost = 0, True
            # What came under another time without being a picture (parameter sets, SEI) stays and goes with this one.
            self._time = time
            self._in_fragment, self._damaged = False, gap
        if begin < end:
            self._add(view, begin, end)
        if second & 0x80 and not self._markers_lie and self._kinds & _PICTURE and done is None:
            self._given = time
            return self._give()
        return done

    def _add(self, view: memoryview, begin: int, end: int) -> None:
        kind = view[begin] & 0x1F
        data = self._data
        if kind == _FU_A and end - begin > 2:
            header = view[begin + 1]
            if header & 0x80:
                self._open(header & 0x1F)
                data += START_CODE
                data.append(view[begin] & 0xE0 | header & 0x1F)
                self._in_fragment = True
            elif not self._in_fragment:
                self._damaged = True
                return
            data += view[begin + 2 : end]
            if header & 0x40:
                self._in_fragment = False
        elif 0 < kind < _STAP_A:
            self._open(kind)
            data += START_CODE
            data += view[begin:end]
        elif kind == _STAP_A:
            self._add_aggregated(view, begin + 1, end)
        else:
            self._damaged = True  # a packet type that was not agreed on
        if len(data) > MAX_ACCESS_UNIT_BYTES:
            data.clear()
            self._damaged = True

    def _add_aggregated(self, view: memoryview, at: int, end: int) -> None:
        while end - at > 2:
            size = view[at] << 8 | view[at + 1]
            at += 2
            if not 0 < size <= end - at:
                self._damaged = True
                return
            self._open(view[at] & 0x1F)
            self._data += START_CODE
            self._data += view[at : at + size]
            at += size

    def _open(self, kind: int) -> None:
        """A NAL unit of this type begins."""
        if self._in_fragment:
            self._damaged = True  # the one before has no end
            self._in_fragment = False
        bit = 1 << kind
        if bit & _PICTURE and self._time == self._given and not self._markers_lie:
            # More of a picture whose marker said that it was whole: from now on markers mean nothing.
            self._markers_lie = self._damaged = True
        self._kinds |= bit

    def _give(self) -> Packet | None:
        self.foreign = 0
        data, kinds = bytes(self._data), self._kinds
        self._data.clear()
        self._kinds = 0
        if self._damaged or self._in_fragment or not data:
            self._lost = True
            self._damaged = self._in_fragment = False
            return None
        lost, self._lost = self._lost, False
        return Packet(data, self._time, bool(kinds & _IDR), lost)


def payload_of(view: memoryview, first: int, begin: int, end: int) -> tuple[int, int]:
    """The payload's place, past contributing sources, extension and padding (RFC 3550, 5.1 and 5.3.1); none where
    they do not fit."""
    begin += 4 * (first & 0x0F)
    if first & 0x10:
        if end - begin < 4:
            return end, end
        begin += 4 + 4 * (view[begin + 2] << 8 | view[begin + 3])
    if first & 0x20 and begin < end:
        end -= view[end - 1]
    return begin, max(begin, end)
