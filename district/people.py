"""The users, for the command line: the console's accounts on the hub's database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import typer

from dashboards.console.accounts import AccountError, Accounts
from district.config import Configuration
from district.database import HubDatabaseError, open_database
from telemetry.clock import SystemClock
from telemetry.configuration.words import Words


@dataclass(frozen=True, slots=True)
class People:
    """The accounts, and which wards there are."""

    accounts: Accounts
    wards: tuple[str, ...]


@contextlib.contextmanager
def open_people(configuration: Configuration, words: Words) -> Iterator[People]:
    """Open the accounts. What they refuse ends the command: 2 for a wrong use, 1 for a database that fails."""
    try:
        engine = open_database(configuration.hub_path)
        try:
            yield People(Accounts(engine, SystemClock()), tuple(configuration.names))
        finally:
            engine.dispose()
    except AccountError as error:
        typer.echo(words.say(f"account.{error.fault}", **error.values), err=True)
        raise typer.Exit(2) from error
    except HubDatabaseError as error:
        typer.echo(error.text(words), err=True)
        raise typer.Exit(1) from error
