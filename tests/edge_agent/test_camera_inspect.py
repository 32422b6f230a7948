"""`ward-agent camera inspect`: files and streams, what they are and what they show, and words for what is neither."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.camera.conftest import serve as serve
from tests.camera.drawn_films import FPS, covered, encode, office
from tests.camera.peers import PASSWORD, USERNAME, GstreamerCamera
from tests.camera.picture.scenes import scene

AGENT = Path(sys.executable).parent / "ward-agent"


def inspect(*arguments: str, status: int) -> str:
    """What it prints: the document, or the words of a failure."""
    done = subprocess.run([AGENT, "camera", "inspect", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stderr + done.stdout
    return done.stdout or done.stderr


def document(*arguments: str, status: int) -> Any:
    return json.loads(inspect(*arguments, "--json", status=status))


@pytest.fixture(scope="module")
def films(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("drawn")
    ffmpeg = peer("ffmpeg")
    made = {
        "office": encode(ffmpeg, folder / "office", office(8)),
        "covered": encode(ffmpeg, folder / "covered", office(4, covered)),
        "h265": encode(ffmpeg, folder / "h265", office(4), codec="h265"),
    }
    for name in ("office", "h265"):
        boxed = folder / f"{name}.mp4"
        command = [ffmpeg, "-y", "-loglevel", "error", "-r", str(FPS), "-i", str(made[name]), "-c", "copy", str(boxed)]
        subprocess.run(command, check=True)
        made[f"{name} in a box"] = boxed
    return made


def test_a_film_tells_what_it_is(films: dict[str, Path]) -> None:
    found = document(str(films["office in a box"]), "--seconds", "6", status=0)
    stream = found["stream"]
    assert (stream["codec"], stream["profile"], stream["width"], stream["height"]) == ("h264", "High", 640, 360)
    assert (stream["fps"], stream["keyframe_interval_seconds"]) == (FPS, 1.0)
    assert stream["bitrate_kbps"] > 100
    assert found["image"]["conditions"] == []
    assert len(found["image"]["scores"]) == 9


@pytest.mark.parametrize("name", ["h265", "h265 in a box"])
def test_h265_is_told_from_h264_though_both_say_main(films: dict[str, Path], name: str) -> None:
    stream = document(str(films[name]), status=0)["stream"]
    assert (stream["codec"], stream["profile"], stream["width"], stream["height"]) == ("h265", "Main", 640, 360)
    assert stream["level"][0].isdecimal() and stream["level"][1] == "."


def test_a_condition_is_a_check_that_failed(films: dict[str, Path], tmp_path: Path) -> None:
    reference = tmp_path / "meant.png"
    cv2.imwrite(str(reference), scene())
    found = document(str(films["covered"]), "--reference", str(reference), status=1)
    assert "covered" in found["image"]["conditions"]
    assert "bị che" in inspect(str(films["covered"]), status=1)


def test_a_stream_is_looked_at_by_our_own_client(
    films: dict[str, Path], serve: Callable[..., GstreamerCamera], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    camera = serve({"/main": films["office"], "/h265": films["h265"]}, "--fps", str(FPS), login=True)
    login = ("--user", USERNAME, "--password-file", str(secret), "--seconds", "4")
    found = document(camera.url(), *login, status=0)
    assert (found["stream"]["codec"], found["stream"]["profile"], found["stream"]["width"]) == ("h264", "High", 640)
    assert found["stream"]["fps"] == pytest.approx(FPS, abs=0.3)
    assert found["stream"]["keyframe_interval_seconds"] == pytest.approx(1.0, abs=0.1)
    other = document(camera.url("/h265"), *login, status=0)
    assert (other["stream"]["codec"], other["image"]["conditions"]) == ("h265", [])
    assert "mật khẩu" in inspect(camera.url(), "--user", USERNAME, status=1)


def test_what_is_no_film_is_said_in_words(peer: Callable[[str], str], films: dict[str, Path], tmp_path: Path) -> None:
    garbage, sound, empty = tmp_path / "garbage.mp4", tmp_path / "sound.wav", tmp_path / "empty.mp4"
    garbage.write_bytes(bytes(range(256)) * 40)
    empty.write_bytes(b"")
    tone = ["-f", "lavfi", "-i", "sine=duration=1", str(sound)]
    subprocess.run([peer("ffmpeg"), "-y", "-loglevel", "error", *tone], check=True)
    headers = tmp_path / "headers.h264"
    headers.write_bytes(films["office"].read_bytes().split(b"\x00\x00\x01\x65")[0])
    for path in (garbage, sound, empty, headers, tmp_path / "missing.mp4"):
        assert inspect(str(path), status=2).strip()
    assert inspect("http://127.0.0.1/", status=2).strip()
    assert inspect(str(films["office"]), "--reference", str(garbage), status=2).strip()
