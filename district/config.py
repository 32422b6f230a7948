"""district.toml (docs/architecture.md "Contracts"): read whole and checked, or every problem told at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator
from pydantic_core import ErrorDetails

from district.problems import ConfigurationError, Problem, nearest
from telemetry.kinds import ID_PATTERN
from telemetry.toml_lines import Lines
from telemetry.toml_lines import Path as KeyPath

Id = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN.pattern}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
BROKER_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """Read "127.0.0.1:8080" or "[::1]:8080". Raises ValueError with words for the person who wrote it."""
    wrong = ValueError(f"{text!r} is no address to listen on; write it as 127.0.0.1:8080")
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise wrong from error
    if not host or port is None or parts.path or parts.username is not None:
        raise wrong
    return Address(host, port)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DistrictSection(Section):
    """Who the district is. `label` is what its level is called ("Quận"), put before the name."""

    id: Id
    name: Text
    label: str = ""
    data_dir: Path = Path("data")  # beside the file

    @property
    def title(self) -> str:
        """How the console names the place: "Quận Hải Châu"."""
        return self.name if self.name.startswith(self.label) else f"{self.label} {self.name}"


class BrokerSection(Section):
    """The MQTT broker that wards and district meet at."""

    url: str
    username: str | None = None
    password: SecretStr | None = None  # password_file or password_env in the file
    ca_file: Path | None = None  # None: the system's certificates

    @field_validator("url")
    @classmethod
    def _is_broker(cls, url: str) -> str:
        wrong = f"{url!r} is no broker's address; write it as mqtt://host:1883 or mqtts://host:8883"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(wrong) from error
        if parts.scheme not in BROKER_PORTS or not parts.hostname or port == 0 or parts.path.strip("/"):
            raise ValueError(wrong)
        if parts.username is not None or parts.password is not None:
            raise ValueError("a user or password does not belong into the url; use username and password_file")
        return url

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def tls(self) -> bool:
        return urlsplit(self.url).scheme == "mqtts"

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or BROKER_PORTS[parts.scheme]


class ConsoleSection(Section):
    """Where people look: by HTTPS where `tls_cert` and `tls_key` are given; `origins` are its names behind a proxy."""

    listen: Address = Address("127.0.0.1", 8080)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    origins: tuple[Text, ...] = ()

    @field_validator("listen", mode="before")
    @classmethod
    def _is_address(cls, value: object) -> object:
        return address(value) if isinstance(value, str) else value


class StoreSection(Section):
    """Where numbers are kept; `path` is relative to data_dir."""

    kind: Literal["embedded"] = "embedded"
    path: Path = Path("store.db")


class WardSection(Section):
    """A ward that this district listens to. Words of any other ward are refused."""

    id: Id
    name: Text


class Configuration(Section):
    """All of one file; paths are absolute."""

    district: DistrictSection
    broker: BrokerSection
    console: ConsoleSection = ConsoleSection()
    store: StoreSection = StoreSection()
    ward: Annotated[tuple[WardSection, ...], Field(min_length=1)]

    @property
    def store_path(self) -> Path:
        return self.district.data_dir / self.store.path

    @property
    def hub_path(self) -> Path:
        """The hub's own tables."""
        return self.district.data_dir / "hub.db"

    @property
    def names(self) -> dict[str, str]:
        """The wards by id, in the file's order."""
        return {ward.id: ward.name for ward in self.ward}


_SECTIONS: Mapping[str, type[Section]] = {
    "district": DistrictSection,
    "broker": BrokerSection,
    "console": ConsoleSection,
    "store": StoreSection,
    "ward": WardSection,
}
_PATHS = ("data_dir", "ca_file", "tls_cert", "tls_key")
_SECRETS = {"password_file": "password", "password_env": "password"}
_NEEDED = ("district", "broker", "ward")
_Model = TypeVar("_Model", bound=Section)


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check a configuration. Raises ConfigurationError with every problem found."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(path, [Problem(1, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(path, [Problem(1, "", "is not UTF-8 text")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(path, [Problem(_line_in(str(error)), "", f"is not TOML: {error}")]) from error
    return _Loader(path, tree, Lines(text), environment).load()


def _line_in(message: str) -> int:
    """tomllib says "(at line 3, column 5)"."""
    words = message.replace(",", " ").split()
    return int(words[words.index("line") + 1]) if "line" in words else 1


