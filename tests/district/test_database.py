"""The hub's own tables: models and migrations are one and the same."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from dashboards.console.tables import Base as ConsoleBase
from district.database import HEAD, SCRIPTS, open_database
from district.records import Changes, Counts, Records, WardRecord
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


def test_of_what_is_written_down_of_a_ward_twice_at_once_the_last_word_stays(tmp_path: Path) -> None:
    records = Records(open_database(tmp_path / "hub.db"))
    records.write(Changes(wards=[WardRecord("hai-chau", 1, 2)], counts={"hai-chau": Counts(3, 4)}), now_us=0)
    gone = WardRecord("hai-chau", 1, 8, False, 9, b"x", "1")
    again = [WardRecord("hai-chau", 1, 5), WardRecord("an-khe", 6, 7), gone]
    records.write(Changes(wards=again, counts={"hai-chau": Counts(10, 11), "an-khe": Counts()}), now_us=0)
    assert {ward.id: ward for ward in records.wards()} == {"hai-chau": gone, "an-khe": again[1]}
    assert records.counts() == {"hai-chau": Counts(10, 11), "an-khe": Counts()}
