"""Secrets, which a configuration does not hold: it names the file or the environment variable that does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from telemetry.configuration.annotations import takes
from telemetry.configuration.problems import Wrong


class SecretError(Exception):
    """A secret that cannot be had. `detail` is the system's own word."""

    def __init__(self, wrong: Wrong, detail: str = "") -> None:
        super().__init__(f"{wrong} {detail}".rstrip())
        self.wrong = wrong
        self.detail = detail


def is_secret(info: FieldInfo) -> bool:
    return takes(info, SecretStr)


def may_be_inline(info: FieldInfo) -> bool:
    """One with a default is no secret worth the name: SNMP's "public"."""
    return info.default is not None and not info.is_required()


def sources(name: str) -> tuple[str, str]:
    """How the file writes it: `auth_key` as auth_file or auth_env, `password` as password_file or password_env."""
    stem = name.removesuffix("_key")
    return f"{stem}_file", f"{stem}_env"


def by_source(model: type[BaseModel]) -> dict[str, str]:
    """The model's secrets by the keys that may name their source."""
    return {key: name for name, info in model.model_fields.items() if is_secret(info) for key in sources(name)}


def fetch(key: str, value: str, folder: Path, environment: Mapping[str, str]) -> SecretStr:
    """The secret that `key` (…_file or …_env) says is in `value`. Raises SecretError."""
    if key.endswith("_env"):
        found = environment.get(value, "")
        if not found:
            raise SecretError(Wrong.SECRET_ENV)
        return SecretStr(found)
    try:
        text = (folder / Path(value).expanduser()).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise SecretError(Wrong.SECRET_FILE, detail) from error
    if not text:
        raise SecretError(Wrong.SECRET_EMPTY)
    return SecretStr(text)
