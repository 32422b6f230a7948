"""Parameter sets out of a container's decoder configuration (ISO/IEC 14496-15: avcC, hvcC), as Annex B."""

from __future__ import annotations

from collections.abc import Iterator

_START_CODE = b"\x00\x00\x00\x01"


def parameter_sets(data: bytes, codec: str) -> bytes:
    """Of either form, or as it is where it is Annex B already; empty where it is neither."""
    if data[:3] == b"\x00\x00\x01" or data[:4] == _START_CODE:
        return data
    if not data or data[0] != 1:
        return b""
    try:
        units = list(_avc(data) if codec == "h264" else _hevc(data))
    except IndexError:
        return b""
    return b"".join(_START_CODE + unit for unit in units)


def _avc(data: bytes) -> Iterator[bytes]:
    at = 6
    for _ in range(data[5] & 0x1F):
        size = data[at] << 8 | data[at + 1]
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def _hevc(data: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(data[22]):
        count = data[at + 1] << 8 | data[at + 2]
        at += 3
        for _ in range(min(count, 64)):
            size = data[at] << 8 | data[at + 1]
            yield data[at + 2 : at + 2 + size]
            at += 2 + size
