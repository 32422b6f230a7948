"""The command `ward-agent`. Commands are for people first; what a command does not need is not imported for it."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.camera_cli import camera_app
from edge_agent.command_line import FAILED, GOOD, WRONG_USE, AsJson, ConfigFile, Language
from edge_agent.command_line import end as _end
from edge_agent.command_line import load as _load
from edge_agent.command_line import log_to_stderr as _log_to_stderr
from edge_agent.discovery.cli import discover
from edge_agent.dump.cli import dump
from edge_agent.retention.cli import app as recorder_app
from edge_agent.words import words
from telemetry.configuration.words import Words

BEGIN_ANEW_SECONDS = 1.0  # after a journal that was damaged: the next may be, too

app = typer.Typer(
    help="WardWatch's agent in a ward office.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
journal_app = typer.Typer(help="The ward's journal.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(journal_app, name="journal")
app.add_typer(recorder_app, name="recorder")

app.add_typer(camera_app, name="camera")
app.command()(discover)
app.command()(dump)


def main() -> None:
    """The entry point of `ward-agent`."""
    app()


@app.command()
def run(
    config: ConfigFile,
    data_dir: Annotated[Path | None, typer.Option(help="Where the journal is kept.")] = None,
    broker: Annotated[str | None, typer.Option(metavar="URL", help="Instead of [uplink] broker.")] = None,
    hub: Annotated[str | None, typer.Option(metavar="URL", help="Instead of [uplink] hub.")] = None,
    linger: Annotated[
        str, typer.Option(metavar="DURATION", help="How long a stop may wait for the district to confirm.")
    ] = "0s",
    lang: Language = None,
) -> None:
    """Watch the ward, until SIGTERM or Ctrl-C."""
    said = words(lang)
    configuration = _load(config, said)
    from edge_agent import heap
    from edge_agent.agent import Agent, RunOptions
    from journal.model import JournalError
    from telemetry.clock import SystemClock

    heap.keep_little()
    options = RunOptions(data_dir, _broker_url(broker, said), _hub_url(hub, said), _seconds(linger, said))
    _log_to_stderr(configuration.agent.log_level)

    async def watch() -> bool:
        return await Agent(configuration, options, SystemClock(), random.Random()).run()

    try:
        while asyncio.run(watch()):
            time.sleep(BEGIN_ANEW_SECONDS)
    except JournalError as error:
        from edge_agent.verify import cannot_open

        _end(cannot_open(error, said), WRONG_USE)


@app.command()
def check(
    config: ConfigFile,
    device: Annotated[str | None, typer.Option(metavar="ID", help="Only this device.")] = None,
    as_json: AsJson = False,
    lang: Language = None,
) -> None:
    """Ask every device once. Exit status 1 when one does not answer."""
    said = words(lang)
    configuration = _load(config, said)
    asked = [each for each in configuration.devices if device in (None, each.id)]
    if device is not None and not asked:
        known = ", ".join(each.id for each in configuration.devices)
        _end(said.say("configuration.no_device", device=device, path=config, known=known), WRONG_USE)
    from edge_agent import check as checking
    from telemetry.clock import SystemClock

    _log_to_stderr("warning")
    found = asyncio.run(checking.check(asked, SystemClock(), configuration.devices))
    typer.echo(checking.as_json(found, said) if as_json else checking.as_text(found, said))
    raise typer.Exit(GOOD if checking.all_reachable(found) else FAILED)


@app.command()
def presence(
    listen: Annotated[str, typer.Option(metavar="ADDRESS[:PORT]", help="This machine's address on the ward's LAN.")],
    secret: Annotated[Path, typer.Option("--password-file", metavar="FILE", help="The secret shared with the agent.")],
    unit: Annotated[list[str] | None, typer.Option(help="A service that must run; may be repeated.")] = None,
    lang: Language = None,
) -> None:
    """On a workstation: tell the ward's agent what hangs on its USB and how the machine is, until Ctrl-C."""
    from edge_agent import presence_command

    _log_to_stderr("info")
    problem = presence_command.run(listen, secret, unit or [], words(lang))
    if problem:
        _end(problem, WRONG_USE)


@journal_app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The journal, also of an agent that runs.")],
    as_json: AsJson = False,
    lang: Language = None,
) -> None:
    """Check every promise of the journal on a real file. Exit status 1 when one is broken."""
    from edge_agent.verify import verify_journal

    said = words(lang)
    outcome = verify_journal(file, said, as_json=as_json)
    typer.echo(outcome.text, err=outcome.status == WRONG_USE)
    raise typer.Exit(outcome.status)


def _broker_url(url: str | None, said: Words) -> str | None:
    from edge_agent.config import BROKER_SCHEMES

    return _url("--broker", url, BROKER_SCHEMES, said)


def _hub_url(url: str | None, said: Words) -> str | None:
    from edge_agent.config import HUB_SCHEMES

    return _url("--hub", url, HUB_SCHEMES, said)


def _url(key: str, url: str | None, schemes: tuple[str, ...], said: Words) -> str | None:
    from telemetry.configuration.addresses import is_url, without_credentials

    if url is not None and not is_url(url, schemes):
        _end(said.say("configuration.problem.bad_url", key=key, given=without_credentials(url)), WRONG_USE)
    return url


def _seconds(text: str, said: Words) -> float:
    from telemetry.configuration import units

    try:
        return float(text) if text.replace(".", "", 1).isdecimal() else units.seconds(text)
    except ValueError:
        _end(said.say("configuration.problem.bad_duration", key="--linger", given=text), WRONG_USE)


if __name__ == "__main__":
    main()
