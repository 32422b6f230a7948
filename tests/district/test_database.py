"""The hub's own tables: models and migrations are one and the same."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from dashboards.console.tables import Base as ConsoleBase
from district.database import HEAD, SCRIPTS, open_database
from district.tables import Base


def test_models_and_migrations_are_the_same(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "hub.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, [Base.metadata, ConsoleBase.metadata])
    assert differences == []


def test_the_head_that_a_start_looks_for_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [HEAD]


def test_a_second_start_migrates_nothing_and_keeps_what_is_there(tmp_path: Path) -> None:
    first = open_database(tmp_path / "hub.db")
    with first.begin() as connection:
        connection.execute(text("INSERT INTO console_users VALUES (1, 'an', 'An', 'admin', 'x', 1, 1)"))
    first.dispose()
    with open_database(tmp_path / "hub.db").begin() as connection:
        assert connection.execute(text("SELECT name FROM console_users")).scalar_one() == "an"
