"""Writes the configuration with which an agent watches the virtual ward (docs/architecture.md, "Contracts")."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from simulator.net.snmp_device import V3User
from simulator.registry import Served
from simulator.simulation import USER, Outside, Simulation
from simulator.video.film import MAIN, SUB
from simulator.wardfile import WardPart
from telemetry.kinds import Kind


class Secrets:
    """Keys of v3 devices, passwords of cameras: in files that only their owner reads, the same ones over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def user(self, device: str) -> V3User:
        """Raises OSError where the files cannot be written."""
        return V3User(USER, self._key(self.auth_file(device)), self._key(self.priv_file(device)))

    def auth_file(self, device: str) -> Path:
        return self.folder / f"{device}.auth"

    def priv_file(self, device: str) -> Path:
        return self.folder / f"{device}.priv"

    def password(self, device: str) -> str:
        """Raises OSError where the file cannot be written."""
        return self._key(self.password_file(device))

    def password_file(self, device: str) -> Path:
        return self.folder / f"{device}.password"

    def _key(self, file: Path) -> str:
        if file.exists():
            return file.read_text(encoding="ascii").strip()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_hex(16)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(key + "\n")
        return key


def write(path: Path, simulation: Simulation, keys: Secrets) -> None:
    """Write the file at once or not at all: who waits for it finds it whole. Raises OSError."""
    text = configuration(simulation, keys, path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def configuration(simulation: Simulation, keys: Secrets, beside: Path) -> str:
    """The TOML text. Secret files are named relative to `beside`, the folder of the file."""
    parts = [_ward(simulation.file.ward)]
    if simulation.man is not None:
        uplink = "[uplink]\n" + _line("broker", f"mqtt://127.0.0.1:{simulation.man.port}")
        if simulation.man_web is not None:
            uplink += _line("hub", f"http://127.0.0.1:{simulation.man_web.port}")
        parts.append(uplink)
    for outside in simulation.devices.values():
        parts.append(_device(simulation, outside, keys, beside))
    return "\n".join(parts)


def _ward(ward: WardPart) -> str:
    lines = "[ward]\n" + _line("id", ward.id) + _line("name", ward.name) + _line("district", ward.district)
    if ward.opening_hours is not None:
        lines += _line("opening_hours", ward.opening_hours)
    if ward.counters is not None:
        lines += _line("counters", ward.counters)
    if ward.transactions_per_day is not None:
        lines += _line("transactions_per_day", ward.transactions_per_day)
    return lines


def _device(simulation: Simulation, outside: Outside, keys: Secrets, beside: Path) -> str:
    part, model = outside.part, outside.model
    lines = "[[device]]\n" + _line("id", part.id) + _line("kind", model.kind.value)
    lines += _line("protocol", model.serves.value)
    if model.serves is Served.RTSP:
        lines += _streams(outside, keys, beside)
    elif outside.port is not None:
        lines += _line("host", "127.0.0.1") + _line("port", outside.port)
    if model.serves is Served.SNMP:
        lines += _credentials(outside, keys, beside)
    if part.name:
        lines += _line("name", part.name)
    if part.location:
        lines += _line("location", part.location)
    parent = _parent(simulation, outside)
    if parent is not None:
        lines += _line("parent", parent)
    if part.interval is not None:
        lines += _line("interval", part.interval)
    return lines


def _credentials(outside: Outside, keys: Secrets, beside: Path) -> str:
    part = outside.part
    if outside.user is None:
        version = _line("version", part.version) if part.version == "1" else ""
        return version + _line("community", part.community)
    auth, priv = keys.auth_file(part.id), keys.priv_file(part.id)
    names = [os.path.relpath(file, beside) for file in (auth, priv)]
    lines = _line("user", outside.user.name) + _line("auth", "SHA") + _line("auth_file", names[0])
    return lines + _line("priv", "AES") + _line("priv_file", names[1])


def _streams(outside: Outside, keys: Secrets, beside: Path) -> str:
    base = f"rtsp://127.0.0.1:{outside.port}"
    lines = _line("url", f"{base}/{MAIN.path}") + _line("sub_url", f"{base}/{SUB.path}")
    password_file = os.path.relpath(keys.password_file(outside.part.id), beside)
    return lines + _line("username", USER) + _line("password_file", password_file)


def _parent(simulation: Simulation, outside: Outside) -> str | None:
    """What it hangs on: the switch that it is reached through; the switch itself, the UPS that feeds it.

    The UPS that feeds the switch is the root, so that nothing is its own cause.
    """
    switch = simulation.ward.switch
    feed = outside.part.feed if outside.part.feed != "mains" else None
    if switch is None or outside.part.id == switch.id:
        return feed
    roots = {simulation.ward.places[switch.id].feed}
    if outside.model.kind is Kind.UPS and outside.part.id in roots:
        return None
    return switch.id if outside.part.port else feed


def _line(key: str, value: str | int) -> str:
    # A JSON string is a TOML basic string.
    return f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
