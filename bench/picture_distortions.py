"""What is done to a clip so that it shows a condition: filters of ffmpeg's, in three strengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from camera.picture.conditions import PictureCondition
from camera.picture.picture import Picture

STRENGTHS = ("weak", "medium", "strong")
NIGHT = "eq=brightness=-0.12:contrast=0.55:saturation=0.25,noise=alls=10:allf=t"


@dataclass(frozen=True, slots=True)
class Light:
    """What a distortion must know of a clip: its size in pixels, and the luma that a share of it reaches."""

    width: int
    height: int
    luma: tuple[float, ...]  # percentiles 0 to 100

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> Self:
        """Percentiles of the darkest of these pictures, so that what is lifted is lifted enough in each."""
        height, width = pictures[0].y.shape
        each = np.array([np.percentile(picture.y, range(101)) for picture in pictures])
        return cls(width, height, tuple(float(luma) for luma in each.min(axis=0)))


@dataclass(frozen=True, slots=True)
class Distortion:
    """`make(strength, light)` with a strength of 0, 1 or 2 is the filter."""

    name: str
    condition: PictureCondition
    make: Callable[[int, Light], str]

    def filters(self, light: Light) -> tuple[str, str, str]:
        return self.make(0, light), self.make(1, light), self.make(2, light)


def _black(strength: int, _: Light) -> str:
    return f"lutyuv=y='16+(val-16)*{(0.3, 0.12, 0.02)[strength]}'"


def _overexposed(strength: int, light: Light) -> str:
    """Shifted up so that 20, 35 or 56 % of the picture is at the ceiling."""
    lift = 236 - light.luma[(80, 65, 44)[strength]]
    return f"lutyuv=y='clip(val+{lift:.1f},16,235)'"


def _blurred(strength: int, light: Light) -> str:
    return f"gblur=sigma={(0.004, 0.008, 0.016)[strength] * light.width:.2f}:steps=3"


def _covered(side: str) -> Callable[[int, Light], str]:
    def make(strength: int, _: Light) -> str:
        share = (0.5, 0.7, 0.88)[strength]
        box = {
            "left": f"x=0:y=0:w=iw*{share}:h=ih:color=0x2a2622",
            "below": f"x=0:y=ih*{1 - share:.2f}:w=iw:h=ih*{share}:color=0x6a5a50",
        }[side]
        return f"drawbox={box}:t=fill,noise=alls=4:allf=t"

    return make


def _frozen(clock: bool) -> Callable[[int, Light], str]:
    def make(strength: int, _: Light) -> str:
        still = (2.0, 3.2, 6.0)[strength]
        filters = f"trim=0:2,setpts=PTS-STARTPTS,tpad=stop_mode=clone:stop_duration={still}"
        text = "drawtext=text='%{pts\\:hms}':x=8:y=8:fontsize=h/14:fontcolor=white:box=1:boxcolor=black"
        return f"{filters},{text}" if clock else filters

    return make


def _moved(strength: int, _: Light) -> str:
    return f"scroll=hpos={(0.04, 0.10, 0.22)[strength]}"


def _noisy(strength: int, _: Light) -> str:
    return f"noise=alls={(17, 35, 56)[strength]}:allf=t"  # uniform: sigma is the half width by the root of three


def _plane(strength: int, _: Light) -> str:
    return f"lutyuv=u='128+(val-128)*{(0.6, 0.3, 0.0)[strength]}'"


def _red(strength: int, _: Light) -> str:
    return f"colorchannelmixer=rr={(0.8, 0.6, 0.0)[strength]}"


def _cast(strength: int, _: Light) -> str:
    u, v = ((6, -4), (14, -10), (40, -30))[strength]
    return f"lutyuv=u='clip(val+{u},0,255)':v='clip(val+{v},0,255)'"


def _card(strength: int, light: Light) -> str:
    """Not weaker or stronger: words on a flat card, the card alone, bars (of a picture of their own)."""
    flat = "drawbox=x=0:y=0:w=iw:h=ih:color=0x1020a0:t=fill"
    words = "drawtext=text='NO SIGNAL':x=(w-tw)/2:y=(h-th)/2:fontsize=h/10:fontcolor=white"
    bars = ",".join(
        f"drawbox=x=iw*{number}/7:y=0:w=iw/7+1:h=ih:color={colour}:t=fill"
        for number, colour in enumerate(("white", "yellow", "cyan", "green", "magenta", "red", "blue"))
    )
    return (f"{flat},{words}", flat, bars)[strength]


DISTORTIONS = (
    Distortion("black", PictureCondition.BLACK, _black),
    Distortion("overexposed", PictureCondition.OVEREXPOSED, _overexposed),
    Distortion("blurred", PictureCondition.BLURRED, _blurred),
    Distortion("covered from the left", PictureCondition.COVERED, _covered("left")),
    Distortion("covered from below", PictureCondition.COVERED, _covered("below")),
    Distortion("frozen", PictureCondition.FROZEN, _frozen(False)),
    Distortion("frozen behind a clock", PictureCondition.FROZEN, _frozen(True)),
    Distortion("moved", PictureCondition.MOVED, _moved),
    Distortion("noisy", PictureCondition.NOISY, _noisy),
    Distortion("a colour plane lost", PictureCondition.DISCOLOURED, _plane),
    Distortion("red lost", PictureCondition.DISCOLOURED, _red),
    Distortion("cast", PictureCondition.DISCOLOURED, _cast),
    Distortion("card", PictureCondition.SIGNAL_LOST, _card),
)
