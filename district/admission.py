"""The district's gate: what comes off the broker is either a proper word of a ward of ours, or refused with a reason.

Nothing that a broker delivers is trusted: a topic may name another district, a payload may be garbage, an entry may
belong to another incarnation. A refusal concerns the one message or the one entry; all others go on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import DecodeError

from telemetry import topics
from telemetry import wire_pb2 as wire
from telemetry.deflate import (
    INCARNATION_PREFIX_BYTES,
    MAX_ENTRIES,
    DeflateError,
    Dictionary,
    inflate,
    names_dictionary,
)
from telemetry.entry import (
    INCARNATION_BYTES,
    MAX_ENTRY_BYTES,
    Entry,
    EntryError,
    Lifecycle,
    LifecycleEvent,
    Readings,
    Tombstone,
    decode,
)
from telemetry.intervals import IntervalSet
from telemetry.kinds import is_id
from telemetry.readings import Inventory

MAX_MESSAGE_BYTES = 512 * 1024  # an agent's batch is 256 kB, or one entry; what is larger would keep others waiting
MAX_POSITION = 2**53  # one a millisecond for 285 000 years
MAX_TIME_US = 2**53  # the year 2255
MAX_NAME = 200
MAX_DEVICES = 5_000
_Message = TypeVar("_Message", wire.Status, wire.Reply)


class RefusedError(ValueError):
    """A whole message that is of no use; the text says why, for the log."""


class UnreadableError(Exception):
    """A batch deflated with entries that are not remembered here. It is good, and is to be asked for."""

    def __init__(self, incarnation: bytes, position: int) -> None:
        """`incarnation`: how it begins."""
        super().__init__(f"a batch from position {position} whose dictionary is not remembered")
        self.incarnation = incarnation
        self.position = position


Dictionaries = Callable[[bytes, int, int], Dictionary | None]  # how its incarnation begins, first, last


@dataclass(frozen=True, slots=True)
class Admitted:
    """The entries of one batch that are good and new, in order; what was not."""

    incarnation: bytes
    last_position: int  # the batch's, whatever became of its entries
    entries: list[tuple[Entry, bytes]]
    refused: list[tuple[int, str]]  # position, why
    again: list[tuple[int, bytes]]  # at positions that are held: not decoded


def topic_of(text: str, district: str, wards: Container[str]) -> topics.Topic:
    """Whose word this is. Raises RefusedError for a topic that is none of ours."""
    try:
        topic = topics.parse(text)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if topic.district != district:
        raise RefusedError(f"a topic of another district: {text!r}")
    if topic.ward not in wards:
        raise RefusedError(f"a ward that is not configured here: {topic.ward!r}")
    if topic.what not in topics.FROM_WARD:
        raise RefusedError(f"not for a ward to say: {text!r}")
    return topic


def batch(payload: bytes, dictionaries: Dictionaries) -> wire.Batch:
    """A batch, its entries as they were written. Raises RefusedError, UnreadableError."""
    if len(payload) > MAX_MESSAGE_BYTES:
        raise RefusedError(f"a batch of {len(payload)} bytes is over the limit of {MAX_MESSAGE_BYTES}")
    try:
        message = wire.Batch.FromString(payload)
    except DecodeError as error:
        raise RefusedError(f"not a batch: {error}") from error
    shortened = message.dictionary_entries and len(message.incarnation) == INCARNATION_PREFIX_BYTES
    if len(message.incarnation) != INCARNATION_BYTES and not shortened:
        raise RefusedError("a batch without a proper incarnation")
    if not 0 < message.first_position <= MAX_POSITION:
        raise RefusedError(f"a batch that begins at position {message.first_position}")
    if message.deflated or shortened:
        message = _inflated(message, dictionaries)
    count = len(message.entries)
    if not 0 < count <= MAX_ENTRIES:
        raise RefusedError(f"a batch of {count} entries")
    if message.first_position > MAX_POSITION - count:
        raise RefusedError(f"a batch that begins at position {message.first_position}")
    return message


def _inflated(message: wire.Batch, dictionaries: Dictionaries) -> wire.Batch:
    try:
        named = names_dictionary(message)
        if named is None:
            return inflate(message)
        dictionary = dictionaries(message.incarnation, *named)
        if dictionary is None:
            raise UnreadableError(message.incarnation, message.first_position)
        return inflate(message, dictionary)
    except DeflateError as error:
        raise RefusedError(str(error)) from error


def admit(message: wire.Batch, held: IntervalSet) -> Admitted:
    """Decode and check what `held` does not have. Positions that it has are not even decoded."""
    first = message.first_position
    entries: list[tuple[Entry, bytes]] = []
    refused: list[tuple[int, str]] = []
    again: list[tuple[int, bytes]] = []
    for position, data in enumerate(message.entries, first):
        if position in held:
            again.append((position, data))
            continue
        try:
            entry = decode(data)
            _check(entry, message.incarnation, position)
        except EntryError as error:
            refused.append((position, str(error)))
        else:
            entries.append((entry, data))
    return Admitted(message.incarnation, first + len(message.entries) - 1, entries, refused, again)


def status(payload: bytes) -> wire.Status:
    """Raises RefusedError."""
    message = _small(wire.Status, payload)
    ranges = [(message.incarnation, message.first_position, message.head_position)]
    ranges += [(held.incarnation, held.first_position, held.last_position) for held in message.held]
    for incarnation, first, last in ranges:
        if len(incarnation) != INCARNATION_BYTES or not 0 <= first <= MAX_POSITION or not last <= MAX_POSITION:
            raise RefusedError("a status without a proper incarnation and positions")
    for told in message.committed:
        if len(told.incarnation) != INCARNATION_BYTES or any(not 0 < r.first <= r.last for r in told.ranges):
            raise RefusedError("a status with an improper account of what was committed")
    return message


def reply(payload: bytes) -> wire.Reply:
    """Raises RefusedError."""
    message = _small(wire.Reply, payload)
    if any(not 0 < each.first <= each.last <= MAX_POSITION for each in message.unavailable):
        raise RefusedError("a reply with an improper range")
    return message


def _small(kind: type[_Message], payload: bytes) -> _Message:
    if len(payload) > MAX_ENTRY_BYTES:
        raise RefusedError(f"{len(payload)} bytes are too much for a {kind.__name__}")
    try:
        return kind.FromString(payload)
    except DecodeError as error:
        raise RefusedError(f"not a {kind.__name__}: {error}") from error


def _check(entry: Entry, incarnation: bytes, position: int) -> None:
    """Raises EntryError for an entry that does not fit its place or that no store could keep."""
    if entry.incarnation != incarnation:
        raise EntryError("an entry of another incarnation than its batch")
    if entry.position != position:
        raise EntryError(f"an entry that calls itself {entry.position} in the place of {position}")
    if not 0 <= entry.wall_time_us <= MAX_TIME_US:
        raise EntryError(f"an entry from no time ({entry.wall_time_us} µs)")
    if entry.device and not is_id(entry.device):
        raise EntryError("an entry of a device without a proper id")
    payload = entry.payload
    started = isinstance(payload, Lifecycle) and payload.event is LifecycleEvent.STARTED
    if started != (position == 1):
        raise EntryError("an incarnation begins with STARTED, at position 1, and never again")
    if isinstance(payload, Readings):
        for metric, value, instance in payload.readings:
            if not math.isfinite(value):
                raise EntryError(f"a reading that is no number: {metric[:MAX_NAME]}")
            if not 0 < len(metric) <= MAX_NAME or len(instance) > MAX_NAME:
                raise EntryError("a reading without a proper name")
    elif isinstance(payload, Tombstone):
        if len(payload.incarnation) != INCARNATION_BYTES:
            raise EntryError("a tombstone without a proper incarnation")
        if any(not 0 < first <= last <= MAX_POSITION for first, last in payload.ranges):
            raise EntryError("a tombstone with an improper range")
    elif isinstance(payload, Inventory) and (
        len(payload.devices) > MAX_DEVICES or not all(is_id(device.id) for device in payload.devices)
    ):
        raise EntryError("an inventory with devices without a proper id, or with too many")
