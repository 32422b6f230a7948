"""The hub's database file: opened, and brought to the newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from district.errors import DistrictError

SCRIPTS = Path(__file__).resolve().parent / "migrations"
HEAD = "0002"  # the newest revision in migrations/versions; a test holds the two together
_BUSY_MS = 10_000


class HubDatabaseError(DistrictError):
    """The hub's own tables cannot be read or written."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "database", detail=message)


def open_database(path: Path) -> Engine:
    """Open (or make) the file and migrate it. Raises HubDatabaseError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = _engine(path)
        with engine.begin() as connection:
            if _revision(connection) != HEAD:
                migrate(connection)
    except (DBAPIError, OSError) as error:
        raise HubDatabaseError(f"{path}: {error}") from error
    return engine


def migrate(connection: Connection) -> None:
    """Run every migration that is missing, within the connection's transaction."""
    # Alembic costs 10 MB and half a second: only a start that has something to migrate pays it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if connection.dialect.has_table(connection, "alembic_version"):
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing of its own; `begin` below does
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail at once where another wrote in between;
        # one that asks for the pen at its begin waits its turn. Also, two starts migrate one after the other.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
