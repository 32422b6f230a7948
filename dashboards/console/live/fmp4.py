"""Fragmented MP4 for Media Source Extensions, one fragment a frame (ISO/IEC 14496-12, -15; W3C MSE byte stream format).

Written by hand because a general muxer holds each frame back until it knows the next one: 99 ms glass to glass against
290. Here a frame's duration is what the one before took; its time of decoding is told in each fragment.
"""

from __future__ import annotations

import struct

from dashboards.console.live.h264 import AUD, PPS, SPS, ParameterSets, chroma_and_depth, nal_spans

TIMESCALE = 90_000
_TRACK = 1
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SAMPLE_IS_SYNC = 0x02000000  # sample_depends_on = 2: on no other
_SAMPLE_DEPENDS = 0x01010000  # sample_depends_on = 1, sample_is_non_sync_sample
_TFHD_DEFAULT_BASE_IS_MOOF = 0x020000
_TRUN_DATA_OFFSET, _TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS = 0x1, 0x100, 0x200, 0x400
_NOT_IN_SAMPLES = frozenset({SPS, PPS, AUD})  # "avc1": parameter sets stand in the sample entry alone


def ticks(time_us: int) -> int:
    """Microseconds in units of TIMESCALE."""
    return time_us * 9 // 100


def init_segment(sets: ParameterSets, width: int, height: int) -> bytes:
    """ftyp and moov of one video track. Sizes in pixels. Raises BitstreamError for sets that cannot be."""
    return _ftyp() + _box(b"moov", _mvhd(), _trak(sets, width, height), _mvex())


def fragment(number: int, decode_time: int, duration: int, *, keyframe: bool, sample: bytes) -> bytes:
    """moof and mdat of one sample; times in units of TIMESCALE, `number` counts fragments from 1."""
    flags = _SAMPLE_IS_SYNC if keyframe else _SAMPLE_DEPENDS
    trun_flags = _TRUN_DATA_OFFSET | _TRUN_DURATION | _TRUN_SIZE | _TRUN_FLAGS
    # Boxes before the data: moof 8, mfhd 16, traf 8, tfhd 16, tfdt 20, trun 32; then mdat's own 8.
    data_offset = 100 + 8
    moof = _box(
        b"moof",
        _full(b"mfhd", 0, 0, struct.pack(">I", number & 0xFFFFFFFF)),
        _box(
            b"traf",
            _full(b"tfhd", 0, _TFHD_DEFAULT_BASE_IS_MOOF, struct.pack(">I", _TRACK)),
            _full(b"tfdt", 1, 0, struct.pack(">Q", decode_time)),
            _full(b"trun", 0, trun_flags, struct.pack(">IiIII", 1, data_offset, duration, len(sample), flags)),
        ),
    )
    return b"".join((moof, struct.pack(">I4s", 8 + len(sample), b"mdat"), sample))


def sample_of(data: bytes, at: int = 0) -> bytes:
    """An access unit as a sample (14496-15 §5.3.2): each NAL unit after its length in four bytes."""
    parts: list[bytes] = []
    for kind, begin, end in nal_spans(data, at):
        if kind not in _NOT_IN_SAMPLES:
            parts += (struct.pack(">I", end - begin), data[begin:end])
    return b"".join(parts)


def _box(kind: bytes, *parts: bytes) -> bytes:
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, parts)), kind), *parts))


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _ftyp() -> bytes:
    return _box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5", b"iso6", b"mp41")


def _mvhd() -> bytes:
    times = struct.pack(">IIII", 0, 0, TIMESCALE, 0)
    rate_and_volume = struct.pack(">IHH8x", 0x10000, 0x0100, 0)
    return _full(b"mvhd", 0, 0, times, rate_and_volume, _MATRIX, bytes(24), struct.pack(">I", _TRACK + 1))


def _trak(sets: ParameterSets, width: int, height: int) -> bytes:
    head = struct.pack(">IIIII8xhhhH", 0, 0, _TRACK, 0, 0, 0, 0, 0, 0)
    enabled_in_movie = 3
    size = struct.pack(">II", width << 16, height << 16)
    return _box(b"trak", _full(b"tkhd", 0, enabled_in_movie, head, _MATRIX, size), _mdia(sets, width, height))


def _mdia(sets: ParameterSets, width: int, height: int) -> bytes:
    undetermined_language = 0x55C4
    mdhd = _full(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, TIMESCALE, 0, undetermined_language, 0))
    hdlr = _full(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide"), b"\x00")
    in_this_file = _full(b"url ", 0, 1)
    dinf = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), in_this_file))
    minf = _box(b"minf", _full(b"vmhd", 0, 1, bytes(8)), dinf, _stbl(sets, width, height))
    return _box(b"mdia", mdhd, hdlr, minf)


def _stbl(sets: ParameterSets, width: int, height: int) -> bytes:
    none = struct.pack(">I", 0)
    return _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), _avc1(sets, width, height)),
        _full(b"stts", 0, 0, none),
        _full(b"stsc", 0, 0, none),
        _full(b"stsz", 0, 0, none, none),
        _full(b"stco", 0, 0, none),
    )


def _avc1(sets: ParameterSets, width: int, height: int) -> bytes:
    data_reference, dots_per_inch, one_frame, depth = 1, 72 << 16, 1, 24
    entry = struct.pack(
        ">6xH16xHHIIIH32xHh", data_reference, width, height, dots_per_inch, dots_per_inch, 0, one_frame, depth, -1
    )
    return _box(b"avc1", entry, _avcc(sets))


def _avcc(sets: ParameterSets) -> bytes:
    """AVCDecoderConfigurationRecord (14496-15 §5.3.3.1)."""
    four_byte_lengths = 0xFC | 3
    parts = [b"\x01", sets.sps[0][1:4], struct.pack(">BB", four_byte_lengths, 0xE0 | len(sets.sps))]
    for each in sets.sps:
        parts += (struct.pack(">H", len(each)), each)
    parts.append(struct.pack(">B", len(sets.pps)))
    for each in sets.pps:
        parts += (struct.pack(">H", len(each)), each)
    colours = chroma_and_depth(sets.sps[0])
    if colours is not None:
        chroma, luma_depth, chroma_depth = colours
        parts.append(struct.pack(">BBBB", 0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0))
    return _box(b"avcC", *parts)


def _mvex() -> bytes:
    return _box(b"mvex", _full(b"trex", 0, 0, struct.pack(">IIIII", _TRACK, 1, 0, 0, 0)))
