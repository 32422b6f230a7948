"""What is taken for a picture, and what is not."""

from __future__ import annotations

import random

import pytest

from telemetry import jpeg


def made(width: int, height: int, more: bytes = b"") -> bytes:
    """The markers of a JPEG of that size; it decodes to nothing."""
    frame = b"\xff\xc0\x00\x0b\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x01\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x04\x00\x00" + frame + b"\xff\xda\x00\x02" + more + b"\xff\xd9"


def test_a_picture_says_its_size() -> None:
    assert jpeg.check(made(1920, 1080)) == (1920, 1080)


def test_a_picture_that_a_codec_made_is_one() -> None:
    import av

    frame = av.VideoFrame(320, 180, "yuvj420p")
    context = av.CodecContext.create("mjpeg", "w")
    context.width, context.height, context.pix_fmt = 320, 180, "yuvj420p"  # type: ignore[attr-defined]
    context.time_base = frame.time_base = __import__("fractions").Fraction(1, 25)
    data = b"".join(bytes(packet) for packet in context.encode(frame))  # type: ignore[attr-defined]
    assert jpeg.check(data) == (320, 180)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "no whole JPEG"),
        (b"<html>not found</html>", "no whole JPEG"),
        (b"\x89PNG\r\n\x1a\n", "no whole JPEG"),
        (made(640, 360)[:-2], "no whole JPEG"),
        (b"\xff\xd8\xff\xd9", "does not say how large"),
        (b"\xff\xd8\xff\xda\x00\x02\xff\xd9", "does not say how large"),
        (b"\xff\xd8\xff\xe0\x00\x00\x00\x00\xff\xd9", "does not say how large"),
        (made(65_535, 65_535), "65535×65535"),
        (made(0, 360), "0×360"),
        (made(640, 360, bytes(jpeg.MOST_BYTES)), "over the limit"),
    ],
)
def test_what_is_none_is_refused_in_words(data: bytes, word: str) -> None:
    with pytest.raises(jpeg.PictureError, match=word):
        jpeg.check(data)


def test_garbage_is_refused_and_nothing_else_happens(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(2000):
        data = bytearray(made(640, 360, chance.randbytes(40)))
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            width, height = jpeg.check(bytes(data))
        except jpeg.PictureError:
            continue
        assert 0 < width * height <= jpeg.MOST_PIXELS
