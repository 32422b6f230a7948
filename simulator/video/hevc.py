"""H.265 by x265 (in PyAV): whole pictures, encoded as they are shown, since nobody has spliced such slices yet.

It takes just under half a processor for a main stream that is watched; nobody watching costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from simulator.scene.office import Picture
from simulator.scene.strip import Strip
from simulator.video.film import Film, with_strip
from simulator.video.splice import nal_units
from simulator.video.x264 import FRAMES_PER_SECOND, GROUP

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from simulator.scene.canvas import Canvas

_VPS, _SPS, _PPS = 32, 33, 34  # nal_unit_type, ITU-T H.265, table 7-1
_SLICES = range(32)  # VCL NAL units


class HevcFilm(Film):
    """One stream in H.265, seen through the same lens as `film`."""

    def __init__(self, film: Film) -> None:
        super().__init__(film.view, film.quality, film.lens)
        self._strip = Strip(self.view.name, self.quality.scale)
        self._drawn: Picture | None = None

    def parameter_sets(self) -> list[bytes]:
        """VPS, SPS and PPS, as NAL units."""
        with self._lock:
            if not self._sets:
                encoder = self._whole_encoder()
                self._sets = [one for one in nal_units(encoder.extradata or b"") if _kind(one) in (_VPS, _SPS, _PPS)]
            return self._sets

    def pictures(self, first: int, walls_us: Sequence[int], *, still: bool = False) -> list[list[bytes]]:
        """A group, from picture `first` of the loop on: the slices of each, with the clock that shall be in it."""
        import av

        with self._lock:
            encoder = self._whole_encoder()
            frame = av.VideoFrame(self.quality.width, self.quality.height, "yuv420p")
            made: list[list[bytes]] = []
            for index, wall_us in enumerate(walls_us):
                canvas = self._whole(first if still else first + index, wall_us)
                for plane, drawn in zip(frame.planes, canvas.planes, strict=True):
                    plane.update(bytes(drawn))
                frame.pts = index
                made += [_slices(bytes(packet)) for packet in encoder.encode(frame)]
            return made + [_slices(bytes(packet)) for packet in encoder.encode(None)]

    def _whole(self, number: int, wall_us: int) -> Canvas:
        picture = self._drawn = self._drawn or Picture(self.view, self.view.background(self.quality.scale))
        return with_strip(self._seen(picture, number), self._strip.show(wall_us))

    def _whole_encoder(self) -> VideoCodecContext:
        import av

        made: VideoCodecContext = av.CodecContext.create("libx265", "w")
        made.width, made.height, made.pix_fmt = self.quality.width, self.quality.height, "yuv420p"
        made.time_base, made.framerate = Fraction(1, FRAMES_PER_SECOND), Fraction(FRAMES_PER_SECOND)
        made.thread_count = 1
        made.flags |= av.codec.context.Flags.global_header
        kilobits = self.quality.bits // 2000  # half of what H.264 needs
        rate = f"bitrate={kilobits}:vbv-maxrate={kilobits}:vbv-bufsize={kilobits}"
        told = f"keyint={GROUP}:min-keyint={GROUP}:scenecut=0:pools=none:frame-threads=1:log-level=none:info=0:{rate}"
        made.options = {"preset": "ultrafast", "tune": "zerolatency", "x265-params": told}
        made.open()
        return made


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F


def _slices(packet: bytes) -> list[bytes]:
    return [unit for unit in nal_units(packet) if _kind(unit) in _SLICES]
