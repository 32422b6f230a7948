"""district.toml (docs/architecture.md "Contracts"): read whole and checked, or every problem told at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator

from telemetry.configuration import fields
from telemetry.configuration.addresses import is_url
from telemetry.configuration.document import Document
from telemetry.configuration.fields import Id, Section, refusal
from telemetry.configuration.problems import Wrong

Text = Annotated[fields.Text, StringConstraints(max_length=200)]
TABLES = ("district", "broker", "console", "store", "ward")
BROKER_PORTS = {"mqtt": 1883, "mqtts": 8883}
WEB_PORTS = {"http": 80, "https": 443}
LISTEN_EXAMPLE = "127.0.0.1:8080"


class DistrictWrong(StrEnum):
    """What can be wrong with a district's configuration and with no other; worded in texts/*.json."""

    BAD_LISTEN = "bad_listen"
    TLS_PAIR = "tls_pair"
    NO_FILE = "no_file"


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """Read "127.0.0.1:8080" or "[::1]:8080". Raises ValueError."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port is None or parts.path or parts.username is not None:
        raise ValueError(f"{text!r} is no address to listen on")
    return Address(parts.hostname, parts.port)


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
        if not is_url(url, BROKER_PORTS) or urlsplit(url).path.strip("/"):
            raise refusal(Wrong.BAD_URL, [f"{scheme}://host:{port}" for scheme, port in BROKER_PORTS.items()])
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
        if isinstance(value, Address):
            return value
        try:
            return address(str(value))
        except ValueError as error:
            raise refusal(DistrictWrong.BAD_LISTEN, [LISTEN_EXAMPLE]) from error


class StoreSection(Section):
    """Where numbers are kept; `path` is relative to data_dir. With VictoriaMetrics at `url` the file holds what that
    cannot keep; it must have a -retentionPeriod of `samples_days` and -dedup.minScrapeInterval=1ms."""

    kind: Literal["embedded", "victoriametrics"] = "embedded"
    path: PurePath = PurePath("store.db")  # no Path: those are relative to the file
    url: str = "http://127.0.0.1:8428"
    username: str | None = None  # where a proxy asks for it
    password: SecretStr | None = None  # password_file or password_env in the file
    samples_days: float = Field(default=400.0, ge=1, le=36_500)
    events_days: float = Field(default=400.0, ge=1, le=36_500)
    # Embedded: in full for so long (the Decision's proofs look back 35 days), then by five minutes, then by hours.
    full_days: float = Field(default=40.0, ge=35, le=36_500)
    minutes_days: float = Field(default=120.0, ge=35, le=36_500)

    @field_validator("url")
    @classmethod
    def _is_web(cls, url: str) -> str:
        if not is_url(url, WEB_PORTS):
            raise refusal(Wrong.BAD_URL, [f"{scheme}://host:port" for scheme in WEB_PORTS])
        return url


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
        """The store's own file: all of it, or what stands beside VictoriaMetrics."""
        beside = self.store.kind == "victoriametrics" and "path" not in self.store.model_fields_set
        return self.district.data_dir / ("victoria.db" if beside else self.store.path)

    @property
    def hub_path(self) -> Path:
        """The hub's own tables."""
        return self.district.data_dir / "hub.db"

    @property
    def pictures_path(self) -> Path:
        """The pictures that evidence names."""
        return self.district.data_dir / "pictures"

    @property
    def names(self) -> dict[str, str]:
        """The wards by id, in the file's order."""
        return {ward.id: ward.name for ward in self.ward}


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check a configuration. Raises ConfigurationError with every problem found."""
    document = Document(path, TABLES, environment)
    district = document.section("district", DistrictSection, needed=True)
    broker = document.section("broker", BrokerSection, needed=True)
    console = document.section("console", ConsoleSection)
    store = document.section("store", StoreSection)
    wards = document.items("ward", WardSection, needed=True)
    if console is not None:
        _check_tls(document, console)
    if district is None or broker is None or not document.good:
        document.refuse()
    return Configuration(
        district=district.model_copy(update={"data_dir": document.folder / district.data_dir}),
        broker=broker,
        console=console or ConsoleSection(),
        store=store or StoreSection(),
        ward=tuple(wards),
    )


def _check_tls(document: Document, console: ConsoleSection) -> None:
    files = {"tls_cert": console.tls_cert, "tls_key": console.tls_key}
    if len([file for file in files.values() if file is None]) == 1:
        document.reader.add(DistrictWrong.TLS_PAIR, ("console",), "[console]")
    for key, file in files.items():
        if file is not None and not file.is_file():
            document.reader.add(DistrictWrong.NO_FILE, ("console", key), "[console]", given=str(file))