class _Loader:
    """Reads one tree of values, gathering what is wrong with it."""

    def __init__(self, path: Path, tree: Mapping[str, Any], lines: Lines, environment: Mapping[str, str]) -> None:
        self._path, self._folder = path, path.resolve().parent
        self._tree, self._lines, self._environment = tree, lines, environment
        self._problems: list[Problem] = []

    def load(self) -> Configuration:
        for name in self._tree:
            if name not in _SECTIONS:
                self._problem((name,), "", f"unknown table {name!r}", tuple(_SECTIONS), nearest(name, _SECTIONS))
        for name in _NEEDED:
            if name not in self._tree:
                self._problem((), "", f"the table [{name}] is missing")
        district = self._section("district", DistrictSection)
        broker = self._section("broker", BrokerSection)
        console = self._section("console", ConsoleSection)
        store = self._section("store", StoreSection)
        wards = self._wards()
        if console is not None:
            self._check_tls(console)
        if self._problems or district is None or broker is None:
            raise ConfigurationError(self._path, self._problems)
        return Configuration(
            district=district,
            broker=broker,
            console=console or ConsoleSection(),
            store=store or StoreSection(),
            ward=wards,
        )

    def _section(self, name: str, model: type[_Model]) -> _Model | None:
        table = self._tree.get(name)
        if table is None:
            return None
        return self._read(model, table, (name,), f"[{name}]")

    def _wards(self) -> tuple[WardSection, ...]:
        tables = self._tree.get("ward", [])
        if not isinstance(tables, list) or ("ward" in self._tree and not tables):
            self._problem(("ward",), "", "wards are written as [[ward]] tables, one for each ward")
            return ()
        found: dict[str, WardSection] = {}
        for number, table in enumerate(tables):
            ward = self._read(WardSection, table, ("ward", number), f"[[ward]] {number + 1}")
            if ward is not None and ward.id in found:
                self._problem(("ward", number, "id"), "[[ward]]", f"the ward {ward.id!r} is here twice")
            elif ward is not None:
                found[ward.id] = ward
        return tuple(found.values())

    def _read(self, model: type[_Model], table: object, at: KeyPath, where: str) -> _Model | None:
        if not isinstance(table, dict):
            self._problem(at, where, "is not a table")
            return None
        before = len(self._problems)
        values = {key: value for key, value in table.items() if key not in _SECRETS or model is not BrokerSection}
        if model is BrokerSection:
            self._put_password(values, table, at, where)
        for key in _PATHS:
            if isinstance(values.get(key), str):
                values[key] = self._folder / Path(values[key]).expanduser()
        if model is DistrictSection:
            values.setdefault("data_dir", self._folder / "data")
        try:
            found = model.model_validate(values)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self._explain(model, details, at, where)
            return None
        return found if len(self._problems) == before else None

    def _put_password(self, values: dict[str, Any], table: Mapping[str, Any], at: KeyPath, where: str) -> None:
        if "password" in values:
            del values["password"]
            self._problem((*at, "password"), where, "a password does not belong into this file", tuple(_SECRETS))
        given = [key for key in _SECRETS if key in table]
        if len(given) > 1:
            self._problem((*at, given[1]), where, f"{given[0]} and {given[1]} are both given; one will do")
        for key in given:
            name = table[key]
            if not isinstance(name, str):
                self._problem((*at, key), where, f"{key} must be a text")
            elif key.endswith("_env"):
                self._put_secret(values, self._environment.get(name, ""), (*at, key), where, f"variable {name}")
            else:
                file = self._folder / Path(name).expanduser()
                try:
                    secret = file.read_text(encoding="utf-8").rstrip("\r\n")
                except (OSError, UnicodeDecodeError) as error:
                    self._problem((*at, key), where, f"{file} cannot be read: {error}")
                else:
                    self._put_secret(values, secret, (*at, key), where, str(file))

    def _put_secret(self, values: dict[str, Any], secret: str, at: KeyPath, where: str, source: str) -> None:
        if secret:
            values["password"] = SecretStr(secret)
        else:
            self._problem(at, where, f"{source} is empty or not there")

    def _check_tls(self, console: ConsoleSection) -> None:
        if (console.tls_cert is None) != (console.tls_key is None):
            self._problem(("console",), "[console]", "tls_cert and tls_key go together")
        for key, file in (("tls_cert", console.tls_cert), ("tls_key", console.tls_key)):
            if file is not None and not file.is_file():
                self._problem(("console", key), "[console]", f"{key}: there is no file {file}")

    def _explain(self, model: type[Section], details: ErrorDetails, at: KeyPath, where: str) -> None:
        key = ".".join(str(part) for part in details["loc"])
        here = (*at, *details["loc"])
        allowed = _keys(model)
        context = details.get("ctx", {})
        if details["type"] == "extra_forbidden":
            self._problem(here, where, f"unknown key {key!r}", allowed, nearest(key, allowed))
        elif details["type"] == "missing":
            self._problem(at, where, f"the key {key!r} is missing")
        elif details["type"] == "string_pattern_mismatch":
            self._problem(here, where, f"{key}: {details['input']!r} is no id", ("a-z, 0-9 and '-', at most 63",))
        elif details["type"] == "literal_error":
            self._problem(here, where, f"{key}: {details['input']!r} is not known", (str(context.get("expected")),))
        elif details["type"] == "value_error":
            self._problem(here, where, f"{key}: {context['error']}")
        else:
            self._problem(here, where, f"{key}: {details['msg']}")

    def _problem(self, at: KeyPath, where: str, text: str, allowed: Sequence[str] = (), suggestion: str = "") -> None:
        self._problems.append(Problem(self._lines.of(at), where, text, allowed, suggestion))


def _keys(model: type[Section]) -> tuple[str, ...]:
    """As the file writes them."""
    names: list[str] = []
    for name in model.model_fields:
        names += _SECRETS if name == "password" else [name]
    return tuple(names)
