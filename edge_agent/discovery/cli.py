"""The command line of `ward-agent discover`; what it does is in command.py."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.command_line import GOOD, WRONG_USE, AsJson, Language, end, load, log_to_stderr
from edge_agent.words import words


def discover(
    cidr: Annotated[
        str | None, typer.Argument(metavar="[CIDR]", help="A private IPv4 network; default: your own.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="This host, by name of yours; may be repeated.")
    ] = None,
    community: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="SNMP community, sent only to --host; may be repeated."),
    ] = None,
    community_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The same, from a file: one a line.")
    ] = None,
    snmp: Annotated[bool, typer.Option("--snmp/--no-snmp", help="Ask by SNMP with community public.")] = True,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="Draft only what this does not have.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the draft here.")] = None,
    max_hosts: Annotated[int, typer.Option(metavar="N", help="The most addresses to search.")] = 1022,
    as_json: AsJson = False,
    lang: Language = None,
) -> None:
    """Find devices in the ward's network and print a draft configuration."""
    said = words(lang)
    if out is not None and out.exists():
        end(said.say("discover.exists", path=out), WRONG_USE)
    known = load(config, said).devices if config is not None else None
    from pydantic import SecretStr

    from edge_agent.discovery import command
    from edge_agent.discovery.networks import BadNetwork
    from telemetry.clock import SystemClock

    log_to_stderr("error")
    try:
        lines = community_file.read_text(encoding="utf-8").splitlines() if community_file else []
    except (OSError, UnicodeDecodeError) as error:
        end(f"{community_file}: {error}", WRONG_USE)
    communities = tuple(SecretStr(each) for each in (*(community or ()), *lines) if each)
    wish = command.Wish(cidr, tuple(host or ()), communities, snmp, max_hosts, known)
    try:
        found = asyncio.run(command.discover(wish, SystemClock(), said))
    except BadNetwork as error:
        end(said.say(error.key, **error.values), WRONG_USE)
    text = command.as_json(found, said) + "\n" if as_json else command.as_text(found, said)
    for remark in command.remarks(found, said):
        typer.echo(remark, err=True)
    if out is None:
        typer.echo(text, nl=False)
        raise typer.Exit(GOOD)
    try:
        if not command.write(out, text):
            end(said.say("discover.exists", path=out), WRONG_USE)
    except OSError as error:
        end(said.say("discover.cannot_write", path=out, detail=error.strerror), WRONG_USE)
    typer.echo(said.say("discover.written", path=out), err=True)
