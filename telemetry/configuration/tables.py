"""From one TOML table to one pydantic model: durations, secrets, and each problem with its line and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from telemetry.configuration import secrets, units
from telemetry.configuration.annotations import is_duration, takes
from telemetry.configuration.problems import Problem, Wrong, nearest
from telemetry.kinds import ID_PATTERN
from telemetry.toml_lines import Lines
from telemetry.toml_lines import Path as KeyPath

Model = TypeVar("Model", bound=BaseModel)
Table = Mapping[str, Any]

_BY_ERROR = {
    "int_type": Wrong.NOT_A_NUMBER,
    "int_parsing": Wrong.NOT_A_NUMBER,
    "int_from_float": Wrong.NOT_A_NUMBER,
    "float_type": Wrong.NOT_A_NUMBER,
    "float_parsing": Wrong.NOT_A_NUMBER,
    "string_type": Wrong.NOT_A_TEXT,
    "path_type": Wrong.NOT_A_TEXT,
    "tuple_type": Wrong.NOT_A_LIST,
    "list_type": Wrong.NOT_A_LIST,
    "bool_type": Wrong.NOT_TRUE_OR_FALSE,
    "bool_parsing": Wrong.NOT_TRUE_OR_FALSE,
    "string_too_short": Wrong.EMPTY,
    "string_too_long": Wrong.TOO_LONG,
    "literal_error": Wrong.NOT_ALLOWED,
    "enum": Wrong.NOT_ALLOWED,
}
_LIMITS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "max_length": "≤"}
_TELLING_NAMES = re.compile(r"(password|key|secret|token|community)")


@dataclass(slots=True)
class TableReader:
    """Reads the tables of one file and gathers what is wrong with them."""

    lines: Lines
    folder: Path  # what relative paths in the file are relative to
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def read(self, model: type[Model], table: Table, at: KeyPath, where: str) -> Model | None:
        """The table as a `model`, or None when something is wrong with it, which is then in `problems`."""
        before = len(self.problems)
        values: dict[str, Any] = {}
        given: set[str] = set()  # secrets
        sources = secrets.by_source(model)
        for key, value in table.items():
            here = (*at, key)
            info = model.model_fields.get(key)
            secret = sources.get(key) or (key if info is not None and secrets.is_secret(info) else "")
            if secret in given:
                self.add(Wrong.TWO_SECRETS, here, where, allowed=secrets.sources(secret))
            elif secret and info is None:
                self._put_secret(values, secret, value, here, where)
            elif secret and info is not None:
                self._put_inline_secret(values, info, value, here, where)
            elif info is not None and isinstance(value, str):
                self._put_text(values, info, value, here, where)
            else:
                values[key] = value
            given |= {secret} - {""}
        return self._validated(model, values, at, where, before)

    def add(self, wrong: StrEnum, at: KeyPath, where: str, **more: Any) -> None:
        """One more problem, at the line of `at`."""
        key = more.pop("key", str(at[-1]) if at and isinstance(at[-1], str) else "")
        self.problems.append(Problem(self.lines.of(at), where, wrong, key=key, **more))

    def check_one_of(self, given: str, allowed: Iterable[str], at: KeyPath, where: str) -> bool:
        """Whether `given` is allowed; a problem with what was probably meant where it is not."""
        allowed = tuple(allowed)
        if given not in allowed:
            suggestion = nearest(given, allowed)
            self.add(Wrong.NOT_ALLOWED, at, where, given=given, allowed=allowed, suggestion=suggestion)
        return given in allowed

    def check_ids(self, name: str, tables: Sequence[Table]) -> None:
        """No two of the [[name]] tables have one id."""
        first: dict[str, int] = {}
        for number, table in enumerate(tables):
            given = table.get("id")
            if isinstance(given, str) and first.setdefault(given, number) != number:
                line = self.lines.of((name, first[given], "id"))
                at, where = (name, number, "id"), f"[[{name}]] {given}"
                self.add(Wrong.DUPLICATE_ID, at, where, given=given, detail=str(line))

    # ---- values that the file writes otherwise than the model ---------------------------------------------------

    def _put_text(self, values: dict[str, Any], info: FieldInfo, value: str, at: KeyPath, where: str) -> None:
        key = str(at[-1])
        try:
            if is_duration(info):
                values[key] = units.seconds(value)
            elif takes(info, int) and key.endswith("_bytes"):
                values[key] = units.size_bytes(value)
            else:
                values[key] = self.folder / Path(value).expanduser() if takes(info, Path) else value
        except ValueError:
            wrong = Wrong.BAD_SIZE if key.endswith("_bytes") else Wrong.BAD_DURATION
            self.add(wrong, at, where, given=value)

    def _put_inline_secret(
        self, values: dict[str, Any], info: FieldInfo, value: object, at: KeyPath, where: str
    ) -> None:
        key = str(at[-1])
        if not secrets.may_be_inline(info):
            self.add(Wrong.INLINE_SECRET, at, where, allowed=secrets.sources(key))
        elif not isinstance(value, str):
            self.add(Wrong.NOT_A_TEXT, at, where)
        else:
            values[key] = SecretStr(value)

    def _put_secret(self, values: dict[str, Any], name: str, value: object, at: KeyPath, where: str) -> None:
        if not isinstance(value, str):
            self.add(Wrong.NOT_A_TEXT, at, where)
            return
        try:
            values[name] = secrets.fetch(str(at[-1]), value, self.folder, self.environment)
        except secrets.SecretError as error:
            self.add(error.wrong, at, where, given=value, detail=error.detail)

    # ---- pydantic's errors, in our words ------------------------------------------------------------------------

    def _validated(self, model: type[Model], values: Table, at: KeyPath, where: str, before: int) -> Model | None:
        try:
            found = model.model_validate(values)
        except ValidationError as error:
            refused = {problem.key for problem in self.problems[before:]}
            for details in error.errors(include_url=False):
                self._explain(model, details, at, where, refused)
            return None
        return found if len(self.problems) == before else None

    def _explain(
        self, model: type[BaseModel], details: ErrorDetails, at: KeyPath, where: str, refused: set[str]
    ) -> None:
        kind, location = details["type"], details["loc"]
        key = ".".join(str(part) for part in location)
        here = (*at, *location)
        if kind == "missing":
            if not refused & _written_as(model, key):  # it was there, and has its own problem already
                self.add(Wrong.MISSING_KEY, at, where, key=key)
        elif kind == "extra_forbidden":
            allowed = allowed_keys(model)
            self.add(Wrong.UNKNOWN_KEY, here, where, allowed=allowed, suggestion=nearest(key, allowed))
        else:
            self._explain_value(details, key, here, where)

    def _explain_value(self, details: ErrorDetails, key: str, at: KeyPath, where: str) -> None:
        kind, context = details["type"], details.get("ctx", {})
        given = "" if _TELLING_NAMES.search(key) else str(context.get("given") or details["input"])
        wrong: StrEnum = context.get("wrong") or _BY_ERROR.get(kind, Wrong.INVALID)
        allowed: tuple[str, ...] = context.get("allowed", ())
        suggestion = ""
        if wrong is Wrong.NOT_ALLOWED:
            allowed = tuple(re.findall(r"'([^']*)'", str(context.get("expected", ""))))
            suggestion = nearest(given, allowed)
        elif kind == "string_pattern_mismatch" and ID_PATTERN.pattern in str(context.get("pattern")):
            wrong = Wrong.BAD_ID
        elif kind == "string_pattern_mismatch" and key.endswith("url"):
            wrong = Wrong.BAD_URL
        elif wrong in (Wrong.INVALID, Wrong.TOO_LONG) and any(name in context for name in _LIMITS):
            wrong = Wrong.OUT_OF_RANGE if wrong is Wrong.INVALID else wrong
            allowed = tuple(f"{sign} {context[name]:g}" for name, sign in _LIMITS.items() if name in context)
        detail = details["msg"] if wrong is Wrong.INVALID else ""
        self.add(wrong, at, where, key=key, given=given, allowed=allowed, suggestion=suggestion, detail=detail)


def allowed_keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys that a table of this model may have, as the file writes them, in the model's order."""
    keys: list[str] = []
    for name, info in model.model_fields.items():
        if not secrets.is_secret(info):
            keys.append(name)
            continue
        if secrets.may_be_inline(info):
            keys.append(name)
        keys += secrets.sources(name)
    return tuple(keys)


def _written_as(model: type[BaseModel], name: str) -> set[str]:
    info = model.model_fields.get(name)
    return {name, *secrets.sources(name)} if info is not None and secrets.is_secret(info) else {name}
