"""A keyframe decoded, and as a small JPEG for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

from camera.faults import DeviceFault
from camera.recorders.keyframe import Keyframe
from telemetry.readings import ReasonCode

WIDTH = 480
_QUALITY = 5  # of MJPEG's quantisation: 2 is best, 31 worst


@dataclass(frozen=True, slots=True)
class Decoded:
    """`jpeg`: at most 480 pixels wide."""

    width: int
    height: int
    jpeg: bytes


def decode(keyframe: Keyframe) -> Decoded:
    """Raises DeviceFault for what is no picture."""
    import av  # 40 MB, for who has a recorder
    from av.error import FFmpegError

    try:
        context = av.CodecContext.create(keyframe.codec, "r")
        context.thread_count = 1
        frames = [*context.decode(av.Packet(keyframe.data)), *context.decode(None)]  # type: ignore[attr-defined]
        if not frames:
            raise DeviceFault(ReasonCode.REPLAY_UNREADABLE, "no picture in the keyframe", answered=True)
        frame = frames[0]
        return Decoded(frame.width, frame.height, _jpeg(frame))
    except (FFmpegError, ValueError) as error:
        raise DeviceFault(ReasonCode.REPLAY_UNREADABLE, str(error)[:200], answered=True) from error


def _jpeg(frame: object) -> bytes:
    from fractions import Fraction

    import av

    assert isinstance(frame, av.VideoFrame)
    width = min(WIDTH, frame.width) // 2 * 2
    height = max(2, round(frame.height * width / frame.width) // 2 * 2)
    small = frame.reformat(width=width, height=height, format="yuvj420p")
    small.pts = 0
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(_QUALITY), "qmax": str(_QUALITY)}
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
