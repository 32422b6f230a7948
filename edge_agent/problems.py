"""What is wrong with a configuration: every problem with its line, what was given and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge_agent.words import Words


class Wrong(StrEnum):
    """The kinds of problem; each is worded in texts/*.json under "problem"."""

    FILE = "file"
    SYNTAX = "syntax"
    UNKNOWN_KEY = "unknown_key"
    MISSING_KEY = "missing_key"
    MISSING_TABLE = "missing_table"
    NOT_A_TABLE = "not_a_table"
    NOT_ALLOWED = "not_allowed"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_TEXT = "not_a_text"
    NOT_TRUE_OR_FALSE = "not_true_or_false"
    OUT_OF_RANGE = "out_of_range"
    EMPTY = "empty"
    BAD_ID = "bad_id"
    BAD_DURATION = "bad_duration"
    BAD_SIZE = "bad_size"
    BAD_URL = "bad_url"
    BAD_OPENING_HOURS = "bad_opening_hours"
    INVALID = "invalid"
    INLINE_SECRET = "inline_secret"
    TWO_SECRETS = "two_secrets"
    SECRET_FILE = "secret_file"
    SECRET_ENV = "secret_env"
    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_DEVICE = "unknown_device"
    PARENT_LOOP = "parent_loop"
    KIND_PROTOCOL = "kind_protocol"
    MISSING_UPLINK = "missing_uplink"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `where` names the table ("[[device]] ups-1"), `key` the key; `detail` is the system's own word."""

    line: int
    where: str
    wrong: Wrong
    key: str = ""
    given: str = ""
    allowed: Sequence[str] = ()
    suggestion: str = ""
    detail: str = ""

    def text(self, words: Words) -> str:
        """The problem as a sentence, without file and line."""
        said = words.say(
            f"problem.{self.wrong}", key=self.key, given=without_credentials(self.given), detail=self.detail
        )
        parts = [f"{self.where}: {said}" if self.where else said]
        if self.suggestion:
            parts.append(words.say("problem.did_you_mean", suggestion=self.suggestion))
        if self.allowed:
            parts.append(words.say("problem.allowed", allowed=", ".join(self.allowed)))
        return " ".join(parts)


class ConfigurationError(Exception):
    """A configuration that cannot be used; all that is wrong with it, in the order of its lines."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__(f"{path}: {len(self.problems)} problem(s)")

    def texts(self, words: Words) -> list[str]:
        """One line for each problem: `ward.toml:12: …`."""
        return [f"{self.path}:{problem.line}: {problem.text(words)}" for problem in self.problems]


def without_credentials(given: str) -> str:
    """An address as it may be shown: what stands before its @ is somebody's password."""
    return re.sub(r"//.*@", "//…@", given)


def nearest(given: str, allowed: Iterable[str]) -> str:
    """What was probably meant; empty where nothing is near."""
    found = difflib.get_close_matches(given, list(allowed), n=1, cutoff=0.6)
    return found[0] if found else ""
