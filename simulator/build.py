"""From a ward file to the model of that ward."""

from __future__ import annotations

import hashlib

from simulator.model.chance import dice
from simulator.model.machine import Plate
from simulator.model.network import Talk
from simulator.model.ward import Place, Ward
from simulator.models.base import VERSION, Model, Served
from simulator.registry import MODELS
from simulator.wardfile import DevicePart, WardFile, WardFileError
from telemetry.kinds import Kind

DAY = 86400.0
_BUSY_SECONDS_BEFORE = 40 * 6 * 3600.0  # forty working days of six busy hours


def ward_of(file: WardFile, moment: float) -> Ward:
    """Build every machine and wire it up. `moment`: seconds since Monday 00:00. Raises WardFileError."""
    seed = file.ward.seed
    _check_wiring(file)
    places = []
    for part in file.device:
        model = model_of(part)
        machine = model.build(_plate(part, model), dice(seed, part.id, "machine"))
        machine.begin(model.uptime_days * DAY * dice(seed, part.id, "uptime").uniform(0.8, 1.2))
        talk = Talk(dice(seed, part.id, "talk"), model.up_bits, model.down_bits) if model.up_bits > 0 else None
        places.append(Place(machine, part.feed, part.port, talk))
    ward = Ward(places, seed=seed, moment=moment, watcher=_watcher(file))
    ward.remember(_BUSY_SECONDS_BEFORE)
    return ward


def model_of(part: DevicePart) -> Model:
    """Raises WardFileError for a model that is not in the registry."""
    try:
        return MODELS[part.model]
    except KeyError:
        known = ", ".join(sorted(MODELS))
        raise WardFileError(f"device {part.id}: there is no model {part.model!r}; known are {known}") from None


def served(part: DevicePart, model: Model) -> Served:
    """By what the device is asked. Raises WardFileError for a dress that does not fit."""
    if part.dress is None:
        return model.serves
    fitting = {Kind.CAMERA: ("rtsp", "onvif", "isapi", "dahua"), Kind.RECORDER: ("onvif", "isapi", "dahua")}
    if part.dress not in fitting.get(model.kind, ()):
        raise WardFileError(f"device {part.id}: a {model.kind.value} has no dress {part.dress!r}")
    return Served(part.dress)


def _plate(part: DevicePart, model: Model) -> Plate:
    serial = hashlib.sha256(f"serial/{part.id}".encode()).hexdigest()[:10].upper()
    return Plate(
        id=part.id,
        kind=model.kind.value,
        vendor=model.vendor,
        model=model.model,
        serial=serial,
        firmware=VERSION,
        name=part.name,
        location=part.location,
    )


def _watcher(file: WardFile) -> str | None:
    return next((part.id for part in file.device if model_of(part).serves is Served.HOST), None)


def _check_wiring(file: WardFile) -> None:
    kinds = {part.id: model_of(part).kind for part in file.device}
    switches = [device for device, kind in kinds.items() if kind is Kind.SWITCH]
    if len(switches) > 1:
        raise WardFileError(f"a virtual ward has one switch, not {len(switches)}: {', '.join(switches)}")
    for part in file.device:
        served(part, model_of(part))
        if part.recorder is not None and kinds[part.recorder] is not Kind.RECORDER:
            raise WardFileError(f"device {part.id}: {part.recorder} is no recorder")
        if part.feed == "elsewhere":
            continue
        if part.feed != "mains" and kinds[part.feed] is not Kind.UPS and not _over_cable(part, kinds):
            raise WardFileError(f"device {part.id}: feed {part.feed} is no UPS, nor the switch whose port it has")
        if part.feed != "mains" and kinds[part.id] is Kind.UPS:
            raise WardFileError(f"device {part.id}: a UPS hangs on the mains, not on another UPS")
        if part.port and not switches:
            raise WardFileError(f"device {part.id}: port {part.port}, but there is no switch")
        if part.port > 24:
            raise WardFileError(f"device {part.id}: the switch has 24 ports, not {part.port}")


def _over_cable(part: DevicePart, kinds: dict[str, Kind]) -> bool:
    return kinds[part.feed] is Kind.SWITCH and part.port > 0 and part.id != part.feed
