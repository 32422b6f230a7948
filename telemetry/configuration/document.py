"""A whole configuration file: its text, its tables, and every problem in it at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from telemetry.configuration.fields import Section
from telemetry.configuration.problems import ConfigurationError, Problem, Wrong, nearest
from telemetry.configuration.tables import Table, TableReader, allowed_keys
from telemetry.toml_lines import Lines

S = TypeVar("S", bound=Section)
_WHERE = re.compile(r"line (\d+), column (\d+)")


class Document:
    """One TOML file that has these tables at its top. What is wrong gathers in `reader` until `refuse`."""

    def __init__(self, path: Path, names: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
        """Read the file. Raises ConfigurationError for one that cannot be read or is not TOML."""
        text = _text(path)
        try:
            self._tree: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(path, [_syntax_problem(text, error)]) from error
        self.path = path
        self.folder = path.resolve().parent
        self.reader = TableReader(Lines(text), self.folder, environment)
        for name in self._tree:
            if name not in names:
                suggestion = nearest(name, names)
                self.reader.add(Wrong.UNKNOWN_KEY, (name,), "", allowed=tuple(names), suggestion=suggestion)

    def section(self, name: str, model: type[S], *, needed: bool = False) -> S | None:
        """The table [name]; None where it is not there or something is wrong with it."""
        table = self._tree.get(name)
        if table is None:
            if needed:
                self.reader.add(Wrong.MISSING_TABLE, (), "", key=name, allowed=allowed_keys(model))
            return None
        if not isinstance(table, dict):
            self.reader.add(Wrong.NOT_A_TABLE, (name,), "", given=f"[{name}]")
            return None
        return self.reader.read(model, table, (name,), f"[{name}]")

    def tables(self, name: str, *, needed: bool = False) -> list[Table]:
        """The [[name]] tables; none, with a problem, where the file has something else under that name."""
        found = self._tree.get(name)
        if found is None:
            if needed:
                self.reader.add(Wrong.MISSING_TABLE, (), "", key=f"[{name}]")
            return []
        good = isinstance(found, list) and all(isinstance(table, dict) for table in found)
        if not good or (needed and not found):
            self.reader.add(Wrong.NOT_A_TABLE, (name,), "", given=f"[[{name}]]")
            return []
        return list(found)

    def items(self, name: str, model: type[S], *, needed: bool = False) -> list[S]:
        """The [[name]] tables that are right, each as a `model`; no two have one id."""
        tables = self.tables(name, needed=needed)
        read = [
            self.reader.read(model, table, (name, number), item(name, table, number))
            for number, table in enumerate(tables)
        ]
        self.reader.check_ids(name, tables)
        return [each for each in read if each is not None]

    @property
    def good(self) -> bool:
        return not self.reader.problems

    def refuse(self) -> NoReturn:
        """Raises ConfigurationError with every problem found."""
        raise ConfigurationError(self.path, self.reader.problems)


def item(name: str, table: Table, number: int) -> str:
    """How problems name one of the [[name]] tables: by its id, else by its number."""
    return f"[[{name}]] {table.get('id', number + 1)}"


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = Problem(1, "", Wrong.FILE, given=str(path), detail=error.strerror or type(error).__name__)
        raise ConfigurationError(path, [problem]) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(path, [Problem(line, "", Wrong.SYNTAX, detail=str(error.reason))]) from error


def _syntax_problem(text: str, error: tomllib.TOMLDecodeError) -> Problem:
    detail = str(error)
    found = _WHERE.search(detail)
    line, column = (int(found[1]), int(found[2])) if found else _end_of(text)
    said = detail.partition(" (at ")[0]
    return Problem(line, "", Wrong.SYNTAX, given=str(column), detail=said)


def _end_of(text: str) -> tuple[int, int]:
    rows = text.rstrip("\n").split("\n")
    return len(rows), len(rows[-1]) + 1
