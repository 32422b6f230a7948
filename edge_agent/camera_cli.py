"""The command line of `ward-agent camera`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit, urlunsplit

import typer

from edge_agent.command_line import FAILED, GOOD, WRONG_USE, AsJson, Language, end, log_to_stderr
from edge_agent.words import words
from telemetry.configuration.words import Words

if TYPE_CHECKING:
    from camera.inspect.look import Inspected, Look, StreamReport

camera_app = typer.Typer(help="The ward's cameras.", no_args_is_help=True, rich_markup_mode=None)


@camera_app.callback()
def camera() -> None:
    """The ward's cameras."""


@camera_app.command()
def inspect(
    place: Annotated[str, typer.Argument(metavar="URL-or-FILE", help="rtsp://host/path, or a film file.")],
    reference: Annotated[Path | None, typer.Option(metavar="IMAGE", help="What the camera is meant to see.")] = None,
    seconds: Annotated[float, typer.Option(metavar="N", min=0.5, max=120, help="How long to look.")] = 10.0,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="Who logs in to the camera.")] = None,
    password_file: Annotated[Path | None, typer.Option(metavar="FILE", help="The user's password.")] = None,
    as_json: AsJson = False,
    lang: Language = None,
) -> None:
    """What a stream is and whether its picture is of use. Exit status 1 when a condition is seen."""
    said = words(lang)
    log_to_stderr("error")
    from camera.inspect.look import NothingToSeeError, inspected, reference_from
    from camera.relay.rtsp import StreamError

    try:
        meant = None if reference is None else reference_from(str(reference))
        look, stream = _look(place, seconds, user, password_file, said)
        found = inspected(look, stream, meant)
    except NothingToSeeError as error:
        is_camera = "://" in place and error.key == "no_picture"
        end(said.say(f"inspect.{error.key}", detail=error.detail), FAILED if is_camera else WRONG_USE)
    except StreamError as error:
        end(f"{said.name(f'reason.{error.reason.code}')} ({error.reason.detail})", FAILED)
    typer.echo(_as_json(found) if as_json else _as_text(found, said))
    raise typer.Exit(FAILED if found.conditions else GOOD)


def _look(
    place: str, seconds: float, user: str | None, password_file: Path | None, said: Words
) -> tuple[Look, StreamReport]:
    from camera.inspect.file_look import look_at_file
    from camera.inspect.look import NothingToSeeError

    if "://" not in place:
        if not Path(place).is_file():
            raise NothingToSeeError("no_file", place)
        return look_at_file(place, seconds)
    parts = urlsplit(place)
    if parts.scheme not in ("rtsp", "rtsps") or not parts.hostname:
        end(said.say("inspect.bad_url"), WRONG_USE)
    try:
        password = "" if password_file is None else password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        end(f"{password_file}: {error}", WRONG_USE)
    from camera.inspect.stream_look import look_at_stream
    from camera.relay.rtsp import StreamAddress
    from telemetry.clock import SystemClock

    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))  # it may stand in logs from here on
    name = user if user is not None else unquote(parts.username or "")
    address = StreamAddress(bare, name, password or unquote(parts.password or ""))
    return look_at_stream(address, seconds, SystemClock(), lambda: False)


def _as_json(found: Inspected) -> str:
    image = {
        "conditions": [condition.value for condition in found.conditions],
        "scores": {condition.value: score for condition, score in found.scores.items()},
    }
    return json.dumps({"stream": asdict(found.stream), "image": image}, ensure_ascii=False, indent=2)


def _as_text(found: Inspected, said: Words) -> str:
    stream = found.stream
    known = {
        "codec": " ".join(each for each in (stream.codec, stream.profile, stream.level) if each),
        "size": f"{stream.width} × {stream.height}",
        "fps": None if stream.fps is None else f"{stream.fps:g}",
        "bitrate": None if stream.bitrate_kbps is None else f"{stream.bitrate_kbps:.0f} kbit/s",
        "keyframes": None if stream.keyframe_interval_seconds is None else f"{stream.keyframe_interval_seconds:g} s",
    }
    lines = [f"{said.say(f'inspect.{name}')}: {value}" for name, value in known.items() if value is not None]
    if not found.conditions:
        return "\n".join([*lines, said.say("inspect.good")])
    for condition in found.conditions:
        title = said.name(f"condition.picture_{condition}.title")
        lines.append(f"{title} ({found.scores[condition]:.2f}). {said.name(f'condition.picture_{condition}.advice')}")
    return "\n".join(lines)
