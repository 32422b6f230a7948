"""RTP packets since the newest keyframe, of H.264 (RFC 6184) and H.265 (RFC 7798), without taking them apart.

They are kept as they came: one keyframe of many is decoded, and who begins to watch begins with the newest.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from camera.relay.annexb import START_CODE
from camera.relay.rtp import payload_of

MOST_GROUP_BYTES = 4 * 1024 * 1024  # beyond it only the keyframe is kept
_HEADER = struct.Struct(">BBHI")
_HEADER_BYTES = 12
_VERSION = 0x80
_SLICE, _KEY, _OTHER = 1, 2, 0


class KeyframeGroup:
    """Feed packets; `frames`, `bytes` and so on count what came."""

    def __init__(self, codec: str, payload_type: int) -> None:
        """`codec`: H264 or H265; of others packets are counted, and none is a keyframe."""
        self.packets: list[bytes] = []  # from the keyframe on, its parameter sets included
        self.bytes = 0
        self.frames = 0
        self.keyframes = 0
        self.foreign = 0  # packets since the newest picture that are no RTP of this stream
        self.time = -1  # RTP's, of the newest packet
        self.whole = False  # the group has lost nothing and is kept from its keyframe on
        self._kind_of = {"H264": _kind_h264, "H265": _kind_h265}.get(codec, _kind_unknown)
        self._codec = codec
        self._payload_type = payload_type
        self._sequence = -1
        self._unit_at = 0  # where the picture under way, with its parameter sets, begins in `packets`
        self._unit_kinds = _OTHER
        self._key_end = 0  # where the keyframe ends; 0 while it is under way
        self._has_key = False
        self._group_bytes = 0

    def take(self, view: memoryview, begin: int, end: int) -> None:
        """The packet at view[begin:end]."""
        if end - begin < _HEADER_BYTES:
            self.foreign += 1
            return
        first, second, sequence, time = _HEADER.unpack_from(view, begin)
        if first & 0xC0 != _VERSION or second & 0x7F != self._payload_type:
            self.foreign += 1
            return
        if sequence != self._sequence and self._sequence >= 0:
            self._lost()
        self._sequence = (sequence + 1) & 0xFFFF
        self.bytes += end - begin
        if time != self.time:
            self._next_unit(time)
        at, stop = begin + _HEADER_BYTES, end
        if first & 0x3F:
            at, stop = payload_of(view, first, at, end)
        kinds = self._kind_of(view, at, stop) if at < stop else _OTHER
        if kinds & ~self._unit_kinds:
            self._begin(kinds)
        self.packets.append(bytes(view[begin:end]))
        self._group_bytes += end - begin
        if self._group_bytes > MOST_GROUP_BYTES:
            self._let_go()

    def keyframe(self) -> bytes | None:
        """The newest keyframe (Annex B), once it is whole; None while it is not, or where part of it is missing."""
        if not self._key_end:
            return None
        return annexb(self.packets[: self._key_end], self._codec)

    def _begin(self, kinds: int) -> None:
        """Slices of a picture begin, or are found to be a keyframe's."""
        if not self._unit_kinds and kinds & (_SLICE | _KEY):
            self.frames += 1
            self.foreign = 0
        if kinds & _KEY and not self._unit_kinds & _KEY:
            self.keyframes += 1
            del self.packets[: self._unit_at]
            self._unit_at = self._key_end = 0
            self._group_bytes = sum(map(len, self.packets))
            self._has_key = self.whole = True
        self._unit_kinds |= kinds

    def _next_unit(self, time: int) -> None:
        self.time = time
        if self._has_key and not self._key_end and self._unit_kinds & _KEY:
            self._key_end = len(self.packets)
        if self._unit_kinds or not self.packets:
            if not self._has_key:
                self.packets.clear()
            self._unit_at = len(self.packets)
            self._unit_kinds = _OTHER
        # What came under another time without being a picture (parameter sets) goes with the next one.

    def _let_go(self) -> None:
        """Keep the keyframe, and the picture under way, which may become one."""
        kept = self.packets[: self._key_end] if self._key_end else []
        under_way = self.packets[max(self._unit_at, len(kept)) :]
        if sum(map(len, under_way)) > MOST_GROUP_BYTES:
            under_way = []
        if len(kept) + len(under_way) == len(self.packets):
            return
        self.whole = False
        self.packets = [*kept, *under_way]
        self._unit_at = len(kept)
        self._group_bytes = sum(map(len, self.packets))

    def _lost(self) -> None:
        """Something is missing: what follows cannot be shown before the next keyframe, nor a keyframe under way."""
        self.whole = False
        if self._has_key and not self._key_end:
            self._has_key = False
            self.packets.clear()
            self._unit_at = self._group_bytes = 0


