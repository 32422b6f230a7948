"""The command `ward-agent recorder`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from edge_agent.command_line import FAILED, GOOD, WRONG_USE, AsJson, ConfigFile, Language, end, load, log_to_stderr
from edge_agent.words import words

app = typer.Typer(help="The ward's recorders.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """So that `inspect` stays a word of its own."""


@app.command()
def inspect(
    config: ConfigFile,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The recorder's id.")],
    days: Annotated[int | None, typer.Option(min=1, max=365, help="How far back; [retention] says else.")] = None,
    as_json: AsJson = False,
    lang: Language = None,
) -> None:
    """What a recorder keeps of each camera, proven. Exit status 1 where not all of it is met."""
    said = words(lang)
    configuration = load(config, said)
    import secrets

    from camera.recorders.means import Means
    from camera.recorders.survey import is_met
    from camera.refusals import Refusals
    from collectors.config import VideoDevice
    from edge_agent.retention import inspect as inspecting
    from edge_agent.retention import recorders
    from edge_agent.retention.memory import FILE, RetentionMemory
    from telemetry.clock import SystemClock

    found = next((each for each in configuration.devices if each.id == device), None)
    readable = [each.id for each in configuration.devices if recorders.is_recorder(each)]
    if found is None:
        known = ", ".join(readable)
        end(said.say("configuration.no_device", device=device, path=config, known=known), WRONG_USE)
    if not isinstance(found, VideoDevice) or device not in readable:
        end(said.say("recorder.not_one", device=device, known=", ".join(readable)), WRONG_USE)
    log_to_stderr("warning")
    clock, office = SystemClock(), recorders.office_of(configuration)
    refusals = Refusals(clock)
    seen = RetentionMemory(configuration.data_dir / FILE).seen()
    settings = configuration.retention.settings(days)
    means = Means(clock, refusals, office, settings, secrets.SystemRandom(), seen)
    client = recorders.client(found, clock, refusals, recorders.SURVEY_TIMEOUT_SECONDS)
    cameras = recorders.cameras_of(device, configuration.devices, office)

    def say(line: str) -> None:
        typer.echo(line, err=True)

    survey = asyncio.run(inspecting.inspect(client, cameras, means, say, said))
    shown = inspecting.as_json(survey, device, office, said) if as_json else inspecting.as_text(survey, office, said)
    typer.echo(shown)
    raise typer.Exit(GOOD if is_met(survey) else FAILED)
