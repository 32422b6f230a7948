"""H.264 by x264 (in PyAV), set so that slices of different encoders fit into one picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from simulator.scene.canvas import Canvas
from simulator.video.splice import PPS, SPS, nal_units

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

FRAMES_PER_SECOND = 25
GROUP = 25  # pictures from one keyframe to the next
MACROBLOCK = 16


@dataclass(frozen=True, slots=True)
class Rate:
    """How many bits a second, or None and how coarse (x264's constant rate factor).

    `keyframe_gain`: how much finer keyframes are quantised than what follows them (x264's "ipratio").
    """

    bits: int | None = None
    factor: float = 20.0
    keyframe_gain: float = 1.4


class Encoder:
    """One group of pictures: the first is an IDR picture, every picture leaves as soon as it came in.

    `slice_macroblocks`: how many of them a slice holds. Settings that a picture parameter set would show are the same
    for every encoder here (x264's "stitchable"), or their slices would not fit together.
    """

    def __init__(self, width: int, height: int, rate: Rate, slice_macroblocks: int = 0) -> None:
        import av

        made: VideoCodecContext = av.CodecContext.create("libx264", "w")
        made.width, made.height, made.pix_fmt = width, height, "yuv420p"
        made.time_base, made.framerate = Fraction(1, FRAMES_PER_SECOND), Fraction(FRAMES_PER_SECOND)
        made.thread_count = 1
        made.flags |= av.codec.context.Flags.global_header
        made.options = _options(rate, slice_macroblocks)
        made.open()
        self._codec = made
        self._frame = av.VideoFrame(width, height, "yuv420p")
        self._pictures = 0

    @property
    def parameter_sets(self) -> list[bytes]:
        """SPS and PPS, as NAL units."""
        return [unit for unit in nal_units(self._codec.extradata or b"") if unit[0] & 0x1F in (SPS, PPS)]

    def encode(self, canvas: Canvas) -> list[bytes]:
        """The slices of the next picture, as NAL units."""
        for plane, drawn in zip(self._frame.planes, canvas.planes, strict=True):
            plane.update(bytes(drawn))
        self._frame.pts = self._pictures
        self._pictures += 1
        units = [unit for packet in self._codec.encode(self._frame) for unit in nal_units(bytes(packet))]
        return [unit for unit in units if unit[0] & 0x1F in (1, 5)]


def _options(rate: Rate, slice_macroblocks: int) -> dict[str, str]:
    told = {
        "keyint": GROUP,
        "min-keyint": GROUP,
        "scenecut": 0,
        "threads": 1,
        "stitchable": 1,
        "ipratio": rate.keyframe_gain,
        "merange": 4,
        "deblock": "0,0",
        "no-deblock": 1,
    }
    if slice_macroblocks:
        told["slice-max-mbs"] = slice_macroblocks
    options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
    if rate.bits is None:
        options["crf"] = str(rate.factor)
    else:
        kilobits = rate.bits // 1000
        told |= {"bitrate": kilobits, "vbv-maxrate": kilobits, "vbv-bufsize": kilobits}
    return options | {"x264-params": ":".join(f"{key}={value}" for key, value in told.items())}
