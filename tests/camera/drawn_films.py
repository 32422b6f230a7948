"""Films of drawn scenes for cameras of tests: what a judge calls a picture, then what it does not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from camera.picture.picture import Plane
from tests.camera.picture.scenes import HEIGHT, WIDTH, scene

FPS = 5

Change = Callable[[Plane, int], Plane]


def office(seconds: float, change: Change = lambda image, number: image, noise: float = 2.0) -> Iterator[bytes]:
    """Raw BGR frames of an office; `change` may do something to each, with its number."""
    image = scene()
    chance = np.random.default_rng(1)
    for number in range(int(seconds * FPS)):
        seen = image.astype(np.float32) + chance.normal(0, noise, image.shape)
        yield change(np.clip(seen, 0, 255).astype(np.uint8), number).tobytes()


def covered(image: Plane, number: int) -> Plane:
    """A hand before the lens, with a little of the office beside it."""
    hand = np.full_like(image, 60)
    hand[:, -image.shape[1] // 14 :] = image[:, -image.shape[1] // 14 :]
    return hand


def encode(ffmpeg: str, path: Path, frames: Iterator[bytes], codec: str = "h264") -> Path:
    """An Annex B file with access unit delimiters, a keyframe each second."""
    made = path.with_suffix(f".{codec}")
    command = [ffmpeg, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}"]
    command += ["-r", str(FPS), "-i", "-", "-pix_fmt", "yuv420p", "-preset", "veryfast", "-crf", "20"]
    common = f"aud=1:keyint={FPS}:min-keyint={FPS}:scenecut=0:bframes=0"
    if codec == "h264":
        command += ["-c:v", "libx264", "-x264-params", common, "-f", "h264", str(made)]
    else:
        command += ["-c:v", "libx265", "-x265-params", f"{common}:log-level=none", "-f", "hevc", str(made)]
    subprocess.run(command, input=b"".join(frames), check=True)
    return made
