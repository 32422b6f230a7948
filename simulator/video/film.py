"""One stream's pictures: scenery encoded a group at a time when first wanted, then kept and shown again and again.

The clock cannot be kept: the strip at the bottom edge is a slice of its own, encoded as it is shown (`splice`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from simulator.scene.canvas import Canvas
from simulator.scene.lens import CLEAR, Lens
from simulator.scene.office import LOOP, Picture, View
from simulator.scene.strip import HEIGHT as STRIP
from simulator.scene.strip import Strip
from simulator.video.jpeg import jpeg
from simulator.video.splice import moved_to
from simulator.video.x264 import GROUP, MACROBLOCK, Encoder, Rate

GROUPS = LOOP // GROUP


@dataclass(frozen=True, slots=True)
class Quality:
    """One of a camera's two streams. `scale`: 1280x720 divided by it; `bits`: of the scenery, a second."""

    path: str
    scale: int
    bits: int

    @property
    def width(self) -> int:
        return 1280 // self.scale

    @property
    def height(self) -> int:
        return 720 // self.scale

    @property
    def strip_begins(self) -> int:
        """The strip's first macroblock."""
        return (720 - STRIP) // self.scale // MACROBLOCK * (self.width // MACROBLOCK)


MAIN = Quality("main", 1, 1_900_000)
SUB = Quality("sub", 2, 360_000)
# So that the first picture is as good as it gets: else it would become finer and coarser once a second.
_STILL = Rate(factor=32.0, keyframe_gain=4.0)
Group = list[bytes]  # the scenery's slice of each picture


class Film:
    """The scenery of one stream. Its methods take up to 0.1 s of a processor and may be called from any thread."""

    def __init__(self, view: View, quality: Quality, lens: Lens = CLEAR) -> None:
        self.view, self.quality = view, quality
        self.lens, self._through = lens, lens.through()
        self._picture: Picture | None = None
        self._kept: dict[int, Group] = {}
        self._sets: list[bytes] = []
        self._lock = threading.Lock()

    def parameter_sets(self) -> list[bytes]:
        """SPS and PPS, as NAL units."""
        with self._lock:
            if not self._sets:
                self._sets = self._encoder(_STILL).parameter_sets
            return self._sets

    def group(self, number: int) -> Group:
        """One second of the loop."""
        with self._lock:
            number %= GROUPS
            if number not in self._kept:
                pictures = [number * GROUP + index for index in range(GROUP)]
                self._kept[number] = self._encoded(pictures, Rate(bits=self.quality.bits))
                if len(self._kept) == GROUPS:
                    self._picture = None  # with all its shapes: some tens of megabytes
            return self._kept[number]

    def has(self, number: int) -> bool:
        """Whether that second is encoded already."""
        return number % GROUPS in self._kept

    def still(self, number: int) -> Group:
        """One second in which nothing moves: the first picture of that group, all the time."""
        with self._lock:
            return self._encoded([number % GROUPS * GROUP] * GROUP, _STILL)

    def snapshot(self, number: int, wall_us: int) -> bytes:
        """A JPEG of the first picture of that group, with the clock in it."""
        with self._lock:
            drawn = self._seen(Picture(self.view, self.view.background(self.quality.scale)), number % GROUPS * GROUP)
        return jpeg(with_strip(drawn, Strip(self.view.name, self.quality.scale).show(wall_us)))

    def _encoded(self, pictures: list[int], rate: Rate) -> Group:
        picture = self._picture = self._picture or Picture(self.view, self.view.background(self.quality.scale))
        encoder = self._encoder(rate)
        # The first slice is the scenery; what follows stands where the strip will be.
        return [encoder.encode(self._seen(picture, number))[0] for number in pictures]

    def _seen(self, picture: Picture, number: int) -> Canvas:
        canvas = picture.show(number)
        self._through(canvas)
        return canvas

    def _encoder(self, rate: Rate) -> Encoder:
        return Encoder(self.quality.width, self.quality.height, rate, self.quality.strip_begins)


def with_strip(drawn: Canvas, strip: Canvas) -> Canvas:
    """The picture with the strip at its bottom edge."""
    for plane, below in zip(drawn.planes, strip.planes, strict=True):
        plane[-len(below) :] = below
    return drawn


class ClockStrip:
    """The strip's slices, in step with the scenery's."""

    def __init__(self, name: str, quality: Quality) -> None:
        self._quality = quality
        self._strip = Strip(name, quality.scale)
        self._encoder: Encoder | None = None

    def slice(self, wall_us: int, keyframe: bool) -> bytes:
        """The strip of the next picture; a keyframe where the scenery's is one."""
        canvas = self._strip.show(wall_us)
        if keyframe or self._encoder is None:
            self._encoder = Encoder(canvas.width, canvas.height, Rate(factor=18.0))
        return moved_to(self._encoder.encode(canvas)[0], self._quality.strip_begins)
