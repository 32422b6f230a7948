"""The command `ward-district`."""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from district.config import Configuration, address, load
from district.problems import ConfigurationError

if TYPE_CHECKING:
    from district.people import People

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

ConfigurationFile = Annotated[Path, typer.Option("-c", "--config", help="district.toml", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def main() -> None:
    """The entry point."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app()


@app.command()
def run(config: ConfigurationFile) -> None:
    """Run the hub until it is told to end."""
    from district import hub
    from district.database import HubDatabaseError
    from district.link import LinkError
    from store.base import StoreError

    configuration = _load(config)
    try:
        hub.run(configuration)
    except (StoreError, HubDatabaseError, LinkError, hub.HubLostError) as error:
        _fail(str(error))


@app.command()
def broker(
    listen: Annotated[str, typer.Option(help="Where to listen, on the loopback.", metavar="HOST:PORT")],
) -> None:
    """Run an MQTT broker for the demo and for tests. Production uses mosquitto."""
    from district import broker as embedded

    try:
        embedded.run(address(listen))
    except (embedded.BrokerError, ValueError) as error:
        _fail(str(error), WRONG_USAGE)


@app.command()
def counts(config: ConfigurationFile, json: AsJson = False) -> None:
    """What the district's files hold of each ward: readings, positions, what is missing or was of no use."""
    from district.counting import count
    from district.database import HubDatabaseError
    from store.base import StoreError

    try:
        found = count(_load(config))
    except (StoreError, HubDatabaseError) as error:
        _fail(str(error))
    typer.echo(found.as_json() if json else found.as_text())


@app.command()
def verify(config: ConfigurationFile, json: AsJson = False) -> None:
    """Check the invariants of the store and of the hub's tables on the real files."""
    from district.verification import verify as verify_files

    found = verify_files(_load(config))
    typer.echo(found.as_json() if json else found.as_text())
    if not found.good:
        raise typer.Exit(FAILED)


@users.command("add")
def add_user(
    name: str,
    config: ConfigurationFile,
    role: Annotated[str, typer.Option(help="district, ward, auditor or admin.")],
    ward: Annotated[list[str] | None, typer.Option(help="A ward that a user of the role ward sees.")] = None,
    display_name: Annotated[str, typer.Option("--display-name", help="The person's name.")] = "",
) -> None:
    """Add a user and print a one-time password."""
    with _people(config) as people:
        unknown = [each for each in ward or () if each not in people.wards]
        if unknown:
            _fail(f"no such ward here: {', '.join(unknown)}; there are: {', '.join(people.wards)}", WRONG_USAGE)
        _print_password(people.accounts.add_user(name, role, ward or (), display_name=display_name))


@users.command("list")
def list_users(config: ConfigurationFile) -> None:
    """List the users."""
    with _people(config) as people:
        for user in people.accounts.list_users():
            wards = f" ({', '.join(user.wards)})" if user.wards else ""
            typer.echo(f"{user.name}\t{user.role}{wards}\t{user.display_name}")


@users.command("password")
def reset_password(name: str, config: ConfigurationFile) -> None:
    """Give a user a new one-time password; its sessions end."""
    with _people(config) as people:
        _print_password(people.accounts.reset_password(name))


@users.command("remove")
def remove_user(name: str, config: ConfigurationFile) -> None:
    """Remove a user; its sessions end."""
    with _people(config) as people:
        people.accounts.remove_user(name)


def _people(config: Path) -> AbstractContextManager[People]:
    from district.people import open_people

    return open_people(_load(config))


def _print_password(password: str) -> None:
    """Vietnamese first; the password is the last word."""
    typer.echo(f"Mật khẩu dùng một lần / one-time password: {password}")


def _load(path: Path) -> Configuration:
    try:
        return load(path)
    except ConfigurationError as error:
        _fail(str(error), WRONG_USAGE)


def _fail(message: str, status: int = FAILED) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(status)


if __name__ == "__main__":
    main()
