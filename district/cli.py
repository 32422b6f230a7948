"""The command `ward-district`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from district.words import words
from telemetry.configuration.words import LANGUAGES, Words

if TYPE_CHECKING:
    from district.config import Address, Configuration
    from district.people import People
    from store.base import StoreError
    from store.moving import Moved

GOOD, FAILED, WRONG_USAGE = 0, 1, 2

app = typer.Typer(
    help="The district's hub: takes in what the wards see, keeps it, shows it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
users = typer.Typer(help="Who may sign in at the console.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(users, name="user")
stores = typer.Typer(help="Move to another kind of store.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(stores, name="store")

ConfigurationFile = Annotated[Path, typer.Option("-c", "--config", help="district.toml", metavar="FILE")]
ArchiveFile = Annotated[Path, typer.Argument(metavar="ARCHIVE", help="The file in between.")]
Language = Annotated[str | None, typer.Option("--lang", metavar="|".join(LANGUAGES), help="Language of the texts.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def main() -> None:
    """The entry point."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app()


@app.command()
def run(config: ConfigurationFile, lang: Language = None) -> None:
    """Run the hub until it is told to end."""
    from district import hub
    from district.errors import DistrictError
    from store.base import StoreError

    said = words(lang)
    configuration = _load(config, said)
    try:
        hub.run(configuration)
    except StoreError as error:
        _fail(_store(error, said))
    except DistrictError as error:
        _fail(error.text(said))


@app.command()
def broker(
    listen: Annotated[str, typer.Option(help="Where to listen, on the loopback.", metavar="HOST:PORT")],
    lang: Language = None,
) -> None:
    """Run an MQTT broker for the demo and for tests. Production uses mosquitto."""
    from district import broker as embedded

    said = words(lang)
    try:
        embedded.run(_address(listen, said))
    except embedded.BrokerError as error:
        _fail(error.text(said), WRONG_USAGE)


@app.command()
def counts(config: ConfigurationFile, json: AsJson = False, lang: Language = None) -> None:
    """What the district's files hold of each ward: readings, positions, what is missing or was of no use."""
    from district.counting import count
    from district.database import HubDatabaseError
    from store.base import StoreError

    said = words(lang)
    try:
        found = count(_load(config, said))
    except StoreError as error:
        _fail(_store(error, said))
    except HubDatabaseError as error:
        _fail(error.text(said))
    typer.echo(found.as_json() if json else found.as_text(said))


@app.command()
def verify(config: ConfigurationFile, json: AsJson = False, lang: Language = None) -> None:
    """Check the invariants of the store and of the hub's tables on the real files."""
    from district.verification import verify as verify_files

    said = words(lang)
    found = verify_files(_load(config, said))
    typer.echo(found.as_json() if json else found.as_text(said))
    if not found.good:
        raise typer.Exit(FAILED)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that is not there yet.")],
    config: ConfigurationFile,
    json: AsJson = False,
    lang: Language = None,
) -> None:
    """Write all that the district keeps into FOLDER, also while the hub runs."""
    from district.errors import DistrictError
    from district.saving import backup as saving
    from district.saving import telling
    from telemetry.clock import SystemClock

    said = words(lang)
    try:
        made = saving.backup(folder, _load(config, said), SystemClock(), telling.Teller(said).backup)
    except DistrictError as error:
        _fail(error.text(said))
    typer.echo(telling.saved(made, said, json=json))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that `backup` made.")],
    config: ConfigurationFile,
    replace: Annotated[bool, typer.Option("--replace", help="Set aside the data that is there.")] = False,
    json: AsJson = False,
    lang: Language = None,
) -> None:
    """Check FOLDER and put it in the place of the district's data. End the hub first; then run `verify`."""
    from district.errors import DistrictError
    from district.saving import restore as saving
    from district.saving import telling

    said = words(lang)
    try:
        done = saving.restore(folder, _load(config, said), replace=replace, tell=telling.Teller(said).restore)
    except DistrictError as error:
        _fail(error.text(said))
    typer.echo(telling.restored(done, said, json=json))


