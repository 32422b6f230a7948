"""What the commands of `ward-agent` share: exit statuses, common options, the configuration or the end."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from telemetry.configuration.words import LANGUAGES, Words

if TYPE_CHECKING:
    from edge_agent.config import Configuration

GOOD, FAILED, WRONG_USE = 0, 1, 2

ConfigFile = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The ward's configuration (TOML).")]
Language = Annotated[str | None, typer.Option("--lang", metavar="|".join(LANGUAGES), help="Language of the texts.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def load(path: Path, said: Words) -> Configuration:
    """The configuration; where something is wrong with it, all of that on standard error, and the end."""
    from edge_agent.config import load as read
    from telemetry.configuration.problems import ConfigurationError

    try:
        return read(path)
    except ConfigurationError as error:
        end(error.report(said), WRONG_USE)


def log_to_stderr(level: str) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def end(text: str, status: int) -> NoReturn:
    """Say why on standard error, and end with this status."""
    typer.echo(text, err=True)
    raise typer.Exit(status)
