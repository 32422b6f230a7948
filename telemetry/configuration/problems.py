"""What is wrong with a configuration: every problem with its line, what was given and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from telemetry.configuration.addresses import without_credentials
from telemetry.configuration.words import Words


class Wrong(StrEnum):
    """What can be wrong with any configuration. A room adds what only its own can have in an enum of its own; each is
    worded under "configuration.problem" in telemetry's catalogue or the room's."""

    FILE = "file"
    SYNTAX = "syntax"
    UNKNOWN_KEY = "unknown_key"
    MISSING_KEY = "missing_key"
    MISSING_TABLE = "missing_table"
    NOT_A_TABLE = "not_a_table"
    NOT_ALLOWED = "not_allowed"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_TEXT = "not_a_text"
    NOT_A_LIST = "not_a_list"
    NOT_TRUE_OR_FALSE = "not_true_or_false"
    OUT_OF_RANGE = "out_of_range"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    BAD_ID = "bad_id"
    BAD_DURATION = "bad_duration"
    BAD_SIZE = "bad_size"
    BAD_URL = "bad_url"
    INVALID = "invalid"
    INLINE_SECRET = "inline_secret"
    TWO_SECRETS = "two_secrets"
    SECRET_FILE = "secret_file"
    SECRET_EMPTY = "secret_empty"
    SECRET_ENV = "secret_env"
    DUPLICATE_ID = "duplicate_id"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `where` names the table ("[[device]] ups-1"), `key` the key; `detail` is the system's own word.
    `file` is None for the configuration itself, else the file that it names (a register map)."""

    line: int
    where: str
    wrong: StrEnum
    key: str = ""
    given: str = ""
    allowed: Sequence[str] = ()
    suggestion: str = ""
    detail: str = ""
    file: Path | None = None

    def text(self, words: Words) -> str:
        """The problem as a sentence, without file and line."""
        said = words.say(
            *(f"configuration.problem.{self.wrong}",),
            key=self.key,
            given=without_credentials(self.given),
            detail=self.detail,
        )
        parts = [f"{self.where}: {said}" if self.where else said]
        if self.suggestion:
            parts.append(words.say("configuration.problem.did_you_mean", suggestion=self.suggestion))
        if self.allowed:
            parts.append(words.say("configuration.problem.allowed", allowed=", ".join(self.allowed)))
        return " ".join(parts)


class ConfigurationError(Exception):
    """A configuration that cannot be used; all that is wrong with it, in the order of its lines."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems, key=lambda problem: (str(problem.file or ""), problem.line))
        super().__init__(f"{path}: {len(self.problems)} problem(s)")

    def texts(self, words: Words) -> list[str]:
        """One line for each problem: `ward.toml:12: …`."""
        return [f"{problem.file or self.path}:{problem.line}: {problem.text(words)}" for problem in self.problems]

    def report(self, words: Words) -> str:
        """How many problems there are, and each of them."""
        return "\n".join([words.say("configuration.bad", count=len(self.problems)), *self.texts(words)])


def nearest(given: str, allowed: Iterable[str]) -> str:
    """What was probably meant; empty where nothing is near."""
    found = difflib.get_close_matches(given, list(allowed), n=1, cutoff=0.6)
    return found[0] if found else ""
