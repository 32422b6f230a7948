"""What SQLite says of a damaged file is an error of SQLite's, and known as damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry.sqlite_files import connect, connect_for_reading, is_damage, rows_as_written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "some.db"
    connection = connect(file)
    connection.execute("CREATE TABLE wards (name TEXT NOT NULL)")
    connection.execute("INSERT INTO wards VALUES ('hai-chau')")
    connection.close()
    return file


def alter(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content and len(old) == len(new)
    path.write_bytes(content.replace(old, new))


def ask(path: Path) -> list[tuple[str]]:
    connection = connect_for_reading(path)
    try:
        return connection.execute("SELECT name FROM wards").fetchall()
    finally:
        connection.close()


def spoil_a_name_that_sqlite_quotes(path: Path) -> None:
    alter(path, b"tablewardswards", b"tablew\xd1rdswards")
    alter(path, b"CREATE TABLE wards (", b"CREATE TABLE wards {")


def spoil_a_table(path: Path) -> None:
    alter(path, b"CREATE TABLE wards", b"CREATE TABLE w\xd1rds")


def spoil_a_column(path: Path) -> None:
    alter(path, b"(name TEXT", b"(nome TEXT")


def spoil_a_text(path: Path) -> None:
    alter(path, b"hai-chau", b"hai-\xd1hau")


def spoil_the_format(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[44:48] = b"\0\0\0\x09"  # "schema format number", 1 to 4 (SQLite's file format, section 1.3)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [spoil_a_name_that_sqlite_quotes, spoil_a_table, spoil_a_column, spoil_a_text, spoil_the_format],
)
def test_damage_is_an_error_of_sqlite_that_is_known_as_damage(path: Path, spoil: Callable[[Path], None]) -> None:
    assert ask(path) == [("hai-chau",)]
    spoil(path)
    with pytest.raises(sqlite3.Error) as caught:
        ask(path)
    assert is_damage(caught.value), repr(caught.value)


def test_a_value_of_another_type_than_was_written_is_damage() -> None:
    with pytest.raises(sqlite3.Error) as caught, rows_as_written():
        sum(row[0] for row in [(1,), (None,)])
    assert is_damage(caught.value)


@pytest.mark.parametrize("words", ["database or disk is full", "disk I/O error", "database is locked"])
def test_a_disk_that_refuses_is_no_damage(words: str) -> None:
    assert not is_damage(sqlite3.OperationalError(words))


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        connect_for_reading(tmp_path / "nowhere.db")
    assert not list(tmp_path.iterdir())