@users.command("add")
def add_user(
    name: str,
    config: ConfigurationFile,
    role: Annotated[str, typer.Option(help="district, ward, auditor or admin.")],
    ward: Annotated[list[str] | None, typer.Option(help="A ward that a user of the role ward sees.")] = None,
    display_name: Annotated[str, typer.Option("--display-name", help="The person's name.")] = "",
    lang: Language = None,
) -> None:
    """Add a user and print a one-time password."""
    said = words(lang)
    with _people(config, said) as people:
        unknown = [each for each in ward or () if each not in people.wards]
        if unknown:
            known = ", ".join(people.wards)
            _fail(said.say("user.no_such_ward", unknown=", ".join(unknown), known=known), WRONG_USAGE)
        _print_password(said, people.accounts.add_user(name, role, ward or (), display_name=display_name))


@users.command("list")
def list_users(config: ConfigurationFile, lang: Language = None) -> None:
    """List the users."""
    with _people(config, words(lang)) as people:
        for user in people.accounts.list_users():
            wards = f" ({', '.join(user.wards)})" if user.wards else ""
            typer.echo(f"{user.name}\t{user.role}{wards}\t{user.display_name}")


@users.command("password")
def reset_password(name: str, config: ConfigurationFile, lang: Language = None) -> None:
    """Give a user a new one-time password; its sessions end."""
    said = words(lang)
    with _people(config, said) as people:
        _print_password(said, people.accounts.reset_password(name))


@users.command("remove")
def remove_user(name: str, config: ConfigurationFile, lang: Language = None) -> None:
    """Remove a user; its sessions end."""
    with _people(config, words(lang)) as people:
        people.accounts.remove_user(name)


@stores.command("export")
def export_store(archive: ArchiveFile, config: ConfigurationFile, json: AsJson = False, lang: Language = None) -> None:
    """Write all that the configured store holds into ARCHIVE. End the hub first. What was broken off goes on."""
    from district.moving import export_to

    _move(export_to, archive, config, json, words(lang))


@stores.command("import")
def import_store(archive: ArchiveFile, config: ConfigurationFile, json: AsJson = False, lang: Language = None) -> None:
    """Bring ARCHIVE into the configured store, read it back and compare. End the hub first. What was broken off
    goes on."""
    from district.moving import import_from

    _move(import_from, archive, config, json, words(lang))


def _move(
    move: Callable[[Path, Configuration, Words], Moved], archive: Path, config: Path, json: bool, said: Words
) -> None:
    from district.moving import as_text
    from store.base import StoreError

    try:
        moved = move(archive, _load(config, said), said)
    except StoreError as error:
        _fail(_store(error, said))
    typer.echo(dumps(asdict(moved)) if json else as_text(moved, said))


def _people(config: Path, said: Words) -> AbstractContextManager[People]:
    from district.people import open_people

    return open_people(_load(config, said), said)


def _print_password(said: Words, password: str) -> None:
    """The password is the last word."""
    typer.echo(said.say("user.password", password=password))


def _load(path: Path, said: Words) -> Configuration:
    from district.config import load
    from telemetry.configuration.problems import ConfigurationError

    try:
        return load(path)
    except ConfigurationError as error:
        _fail(error.report(said), WRONG_USAGE)


def _address(text: str, said: Words) -> Address:
    from district.config import LISTEN_EXAMPLE, DistrictWrong, address
    from telemetry.configuration.problems import Problem

    try:
        return address(text)
    except ValueError:
        problem = Problem(1, "", DistrictWrong.BAD_LISTEN, key="--listen", given=text, allowed=(LISTEN_EXAMPLE,))
        _fail(problem.text(said), WRONG_USAGE)


def _store(error: StoreError, said: Words) -> str:
    return f"{said.name(f'store.{error.fault}')} ({error})"


def _fail(message: str, status: int = FAILED) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(status)


if __name__ == "__main__":
    main()
