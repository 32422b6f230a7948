"""One picture as a JPEG file, for those who want no stream."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from simulator.scene.canvas import Canvas

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext


def jpeg(canvas: Canvas) -> bytes:
    """Full range, as JPEG is: the brightest and darkest of a canvas are a little less than white and black."""
    import av

    made: VideoCodecContext = av.CodecContext.create("mjpeg", "w")
    made.width, made.height, made.pix_fmt, made.time_base = canvas.width, canvas.height, "yuvj420p", Fraction(1, 25)
    made.options = {"qmin": "4", "qmax": "4"}
    frame = av.VideoFrame(canvas.width, canvas.height, "yuvj420p")
    for plane, drawn in zip(frame.planes, canvas.planes, strict=True):
        for line in range(plane.height):
            plane_row = drawn[line * plane.width : (line + 1) * plane.width]
            memoryview(plane)[line * plane.line_size : line * plane.line_size + plane.width] = bytes(plane_row)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*made.encode(frame), *made.encode(None)))
