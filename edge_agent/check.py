"""`ward-agent check`: ask every device once, all at the same time, and say what came of it."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from camera.refusals import Refusals
from collectors.config import BaseDevice
from edge_agent import devices
from edge_agent.schedule import Poll, Schedule, guarded_poll
from telemetry.catalogue import metrics
from telemetry.clock import Clock
from telemetry.configuration.words import Words
from telemetry.readings import PollResult, Reading


@dataclass(frozen=True, slots=True)
class Checked:
    """One device and what its poll brought."""

    device: BaseDevice
    result: PollResult


async def check(asked: Sequence[BaseDevice], clock: Clock, ward: Sequence[BaseDevice] = ()) -> list[Checked]:
    """Ask each of these once, concurrently; in the order given. `ward`: all of its devices."""
    refusals = Refusals(clock)
    results = await asyncio.gather(
        *(_ask(devices.schedule(device, clock, refusals, ward or asked)) for device in asked)
    )
    return [Checked(device, result) for device, result in zip(asked, results, strict=True)]


async def _ask(schedule: Schedule) -> PollResult:
    try:
        return await guarded_poll(schedule, Poll.WHOLE)
    finally:
        await schedule.collector.close()


def all_reachable(found: Sequence[Checked]) -> bool:
    return all(checked.result.reachable for checked in found)


def as_json(found: Sequence[Checked], words: Words) -> str:
    """One JSON document; `error` is null when the device was wholly read, else the reason in words (code: `reason`)."""
    return json.dumps({"devices": [_document(checked, words) for checked in found]}, ensure_ascii=False, indent=2)


def as_text(found: Sequence[Checked], words: Words) -> str:
    """A table for people, with the readings of each device below it."""
    head = [words.say(f"check.{column}") for column in ("device", "kind", "state")]
    rows = [[each.device.id, words.name(f"kind.{each.device.kind}"), _state(each, words)] for each in found]
    widths = [max(_width(row[column]) for row in [head, *rows]) for column in range(3)]
    lines = [_row(head, widths)]
    for row, each in zip(rows, found, strict=True):
        lines += [_row(row, widths), *(f"    {line}" for line in _details(each, words))]
    good = sum(each.result.reachable for each in found)
    return "\n".join([*lines, "", words.say("check.summary", good=good, total=len(found))])


def _document(checked: Checked, words: Words) -> dict[str, object]:
    result = checked.result
    return {
        "id": checked.device.id,
        "kind": checked.device.kind.value,
        "reachable": result.reachable,
        "readings": {_key(reading): reading.value for reading in result.readings},
        "facts": {fact.name: fact.text for fact in result.facts if fact.text},
        "error": None if result.reason is None else _said(checked, words),
        "reason": None if result.reason is None else str(result.reason.code),
    }


def _key(reading: Reading) -> str:
    return f"{reading.metric}/{reading.instance}" if reading.instance else reading.metric


def _state(checked: Checked, words: Words) -> str:
    if not checked.result.reachable:
        return words.say("check.silent")
    return words.say("check.answers" if checked.result.reason is None else "check.partly")


def _said(checked: Checked, words: Words) -> str:
    reason = checked.result.reason
    if reason is None:
        return ""
    said = words.name(f"reason.{reason.code}")
    return f"{said} ({reason.detail})" if reason.detail else said


def _details(checked: Checked, words: Words) -> list[str]:
    lines = [_said(checked, words)] if checked.result.reason else []
    told = [f"{fact.name}: {fact.text}" for fact in checked.result.facts if fact.text]
    if told:
        lines.append(", ".join(told))
    return lines + [_reading(reading, words) for reading in checked.result.readings]


def _reading(reading: Reading, words: Words) -> str:
    metric = metrics().get(reading.metric)
    if metric is None:
        return f"{_key(reading)} = {reading.value:g}"
    label = metric.vi if words.language == "vi" else metric.en
    instance = f" {reading.instance}" if reading.instance else ""
    return f"{label}{instance}: {reading.value:.{metric.digits}f} {metric.unit}".rstrip()


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal: a combining mark takes none."""
    return sum(not unicodedata.combining(character) for character in text)
