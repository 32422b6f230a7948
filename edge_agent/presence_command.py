"""What `ward-agent presence` is given, checked; then the helper runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from pydantic import ValidationError

from collectors.config import PsutilDevice
from collectors.protocols.presence import LEAST_SECRET, PORT
from edge_agent import presence
from telemetry.clock import SystemClock
from telemetry.configuration.words import Words
from telemetry.kinds import Kind


def run(listen: str, secret_file: Path, units: Sequence[str], said: Words) -> str:
    """Run the helper until Ctrl-C. What is wrong, in words; "" when it ended well."""
    place = _place(listen)
    if place is None:
        return said.say("presence.listen", given=listen)
    try:
        secret = secret_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        return said.say("presence.secret_file", path=secret_file, detail=error)
    if len(secret) < LEAST_SECRET:
        return said.say("presence.secret_short", path=secret_file, least=LEAST_SECRET)
    try:
        PsutilDevice(id="workstation", kind=Kind.WORKSTATION, protocol="psutil", units=tuple(units))
    except ValidationError:
        return said.say("presence.unit", given=", ".join(units))
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(presence.run(*place, secret, units, SystemClock()))
    except OSError as error:
        return said.say("presence.cannot_listen", given=listen, detail=error)
    return ""


def _place(listen: str) -> tuple[str, int] | None:
    """ "192.168.10.41:9480", "192.168.10.41" or "[fd00::1]:9480": one address, never all of them."""
    host, port = listen, str(PORT)
    if listen.startswith("["):
        host, _, rest = listen[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif listen.count(":") == 1:
        host, _, port = listen.partition(":")
    try:
        address, number = ip_address(host), int(port)
    except ValueError:
        return None
    return (str(address), number) if not address.is_unspecified and 0 <= number <= 65535 else None
