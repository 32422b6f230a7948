"""From one TOML table to one pydantic model: durations, secrets, and each problem with its line and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from edge_agent import units
from edge_agent.problems import Problem, Wrong, nearest
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
    "bool_type": Wrong.NOT_TRUE_OR_FALSE,
    "bool_parsing": Wrong.NOT_TRUE_OR_FALSE,
    "string_too_short": Wrong.EMPTY,
    "literal_error": Wrong.NOT_ALLOWED,
    "enum": Wrong.NOT_ALLOWED,
}
_LIMITS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
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
        secrets = {_stem(name): name for name, info in model.model_fields.items() if _takes(info, SecretStr)}
        for key, value in table.items():
            here = (*at, key)
            stem, _, source = key.rpartition("_")
            if source in ("file", "env") and stem in secrets:
                self._put_secret(values, secrets[stem], value, source, here, where)
            elif key in model.model_fields and _takes(model.model_fields[key], SecretStr):
                self._inline_secret(values, model.model_fields[key], key, value, here, where)
            elif key in model.model_fields and isinstance(value, str):
                self._put_text(values, model.model_fields[key], key, value, here, where)
            else:
                values[key] = value
        return self._validated(model, values, table, at, where, before)

    def add(self, wrong: Wrong, at: KeyPath, where: str, **more: Any) -> None:
        """One more problem, at the line of `at`."""
        key = more.pop("key", str(at[-1]) if at and isinstance(at[-1], str) else "")
        self.problems.append(Problem(self.lines.of(at), where, wrong, key=key, **more))

    # ---- values that the file writes otherwise than the model ---------------------------------------------------

    def _put_text(self, values: dict[str, Any], info: FieldInfo, key: str, value: str, at: KeyPath, where: str) -> None:
        try:
            if _is_duration(info):
                values[key] = units.seconds(value)
            elif _takes(info, int) and key.endswith("_bytes"):
                values[key] = units.size_bytes(value)
            else:
                values[key] = self._resolved(value) if _takes(info, Path) else value
        except ValueError:
            wrong = Wrong.BAD_SIZE if key.endswith("_bytes") else Wrong.BAD_DURATION
            self.add(wrong, at, where, given=value)

    def _resolved(self, value: str) -> Path:
        return self.folder / Path(value).expanduser()

    def _inline_secret(
        self, values: dict[str, Any], info: FieldInfo, key: str, value: object, at: KeyPath, where: str
    ) -> None:
        if info.default is None or info.is_required():  # one with a default is no secret worth the name: "public"
            stem = _stem(key)
            self.add(Wrong.INLINE_SECRET, at, where, allowed=(f"{stem}_file", f"{stem}_env"))
        elif not isinstance(value, str):
            self.add(Wrong.NOT_A_TEXT, at, where)
        elif key in values:
            self.add(Wrong.TWO_SECRETS, at, where)
        else:
            values[key] = SecretStr(value)

    def _put_secret(
        self, values: dict[str, Any], name: str, value: object, source: str, at: KeyPath, where: str
    ) -> None:
        if not isinstance(value, str):
            self.add(Wrong.NOT_A_TEXT, at, where)
        elif name in values:
            self.add(Wrong.TWO_SECRETS, at, where)
        elif source == "env":
            found = self.environment.get(value, "")
            if found:
                values[name] = SecretStr(found)
            else:
                self.add(Wrong.SECRET_ENV, at, where, given=value)
        else:
            self._put_secret_file(values, name, value, at, where)

    def _put_secret_file(self, values: dict[str, Any], name: str, value: str, at: KeyPath, where: str) -> None:
        try:
            text = self._resolved(value).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            detail = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            self.add(Wrong.SECRET_FILE, at, where, given=value, detail=detail)
            return
        if text:
            values[name] = SecretStr(text)
        else:
            self.add(Wrong.SECRET_FILE, at, where, given=value, detail="empty")

    # ---- pydantic's errors, in our words ------------------------------------------------------------------------

    def _validated(
        self, model: type[Model], values: Table, table: Table, at: KeyPath, where: str, before: int
    ) -> Model | None:
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
        if kind == "missing":
            if not refused & _written_as(model, key):  # it was there, and has its own problem already
                self.add(Wrong.MISSING_KEY, at, where, key=key)
            return
        here = (*at, *location)
        if kind == "extra_forbidden":
            allowed = allowed_keys(model)
            self.add(Wrong.UNKNOWN_KEY, here, where, allowed=allowed, suggestion=nearest(key, allowed))
            return
        given = "" if _TELLING_NAMES.search(key) else str(details["input"])
        context = details.get("ctx", {})
        wrong = _BY_ERROR.get(kind, Wrong.INVALID)
        allowed = ()
        suggestion = ""
        if wrong is Wrong.NOT_ALLOWED:
            allowed = tuple(re.findall(r"'([^']*)'", str(context.get("expected", ""))))
            suggestion = nearest(given, allowed)
        elif kind == "string_pattern_mismatch" and ID_PATTERN.pattern in str(context.get("pattern")):
            wrong = Wrong.BAD_ID
        elif kind == "string_pattern_mismatch" and key.endswith("url"):
            wrong = Wrong.BAD_URL
        elif any(name in context for name in _LIMITS):
            wrong = Wrong.OUT_OF_RANGE
            allowed = tuple(f"{sign} {context[name]:g}" for name, sign in _LIMITS.items() if name in context)
        detail = details["msg"] if wrong is Wrong.INVALID else ""
        self.add(wrong, here, where, key=key, given=given, allowed=allowed, suggestion=suggestion, detail=detail)


def allowed_keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys that a table of this model may have, as the file writes them, in the model's order."""
    keys: list[str] = []
    for name, info in model.model_fields.items():
        if not _takes(info, SecretStr):
            keys.append(name)
            continue
        if info.default is not None and not info.is_required():
            keys.append(name)
        keys += [f"{_stem(name)}_file", f"{_stem(name)}_env"]
    return tuple(keys)


def _written_as(model: type[BaseModel], name: str) -> set[str]:
    info = model.model_fields.get(name)
    if info is None or not _takes(info, SecretStr):
        return {name}
    return {name, f"{_stem(name)}_file", f"{_stem(name)}_env"}


def _stem(name: str) -> str:
    """`auth_key` is written auth_file or auth_env, `password` password_file or password_env."""
    return name.removesuffix("_key")


def _takes(info: FieldInfo, wanted: type) -> bool:
    return _mentions(info.annotation, wanted)


def _is_duration(info: FieldInfo) -> bool:
    """Numbers with limits are durations here (collectors.config.Seconds); a plain float is a plain number."""
    if info.annotation is float:
        return bool(info.metadata)
    return any(
        hasattr(part, "__metadata__") and _mentions(part, float) and bool(part.__metadata__)
        for part in get_args(info.annotation)
    )


def _mentions(annotation: Any, wanted: type) -> bool:
    if annotation is wanted:
        return True
    if get_origin(annotation) is Literal:
        return False
    if get_origin(annotation) in (Union, UnionType) or hasattr(annotation, "__metadata__"):
        return any(_mentions(part, wanted) for part in get_args(annotation))
    return False
