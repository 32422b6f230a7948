"""`ward-agent discover`: from what the person asked for to the draft."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from collectors.config import BaseDevice
from edge_agent.discovery import draft, networks, progress
from edge_agent.discovery.asking import Asking, Pace, Permission
from edge_agent.discovery.draft import Device
from edge_agent.discovery.evidence import Host
from edge_agent.discovery.networks import BadNetwork, Scope
from edge_agent.discovery.search import Progress, Search, seconds_for
from telemetry.clock import Clock
from telemetry.configuration.words import Words


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for. `known`: the devices of an existing configuration; None where there is none."""

    cidr: str | None = None
    named: tuple[str, ...] = ()
    communities: tuple[SecretStr, ...] = ()
    snmp: bool = True
    most_hosts: int = networks.MOST_HOSTS
    known: Sequence[BaseDevice] | None = None


@dataclass(slots=True)
class Discovered:
    """What came of it."""

    scope: Scope
    devices: list[Device]
    notes: list[str]
    seconds: float
    interrupted: bool
    hosts: list[Host] = field(default_factory=list)
    whole: bool = True  # a draft with the sections before the devices


def permission(wish: Wish, scope: Scope) -> Permission:
    """Raises BadNetwork where a community is given and no host is named that it may be sent to."""
    if wish.communities and not scope.named:
        raise BadNetwork("discover.wrong.community_without_host")
    return Permission(wish.snmp, wish.communities, frozenset(scope.named))


async def discover(wish: Wish, clock: Clock, words: Words) -> Discovered:
    """Search and judge. Ctrl-C (a cancellation) ends the search; what was found until then is drafted.

    Raises BadNetwork before anything is sent.
    """
    own = networks.own_interfaces()
    scope = networks.scope(wish.cidr, wish.named, own, wish.most_hosts)
    asking = Asking(scope, permission(wish, scope), clock, Pace(clock), own)
    started = clock.monotonic()
    total = len(scope.addresses())
    far = Progress(total, started + seconds_for(total))
    showing = asyncio.ensure_future(progress.show(far, clock, words, sys.stderr))
    interrupted = False
    try:
        await Search(asking, far).run()
    except asyncio.CancelledError:
        interrupted = True
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing
    hosts = _new(asking.findings.merged(), wish.known or ())
    taken = [device.id for device in wish.known or ()]
    drafted = _not_known(draft.devices(hosts, taken), wish.known or ())
    seconds = clock.monotonic() - started
    return Discovered(scope, drafted, asking.findings.notes, seconds, interrupted, hosts, wish.known is None)


def as_text(found: Discovered, words: Words) -> str:
    """The draft configuration."""
    where = ", ".join([*map(str, found.scope.networks), *found.scope.named])
    about = words.say("discover.draft.about", where=where, devices=len(found.devices), seconds=f"{found.seconds:.0f}")
    return draft.text(found.devices, words, about, found.whole)


def as_json(found: Discovered, words: Words) -> str:
    """One JSON document. `sure` is false for what the draft holds as a comment."""
    document = {
        "networks": [str(network) for network in found.scope.networks],
        "hosts": list(found.scope.named),
        "interrupted": found.interrupted,
        "seconds": round(found.seconds, 1),
        "notes": [words.say(note) for note in found.notes],
        "devices": [_document(device) for device in found.devices],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def remarks(found: Discovered, words: Words) -> list[str]:
    """What the person should know beside the draft; for standard error."""
    sure = sum(not device.verdict.commented for device in found.devices)
    summary = words.say(
        "discover.summary", sure=sure, unclear=len(found.devices) - sure, seconds=f"{found.seconds:.0f}"
    )
    stopped = [words.say("discover.note.interrupted")] if found.interrupted else []
    return [*stopped, *(words.say(note) for note in found.notes), summary]


def write(path: Path, text: str) -> bool:
    """Write a new file; False where there is one already, which stays."""
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        return False
    return True


def _document(device: Device) -> dict[str, object]:
    verdict, host = device.verdict, device.verdict.host
    return {
        "id": device.id,
        "kind": verdict.kind.value,
        "protocol": verdict.protocol,
        "address": host.address,
        "also_at": host.also_at,
        "mac": host.mac or None,
        "vendor": host.vendor or None,
        "model": host.model or None,
        "name": host.name or None,
        "confidence": verdict.confidence,
        "sure": not verdict.commented,
        "why": [f"{each.way}:{each.what}" for each in verdict.why],
        "keys": {key.name: key.value for key in device.keys},
    }


def _new(hosts: Sequence[Host], known: Sequence[BaseDevice]) -> list[Host]:
    """The hosts that no device of the configuration stands at, but for those with a UPS list of their own."""
    there = {address for device in known for address in _addresses(device)}
    this_machine = any(getattr(device, "protocol", "") == "psutil" for device in known)
    return [
        host
        for host in hosts
        if not (there.intersection((host.address, *host.also_at)) or (this_machine and host.has("self:this-machine")))
        or any(host.of("nut"))
    ]


def _not_known(drafted: Sequence[Device], known: Sequence[BaseDevice]) -> list[Device]:
    """Of hosts that are known already, only UPS units that are not."""
    there = {address for device in known for address in _addresses(device)}
    units = {(address, getattr(device, "ups_name", None)) for device in known for address in _addresses(device)}
    machine = any(getattr(device, "protocol", "") == "psutil" for device in known)
    kept = []
    for device in drafted:
        host, verdict = device.verdict.host, device.verdict
        if verdict.evidence.way == "nut" and verdict.kind == "ups":
            if (host.address, verdict.evidence.what) in units:
                continue
        elif host.address in there or (machine and host.has("self:this-machine")):
            continue
        kept.append(device)
    return kept


def _addresses(device: BaseDevice) -> set[str]:
    """Where a configured device stands; its name is looked up."""
    host = getattr(device, "host", None) or device.address().rpartition("@")[2].partition(":")[0]
    if not host:
        return set()
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(host, None, socket.AF_INET)}
    except (OSError, UnicodeError):
        return {host}