def annexb(packets: Sequence[bytes], codec: str) -> bytes | None:
    """The NAL units in whole RTP packets; None where one is cut off, or packed in a way that was not agreed on."""
    is_h265 = codec == "H265"
    head, aggregate, fragment = (2, 48, 49) if is_h265 else (1, 24, 28)
    made = bytearray()
    in_fragment = False
    for packet in packets:
        at, end = _HEADER_BYTES, len(packet)
        if packet[0] & 0x3F:
            at, end = payload_of(memoryview(packet), packet[0], at, end)
        if end - at <= head:
            continue
        kind = packet[at] >> 1 & 0x3F if is_h265 else packet[at] & 0x1F
        if kind == aggregate:
            at += head
            while end - at > 2:
                size = packet[at] << 8 | packet[at + 1]
                at += 2
                if not 0 < size <= end - at:
                    return None
                made += START_CODE + packet[at : at + size]
                at += size
        elif kind == fragment:
            header = packet[at + head]
            if header & 0x80:
                first = (packet[at] & 0x81 | (header & 0x3F) << 1) if is_h265 else packet[at] & 0xE0 | header & 0x1F
                made += START_CODE + bytes((first,)) + packet[at + 1 : at + head]
            elif not in_fragment:
                return None
            made += packet[at + head + 1 : end]
            in_fragment = not header & 0x40
        elif kind < aggregate:
            made += START_CODE + packet[at:end]
        else:
            return None
    return None if in_fragment else bytes(made)


def _kind_h264(view: memoryview, at: int, end: int) -> int:
    kind = view[at] & 0x1F
    if kind == 28 and end - at > 1:
        kind = view[at + 1] & 0x1F
    elif kind == 24:
        return _kinds_within(view, at + 1, end, 0, 0x1F, _H264)
    return _H264.get(kind, _OTHER)


def _kind_h265(view: memoryview, at: int, end: int) -> int:
    kind = view[at] >> 1 & 0x3F
    if kind == 49 and end - at > 2:
        kind = view[at + 2] & 0x3F
    elif kind == 48:
        return _kinds_within(view, at + 2, end, 1, 0x3F, _H265)
    return _H265.get(kind, _OTHER)


def _kind_unknown(view: memoryview, at: int, end: int) -> int:
    return _SLICE


def _kinds_within(view: memoryview, at: int, end: int, shift: int, mask: int, known: dict[int, int]) -> int:
    """Of an aggregation packet's units."""
    kinds = _OTHER
    while end - at > 2:
        size = view[at] << 8 | view[at + 1]
        at += 2
        if not 0 < size <= end - at:
            break
        kinds |= known.get(view[at] >> shift & mask, _OTHER)
        at += size
    return kinds


_H264 = {**dict.fromkeys((1, 2, 3, 4), _SLICE), 5: _KEY | _SLICE}  # nal_unit_type, H.264 table 7-1
_H265 = {**dict.fromkeys(range(10), _SLICE), **dict.fromkeys(range(16, 22), _KEY | _SLICE)}  # H.265 table 7-1
