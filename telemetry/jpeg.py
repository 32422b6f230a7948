"""Whether bytes are a picture that may be kept and shown: a baseline or progressive JPEG of a sane size.

Only the markers are read (ITU-T T.81 annex B), nothing is decoded: a file of a few bytes that unfolds to gigabytes in
whoever opens it is known by the size that it claims.
"""

from __future__ import annotations

MOST_BYTES = 1_000_000
MOST_PIXELS = 16_000_000  # a recorder's 4K picture has 8.3 million
_START, _END = b"\xff\xd8", b"\xff\xd9"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOFn; DHT, JPG and DAC lie between
_SCAN = 0xDA
_BARE = frozenset((0x01, *range(0xD0, 0xD8)))  # TEM and RSTn carry no length


class PictureError(ValueError):
    """No picture that is kept here; the message says why."""


def check(data: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises PictureError."""
    if len(data) > MOST_BYTES:
        raise PictureError(f"a picture of {len(data)} bytes is over the limit of {MOST_BYTES}")
    if not data.startswith(_START) or not data.rstrip(b"\0").endswith(_END):
        raise PictureError("no whole JPEG")
    width, height = _frame_size(data)
    if not 0 < width * height <= MOST_PIXELS:
        raise PictureError(f"a picture of {width}×{height} pixels is none, or over the limit of {MOST_PIXELS}")
    return width, height


def _frame_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise PictureError(f"no JPEG: no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes before a marker
            at += 1
            continue
        if marker in _BARE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES and at + 9 <= len(data):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        if marker == _SCAN or length < 2:
            break
        at += 2 + length
    raise PictureError("no JPEG: it does not say how large it is")
