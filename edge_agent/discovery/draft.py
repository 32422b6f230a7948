"""The draft configuration: TOML that `ward-agent check` accepts once the passwords are filled in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from collectors.config import BaseDevice, models
from edge_agent.discovery import rules
from edge_agent.discovery.evidence import Evidence, Host, clean
from edge_agent.discovery.keys import Key, keys_of
from edge_agent.discovery.rules import Verdict
from telemetry.configuration import secrets
from telemetry.configuration.words import Words
from telemetry.kinds import Kind

_SHORT = {Kind.CAMERA: "cam", Kind.RECORDER: "nvr", Kind.WORKSTATION: "pc", Kind.COUNTER_DISPLAY: "counter-display"}
_MOST_WHY = 4


@dataclass(frozen=True, slots=True)
class Device:
    """One [[device]] table."""

    id: str
    verdict: Verdict
    keys: tuple[Key, ...]

    def lines(self, words: Words) -> list[str]:
        """With comments that say what it is, why, and what to do; all of it a comment where it is not sure."""
        verdict, host = self.verdict, self.verdict.host
        comments = [
            _headline(verdict, words),
            *(said for each in verdict.why[:_MOST_WHY] if (said := _why(each, words))),
        ]
        if verdict.commented:
            comments.append(words.say("discover.draft.beside" if verdict.beside else "discover.draft.unclear"))
        table = ["[[device]]", f'id = "{self.id}"', f'kind = "{verdict.kind}"', f'protocol = "{verdict.protocol}"']
        for key in self.keys:
            line = f"{key.name} = {_value(key.value)}"
            table.append(f"{line}  # {words.say(key.comment, id=self.id)}" if key.comment else line)
        if host.name:
            table.append(f"name = {_value(host.name)}")
        return [*(f"# {clean_comment(each)}" for each in comments), *(_off(table) if verdict.commented else table)]


def devices(hosts: Iterable[Host], taken: Collection[str] = (), speaks: rules.Speaks | None = None) -> list[Device]:
    """A table for each device, kind by kind, with ids that are not `taken`."""
    order = list(Kind)
    found = sorted(
        (verdict for host in hosts for verdict in rules.verdicts(host, speaks or _speaks)),
        key=lambda each: (each.commented, order.index(each.kind)),
    )
    used = set(taken)
    drafted = []
    for verdict in found:
        name = _free_id(verdict.kind, used)
        used.add(name)
        drafted.append(Device(name, verdict, tuple(_accepted(verdict.protocol, keys_of(verdict, name)))))
    return drafted


def text(drafted: Sequence[Device], words: Words, about: str, whole: bool) -> str:
    """The draft. `about` says what was searched; `whole`: with the sections before the devices."""
    lines = [f"# {clean_comment(line)}" for line in (about, *words.say("discover.draft.head").splitlines())]
    if whole:
        lines += ["", *words.say("discover.draft.ward").splitlines()]
    for device in drafted:
        lines += ["", *device.lines(words)]
    return "\n".join(lines) + "\n"


def clean_comment(told: str) -> str:
    """One line without anything that TOML forbids in a comment."""
    return "".join(each if each.isprintable() else " " for each in told).strip()


def _speaks(protocol: str, kind: Kind) -> bool:
    model = models().get(protocol)
    return model is not None and kind in model.only_for


def _accepted(protocol: str, keys: Iterable[Key]) -> list[Key]:
    """Those that this agent's model of the protocol takes."""
    model: type[BaseDevice] | None = models().get(protocol)
    if model is None:
        return list(keys)
    takes = {*model.model_fields, *secrets.by_source(model)}
    return [key for key in keys if key.name in takes]


def _free_id(kind: Kind, used: Collection[str]) -> str:
    base = _SHORT.get(kind, kind.value.replace("_", "-"))
    number = 1
    while f"{base}-{number}" in used:
        number += 1
    return f"{base}-{number}"


def _headline(verdict: Verdict, words: Words) -> str:
    host = verdict.host
    said = [words.name(f"kind.{verdict.kind}"), host.vendor, host.model, host.address, *host.also_at, host.mac]
    confidence = words.say("discover.draft.confidence", percent=verdict.confidence)
    return f"{', '.join(dict.fromkeys(each for each in said if each))} ({confidence})"


def _why(seen: Evidence, words: Words) -> str:
    return "  " + words.say(f"discover.way.{seen.way}", what=clean(seen.what), detail=clean(seen.detail))


def _value(value: str | int) -> str:
    """A TOML basic string (its escapes are a superset of JSON's) or integer."""
    if isinstance(value, int):
        return str(value)
    return json.dumps(clean(value) if len(value) else value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _off(table: Iterable[str]) -> list[str]:
    return [f"# {line}" for line in table]
