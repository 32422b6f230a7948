"""On which line of a TOML file each key stands: what tomllib, which reads the values, does not tell.

Only for text that tomllib has accepted, so nothing here checks the grammar (TOML 1.0).
"""

from __future__ import annotations

import tomllib
from typing import Any

Path = tuple[str | int, ...]


class Lines:
    """Line numbers, from 1, by path: ("device", 2, "host") is `host` of the third [[device]]."""

    def __init__(self, text: str) -> None:
        self._by_path: dict[Path, int] = {}
        _Scanner(text, self._by_path).run()

    def of(self, path: Path) -> int:
        """The line of `path`, or of the nearest table around it; 1 where there is none."""
        while path and path not in self._by_path:
            path = path[:-1]
        return self._by_path.get(path, 1)


class _Scanner:
    """Walks the text statement by statement; values are skipped, not read."""

    def __init__(self, text: str, found: dict[Path, int]) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._line = 1
        self._found = found
        self._table: Path = ()
        self._counts: dict[Path, int] = {}  # of arrays of tables

    def run(self) -> None:
        while self._skip_blank():
            if self._text.startswith("[[", self._at):
                self._array_header()
            elif self._text[self._at] == "[":
                self._table = self._resolve(self._keys("]", skip=1))
                self._note(self._table)
            else:
                line = self._line
                path = self._table + tuple(self._keys("=", skip=0))
                self._note(path, line)
                self._skip_value()

    def _array_header(self) -> None:
        keys = self._keys("]", skip=2)
        self._move(1)
        array = (*self._resolve(keys[:-1]), keys[-1])
        count = self._counts.get(array, 0)
        self._counts[array] = count + 1
        self._table = (*array, count)
        self._note(array)
        self._note(self._table)

    def _note(self, path: Path, line: int | None = None) -> None:
        for end in range(1, len(path) + 1):
            self._found.setdefault(path[:end], self._line if line is None else line)

    def _resolve(self, keys: list[str]) -> Path:
        """A header's keys, with the number of the newest element where a key names an array of tables."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _keys(self, until: str, skip: int) -> list[str]:
        """The dotted key up to `until`, which is consumed; `skip` opening brackets come before it."""
        self._move(skip)
        start = self._at
        while self._text[self._at] != until:
            if self._text[self._at] in "\"'":
                self._skip_string()
            else:
                self._move(1)
        dotted = self._text[start : self._at].strip()
        self._move(1)
        tree: Any = tomllib.loads(f"{dotted} = 0")
        keys: list[str] = []
        while isinstance(tree, dict):
            [(key, tree)] = tree.items()
            keys.append(key)
        return keys

    def _skip_blank(self) -> bool:
        """To the next statement; False at the end of the text."""
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                self._skip_comment()
            elif self._text[self._at] in " \t\n":
                self._move(1)
            else:
                return True
        return False

    def _skip_value(self) -> None:
        depth = 0
        while self._at < len(self._text):
            character = self._text[self._at]
            if character in "\"'":
                self._skip_string()
                continue
            if character == "#":
                self._skip_comment()
                continue
            if character == "\n" and depth == 0:
                return
            depth += (character in "[{") - (character in "]}")
            self._move(1)

    def _skip_comment(self) -> None:
        end = self._text.find("\n", self._at)
        self._move((len(self._text) if end < 0 else end) - self._at)

    def _skip_string(self) -> None:
        quote = self._text[self._at]
        if self._text.startswith(quote * 3, self._at):
            quote *= 3
        self._move(len(quote))
        while not self._text.startswith(quote, self._at):
            self._move(2 if quote[0] == '"' and self._text[self._at] == "\\" else 1)
        self._move(len(quote))
        while len(quote) == 3 and self._text[self._at : self._at + 1] == quote[0]:
            self._move(1)  # a multi-line string may end with quotes of its own

    def _move(self, count: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + count)
        self._at += count
