"""What a sensor's MQTT messages say, by the dialects of data/mqtt_sensors.toml. No network here, and no time.

Whatever a message holds, it costs a bounded amount: of bytes, of depth, of values.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from collectors.mib_tables import plausible
from telemetry.readings import Reading

MOST_BYTES = 64 * 1024  # of one message
MOST_VALUES = 64  # of one sensor
_NUMBER = re.compile(r"\s*[+-]?\d{1,12}(\.\d{1,12})?\s*")


class PayloadError(Exception):
    """A message that makes no sense; the text is for the log."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Availability(_Row):
    """A topic that says whether the sensor is there."""

    topic: str
    path: tuple[str, ...] = ()  # where the payload is a JSON object; a plain word is taken too
    online: tuple[str, ...]
    offline: tuple[str, ...]


class Value(_Row):
    """Where one metric stands (the data file says what each field means)."""

    metric: str
    topic: str
    path: tuple[str, ...] = ()
    level: str = ""
    only: str = ""  # the "+" level must be just this
    whole: str = ""  # the whole topic must match this pattern
    not_: tuple[str, ...] = Field(default=(), alias="not")
    unit: tuple[str, ...] = ()
    fahrenheit: tuple[str, ...] = ()
    values: dict[str, float] = Field(default_factory=dict)


class Dialect(_Row):
    """What the sensors of one firmware publish."""

    name: str
    source: str
    topic: str
    availability: tuple[Availability, ...] = ()
    value: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What one message told. `online` is None where it was none about availability."""

    readings: Sequence[Reading] = ()
    online: bool | None = None


class Listener:
    """One configured topic in its dialect: what to subscribe to, and what a message there says."""

    def __init__(self, topic: str) -> None:
        dialect, names = _dialect_of(topic)
        self.dialect = dialect.name
        self._names = names
        self._values = [(value, _filter(value.topic, names)) for value in dialect.value]
        self._availability = {_fill(entry.topic, names): entry for entry in dialect.availability}
        self._values = [(value, wanted) for value, wanted in self._values if _may_stand(value, topic)]

    @property
    def topics(self) -> tuple[str, ...]:
        """The filters to subscribe to."""
        found = dict.fromkeys(_fill(value.topic, self._names, only=value.only) for value, _ in self._values)
        return (*found, *self._availability)

    def hear(self, topic: str, payload: bytes) -> Said:
        """What the message says. Raises PayloadError for one that makes no sense or is too large."""
        if len(payload) > MOST_BYTES:
            raise PayloadError(f"{topic}: {len(payload)} bytes, more than a sensor's message has")
        try:
            text = payload.decode("utf-8")
        except UnicodeDecodeError as error:
            raise PayloadError(f"{topic}: not UTF-8 ({error.reason})") from error
        if topic in self._availability:
            return Said(online=_online(self._availability[topic], text))
        return Said(readings=self._readings(topic, text))

    def _readings(self, topic: str, text: str) -> list[Reading]:
        document: Any = None
        found: dict[tuple[str, str], Reading] = {}
        for value, wanted in self._values:
            match = wanted.fullmatch(topic)
            if match is None or not self._is_meant(value, match):
                continue
            if value.path and document is None:
                document = _json(topic, text)
            for instance, raw in _at(document, value) if value.path else [(_level(match), text)]:
                number = _number(raw, value, document)
                number = None if number is None else plausible(value.metric, number)
                if number is not None and len(found) < MOST_VALUES:
                    found.setdefault((value.metric, instance), Reading(value.metric, number, instance))
        return list(found.values())

    def _is_meant(self, value: Value, match: re.Match[str]) -> bool:
        level = _level(match)
        if value.only and level != _fill(value.only, self._names):
            return False
        return not value.level or bool(re.search(value.level, level))


def named_apart(readings: Sequence[Reading]) -> list[Reading]:
    """Without instance where a device has one of a metric; a sensor's own name is no news then."""
    counts: dict[str, int] = {}
    for reading in readings:
        counts[reading.metric] = counts.get(reading.metric, 0) + 1
    return [reading if counts[reading.metric] > 1 else reading._replace(instance="") for reading in readings]


@lru_cache(maxsize=1)
def dialects() -> tuple[Dialect, ...]:
    """All of the data file."""
    text = resources.files("collectors").joinpath("data", "mqtt_sensors.toml").read_text(encoding="utf-8")
    return tuple(Dialect.model_validate(entry) for entry in tomllib.loads(text)["dialect"])


def _dialect_of(topic: str) -> tuple[Dialect, dict[str, str]]:
    for dialect in dialects():
        match = re.fullmatch(dialect.topic, topic)
        if match is not None:
            return dialect, match.groupdict()
    raise ValueError(f"no dialect for the topic {topic!r}")  # the last one takes every topic


def _fill(template: str, names: Mapping[str, str], only: str = "") -> str:
    filled = template.format_map(names)
    return filled.replace("+", only.format_map(names)) if only else filled


def _filter(template: str, names: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile(re.escape(_fill(template, names)).replace(r"\+", "([^/]+)"))


def _may_stand(value: Value, topic: str) -> bool:
    return not value.whole or bool(re.fullmatch(value.whole, topic))


def _level(match: re.Match[str]) -> str:
    return match[1] if match.re.groups else ""


def _json(topic: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        if _NUMBER.fullmatch(text):
            return None
        raise PayloadError(f"{topic}: not JSON ({type(error).__name__})") from error


def _at(document: Any, value: Value) -> Iterator[tuple[str, Any]]:
    """(instance, raw value) of each place that the path leads to; "*" may stand once."""
    places: list[tuple[str, Any]] = [("", document)]
    for step in value.path:
        found: list[tuple[str, Any]] = []
        for instance, place in places:
            if not isinstance(place, dict):
                continue
            if step == "*":
                found += [(str(key)[:60], below) for key, below in place.items() if key not in value.not_][:MOST_VALUES]
            elif step in place:
                found.append((instance, place[step]))
        places = found
    yield from places


def _number(raw: Any, value: Value, document: Any) -> float | None:
    if value.values:
        return value.values.get(str(raw).strip().lower()) if isinstance(raw, str) else None
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        raw = float(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or abs(raw) > 1e12 or not math.isfinite(raw):
        return None
    if value.unit and any(unit in value.fahrenheit for _, unit in _steps(document, value.unit)):
        return (float(raw) - 32) / 1.8
    return float(raw)


def _steps(document: Any, path: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for step in path:
        if not isinstance(document, dict) or step not in document:
            return
        document = document[step]
    yield "", document


def _online(entry: Availability, text: str) -> bool | None:
    word = text.strip()
    if entry.path and word.startswith("{"):
        found = [value for _, value in _steps(_json(entry.topic, word), entry.path)]
        word = found[0] if found and isinstance(found[0], str) else ""
    if word in entry.online:
        return True
    return False if word in entry.offline else None
