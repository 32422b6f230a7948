"""One keyframe to a picture: decoded alone, by a decoder that is made for it and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from camera.picture.picture import Picture

if TYPE_CHECKING:
    from camera.watch.stream_watch import Keyframe

THUMBNAIL_WIDTH = 320
_QUALITY = 70
_CODECS = {"h264": "h264", "h265": "hevc"}
_MOST_PIXELS = 8192 * 8192


class UndecodableError(Exception):
    """No picture comes of it, or one that is damaged."""


def decode(keyframe: Keyframe) -> Any:
    """A frame of PyAV's. A decoder that is kept would keep its buffers, several pictures large, for each camera.

    Raises UndecodableError.
    """
    context = av.CodecContext.create(_CODECS[keyframe.codec], "r")
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1
    try:
        packet = av.Packet(keyframe.data)
        frames = [*context.decode(packet), *context.decode(None)]
    except (av.FFmpegError, ValueError) as error:
        raise UndecodableError(f"{type(error).__name__}: {error}") from error
    if not frames:
        raise UndecodableError("no picture comes of the keyframe")
    frame = frames[0]
    if frame.is_corrupt:
        raise UndecodableError("the keyframe is damaged")
    if not 16 <= frame.width * frame.height <= _MOST_PIXELS:
        raise UndecodableError(f"a picture of {frame.width}x{frame.height}")
    return frame


def thumbnail(picture: Picture) -> bytes:
    """A JPEG, 320 pixels wide or less."""
    height, width = picture.y.shape
    small = min(THUMBNAIL_WIDTH, width) // 2 * 2
    size = (small, max(2, round(height * small / width) // 2 * 2))
    planes = [plane.reshape(-1) for plane in picture.planes_at(*size)]
    pixels = cv2.cvtColor(np.concatenate(planes).reshape(size[1] * 3 // 2, size[0]), cv2.COLOR_YUV2BGR_I420)
    good, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not good:
        raise UndecodableError("the picture cannot be made a JPEG")
    return bytes(data)
