"""The ward that is simulated: which devices stand where, on what power, at which port of the switch."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from telemetry.kinds import ID_PATTERN

Id = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN.pattern}$")]
DEFAULT_WARD = "hai-chau-1.toml"


class WardFileError(Exception):
    """The ward file cannot be used; the text says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WardPart(_Part):
    """[ward]: who it is; `seed` is where its chance begins."""

    id: Id
    name: str
    district: Id
    seed: str = "1"
    opening_hours: str | None = None
    counters: Annotated[int, Field(ge=0)] | None = None
    transactions_per_day: Annotated[int, Field(ge=0)] | None = None


class DevicePart(_Part):
    """[[device]]: `model` is a line of the registry; `feed` "mains", "elsewhere" (its own battery, the
    city's data centre), a UPS or the switch (power over its port); `port` the switch's, 0 for none.

    Of cameras and recorders: `dress`, by what they are asked; which `recorder` records it on which `channel`;
    `zulu_is_local`: a recorder that writes Z behind local times, as some do.
    """

    id: Id
    model: str
    name: str = ""
    location: str = ""
    feed: str = "mains"
    port: Annotated[int, Field(ge=0, le=52)] = 0
    version: Literal["1", "2c", "3"] = "2c"
    community: str = "public"
    interval: str | None = None
    dress: Literal["rtsp", "onvif", "isapi", "dahua"] | None = None
    recorder: Id | None = None
    channel: Annotated[int, Field(ge=1, le=64)] | None = None
    zulu_is_local: bool = False


class WardFile(_Part):
    """The whole file."""

    ward: WardPart
    device: Annotated[list[DevicePart], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_together(self) -> WardFile:
        ids = [device.id for device in self.device]
        for device in self.device:
            if ids.count(device.id) > 1:
                raise ValueError(f"device {device.id} is there twice")
            if device.feed not in ("mains", "elsewhere", *ids):
                raise ValueError(f"device {device.id}: feed {device.feed} is neither mains nor elsewhere nor a device")
        self._recorders_have_channels(ids)
        ports = [device.port for device in self.device if device.port]
        for port in ports:
            if ports.count(port) > 1:
                raise ValueError(f"port {port} of the switch has two devices")
        return self

    def _recorders_have_channels(self, ids: list[str]) -> None:
        taken: set[tuple[str, int]] = set()
        for device in self.device:
            if (device.recorder is None) is not (device.channel is None):
                raise ValueError(f"device {device.id}: recorder and channel go together")
            if device.recorder is None or device.channel is None:
                continue
            if device.recorder not in ids:
                raise ValueError(f"device {device.id}: there is no recorder {device.recorder}")
            if (device.recorder, device.channel) in taken:
                raise ValueError(f"channel {device.channel} of {device.recorder} has two cameras")
            taken.add((device.recorder, device.channel))


def read(path: Path | None) -> WardFile:
    """The ward in `path`, or the one that comes with the simulator. Raises WardFileError."""
    try:
        if path is None:
            text = resources.files("simulator").joinpath("wards", DEFAULT_WARD).read_text(encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
        return WardFile.model_validate(tomllib.loads(text))
    except OSError as error:
        raise WardFileError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise WardFileError(f"{path}: {error}") from error
    except ValidationError as error:
        places = ((".".join(str(part) for part in one["loc"]), one["msg"]) for one in error.errors())
        raise WardFileError("; ".join(f"{path}: {place}: {words}" for place, words in places)) from error
