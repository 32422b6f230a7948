"""The command line of `ward-agent dump`."""

from __future__ import annotations

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.command_line import FAILED, WRONG_USE, ConfigFile, Language, end, load
from edge_agent.words import words


def dump(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The id of the device.")],
    config: ConfigFile,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to put the file.")] = Path(),
    lang: Language = None,
) -> None:
    """Record a device's answers as a test fixture, secrets and names blotted out."""
    said = words(lang)
    devices = {each.id: each for each in load(config, said).devices}
    if device not in devices:
        known = ", ".join(devices)
        end(said.say("configuration.no_device", device=device, path=config, known=known), WRONG_USE)
    from collectors.protocols.nut import NutFault
    from collectors.protocols.snmp_socket import SnmpFault
    from edge_agent.dump import registry
    from edge_agent.dump.blot import Blotter

    protocol = str(getattr(devices[device], "protocol", ""))
    if protocol not in registry.PROTOCOLS:
        end(said.say("dump.no_protocol", protocol=protocol, known=", ".join(registry.PROTOCOLS)), WRONG_USE)

    def told(rows: int, what: str) -> None:
        line = said.say("dump.progress", rows=rows, what=what)
        typer.echo(f"\r\x1b[K{line}" if sys.stderr.isatty() else line, err=True, nl=not sys.stderr.isatty())

    try:
        made = asyncio.run(registry.dump(devices[device], Blotter(secrets.token_bytes(32)), told))
    except (SnmpFault, NutFault) as fault:
        end(f"{device}: {said.name(f'reason.{fault.code}')} ({fault.detail})", FAILED)
    path = out / made.name
    try:
        out.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(made.text)
    except FileExistsError:
        end(said.say("discover.exists", path=path), WRONG_USE)
    except OSError as error:
        end(said.say("discover.cannot_write", path=path, detail=error.strerror), WRONG_USE)
    typer.echo(said.say("dump.written", path=path, rows=made.rows, left_out=made.left_out), err=True)
    typer.echo(path)
