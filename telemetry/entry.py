"""An entry of the journal and its wire format.

An `Entry` is what changed, once: made in the ward, numbered by (incarnation, position), encoded a single time.
Its bytes are stored, sent and hashed verbatim; `decode` is for readers, never a step on the way.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from google.protobuf.message import DecodeError

from telemetry import wire_pb2 as wire
from telemetry.clock import ClockState
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.evidence import BLOB_HASH_BYTES, Evidence
from telemetry.readings import DeviceInfo, Fact, Inventory, Reading, Reason, ReasonCode
from telemetry.wire_readings import delimited, encode_readings, varint

VERSION = 1
INCARNATION_BYTES = 16
MAX_ENTRY_BYTES = 256 * 1024  # a poll of a 500-port switch is 60 kB; more is a mistake or an attack
MAX_CONTENT_BYTES = MAX_ENTRY_BYTES - 64  # what the place in the journal takes, at most, is less than 64


class EntryError(ValueError):
    """Bytes that are no entry of ours, or what cannot become one: refused, counted, told."""


class EntryTooLongError(EntryError):
    """More than one entry may hold."""


class LifecycleEvent(IntEnum):
    """The numbers are those of wire.proto."""

    STARTED = 1
    STOPPED = 2
    CLOCK_STEPPED = 3
    JOURNAL_FULL = 4
    JOURNAL_RECOVERED = 5
    CLOCK_HELD = 6


@dataclass(frozen=True, slots=True)
class Readings:
    """What changed in one poll, and why something is missing."""

    readings: Sequence[Reading]
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The texts of a device that changed."""

    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Something that happened to the agent itself. `STARTED` is position 1 of each incarnation and names where
    the journal ended before: previous incarnation, position, leaf hash (empty in a new journal). `step_us` (µs): how
    far the clock was set (CLOCK_STEPPED), or how far the system's is behind (CLOCK_HELD)."""

    event: LifecycleEvent
    agent_version: str = ""
    previous_incarnation: bytes = b""
    previous_position: int = 0
    previous_hash: bytes = b""
    detail: str = ""
    step_us: int = 0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """RFC 6962 tree hash of the entries first..last of this incarnation; `previous` is the leaf hash of the
    checkpoint before, also across incarnations."""

    first_position: int
    last_position: int
    root: bytes
    previous: bytes


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Entries that went before the district had them: a loss, named."""

    incarnation: bytes
    ranges: Sequence[tuple[int, int]]
    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A payload of a later version: kept verbatim, not understood here."""


Payload = Readings | Facts | Condition | Lifecycle | Checkpoint | Tombstone | Inventory | Evidence | Unknown


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Times: wall in µs since 1970 UTC by the ward's clock, monotonic in µs since `boot_id`."""

    incarnation: bytes
    position: int
    wall_time_us: int
    boot_id: bytes
    monotonic_us: int
    clock_state: ClockState
    kind: str
    device: str
    payload: Payload


def leaf_hash(entry_bytes: bytes) -> bytes:
    """SHA-256(0x00 || entry): the leaf hash of RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + entry_bytes).digest()


class Stamp(NamedTuple):
    """When an entry was made, by the ward's clocks: wall in µs since 1970 UTC, monotonic in µs since `boot_id`."""

    wall_time_us: int
    boot_id: bytes
    monotonic_us: int
    clock_state: ClockState


def encode(entry: Entry) -> bytes:
    """The bytes of an entry; made once, by the ward. Raises EntryError for what cannot be written."""
    stamp = Stamp(entry.wall_time_us, entry.boot_id, entry.monotonic_us, entry.clock_state)
    rest = encode_content(stamp, entry.kind, entry.device, entry.payload)
    return encode_place(entry.incarnation, entry.position) + rest


def encode_place(incarnation: bytes, position: int) -> bytes:
    """The first fields of an entry: its version and its place in the journal. What `encode_content` made follows."""
    return b"\x08" + varint(VERSION) + delimited(b"\x12", incarnation) + b"\x18" + varint(position)


def encode_content(stamp: Stamp, kind: str, device: str, payload: Payload) -> bytes:
    """All of an entry but its place, which is known only when it is committed. Raises EntryError for what cannot
    be written: no text, no number, too long, or a payload that was not understood."""
    try:
        message = wire.Entry(
            wall_time_us=stamp.wall_time_us,
            boot_id=stamp.boot_id,
            monotonic_us=stamp.monotonic_us,
            clock_state=int(stamp.clock_state),  # type: ignore[arg-type]
            kind=kind,
            device=device,
        )
        if isinstance(payload, Readings):
            # Field 16, readings: the one payload in which speed counts.
            content = message.SerializeToString() + _READINGS_FOLLOW + _sized(_readings(payload))
        else:
            _put_payload(message, payload)
            content = message.SerializeToString()
    except (ValueError, TypeError, struct.error) as error:
        raise EntryError(f"cannot be written as an entry: {error}") from error
    if len(content) > MAX_CONTENT_BYTES:
        raise EntryTooLongError(f"an entry of {len(content)} bytes is over the limit of {MAX_CONTENT_BYTES}")
    return content


_READINGS_FOLLOW = b"\x82\x01"


def _sized(content: bytes) -> bytes:
    return varint(len(content)) + content


def _readings(payload: Readings) -> bytes:
    content = encode_readings(payload.readings)
    if payload.reason is not None:
        reason = wire.Reason()
        _put_reason(reason, payload.reason)
        content += b"\x12" + _sized(reason.SerializeToString())
    return content


def decode(data: bytes) -> Entry:
    """Read an entry. Raises EntryError for bytes that are none of ours."""
    if len(data) > MAX_ENTRY_BYTES:
        raise EntryError(f"an entry of {len(data)} bytes is over the limit of {MAX_ENTRY_BYTES}")
    try:
        message = wire.Entry.FromString(data)
    except DecodeError as error:
        raise EntryError(f"not an entry: {error}") from error
    if message.version != VERSION:
        raise EntryError(f"entry version {message.version} is not known here")
    if len(message.incarnation) != INCARNATION_BYTES or message.position < 1:
        raise EntryError("an entry without a proper incarnation and position")
    return Entry(
        incarnation=message.incarnation,
        position=message.position,
        wall_time_us=message.wall_time_us,
        boot_id=message.boot_id,
        monotonic_us=message.monotonic_us,
        clock_state=_clock_state(message.clock_state),
        kind=message.kind,
        device=message.device,
        payload=_payload(message),
    )


def _clock_state(number: int) -> ClockState:
    try:
        return ClockState(number)
    except ValueError:
        return ClockState.UNKNOWN


# ---- payloads, out ---------------------------------------------------------------------------------------------


def _put_payload(
    message: wire.Entry,
    payload: Facts | Condition | Inventory | Evidence | Lifecycle | Checkpoint | Tombstone | Unknown,
) -> None:
    if isinstance(payload, Facts):
        message.facts.facts.extend(wire.Fact(name=fact.name, text=fact.text) for fact in payload.facts)
        message.facts.SetInParent()
    elif isinstance(payload, Condition):
        _put_condition(message.condition, payload)
    elif isinstance(payload, Inventory):
        _put_inventory(message.inventory, payload)
    elif isinstance(payload, Evidence):
        _put_evidence(message.evidence, payload)
    else:
        _put_own_affairs(message, payload)


def _put_own_affairs(message: wire.Entry, payload: Lifecycle | Checkpoint | Tombstone | Unknown) -> None:
    if isinstance(payload, Lifecycle):
        message.lifecycle.event = int(payload.event)  # type: ignore[assignment]
        message.lifecycle.agent_version = payload.agent_version
        message.lifecycle.previous_incarnation = payload.previous_incarnation
        message.lifecycle.previous_position = payload.previous_position
        message.lifecycle.previous_hash = payload.previous_hash
        message.lifecycle.detail = payload.detail
        message.lifecycle.step_us = payload.step_us
    elif isinstance(payload, Checkpoint):
        message.checkpoint.first_position = payload.first_position
        message.checkpoint.last_position = payload.last_position
        message.checkpoint.root = payload.root
        message.checkpoint.previous = payload.previous
    elif isinstance(payload, Tombstone):
        message.tombstone.incarnation = payload.incarnation
        message.tombstone.ranges.extend(wire.Range(first=a, last=b) for a, b in payload.ranges)
        message.tombstone.why = payload.why
    else:
        raise EntryError("a payload that was not understood cannot be written again")


def _put_reason(message: wire.Reason, reason: Reason) -> None:
    message.code = reason.code
    message.detail = reason.detail


def _put_condition(message: wire.Condition, condition: Condition) -> None:
    message.rule = condition.rule
    message.instance = condition.instance
    message.state = int(condition.state)  # type: ignore[assignment]
    message.severity = int(condition.severity)  # type: ignore[assignment]
    message.since_us = condition.since_us
    if condition.value is not None:
        message.value = condition.value
        message.has_value = True
    if condition.threshold is not None:
        message.threshold = condition.threshold
    if condition.reason is not None:
        _put_reason(message.reason, condition.reason)


def _put_inventory(message: wire.Inventory, inventory: Inventory) -> None:
    message.ward_name = inventory.ward_name
    for device in inventory.devices:
        message.devices.add(
            id=device.id,
            kind=device.kind,
            name=device.name,
            location=device.location,
            parent=device.parent,
            protocol=device.protocol,
            address=device.address,
            interval_seconds=device.interval_seconds,
            port=device.port,
        )


def _put_evidence(message: wire.Evidence, evidence: Evidence) -> None:
    if any(len(blob) != BLOB_HASH_BYTES for blob in evidence.blobs):
        raise EntryError("a blob is named by the 32 bytes of its SHA-256")
    message.kind = evidence.kind
    message.body = evidence.body
    message.blobs.extend(evidence.blobs)


# ---- payloads, in ----------------------------------------------------------------------------------------------


def _payload(message: wire.Entry) -> Payload:
    which = message.WhichOneof("payload")
    if which == "readings":
        readings = message.readings
        return Readings(
            tuple(Reading(item.metric, item.value, item.instance) for item in readings.readings),
            _reason(readings.reason) if readings.HasField("reason") else None,
        )
    if which == "facts":
        return Facts(tuple(Fact(item.name, item.text) for item in message.facts.facts))
    if which == "condition":
        return _condition(message.device, message.condition)
    if which == "inventory":
        return _inventory(message.inventory)
    if which == "evidence":
        return Evidence(message.evidence.kind, message.evidence.body, tuple(message.evidence.blobs))
    return _own_affairs(message, which)


def _own_affairs(message: wire.Entry, which: str | None) -> Payload:
    if which == "lifecycle":
        life = message.lifecycle
        try:
            event = LifecycleEvent(life.event)
        except ValueError:
            return Unknown()
        return Lifecycle(
            event,
            life.agent_version,
            life.previous_incarnation,
            life.previous_position,
            life.previous_hash,
            life.detail,
            life.step_us,
        )
    if which == "checkpoint":
        point = message.checkpoint
        return Checkpoint(point.first_position, point.last_position, point.root, point.previous)
    if which == "tombstone":
        stone = message.tombstone
        return Tombstone(stone.incarnation, tuple((r.first, r.last) for r in stone.ranges), stone.why)
    return Unknown()


def _reason(message: wire.Reason) -> Reason:
    try:
        return Reason(ReasonCode(message.code), message.detail)
    except ValueError:
        return Reason(ReasonCode.AGENT_FAULT, f"{message.code}: {message.detail}")


def _condition(device: str, message: wire.Condition) -> Condition:
    try:
        state, severity = ConditionState(message.state), Severity(message.severity)
    except ValueError as error:
        raise EntryError(f"a condition in no known state: {error}") from error
    return Condition(
        device=device,
        rule=message.rule,
        instance=message.instance,
        state=state,
        severity=severity,
        since_us=message.since_us,
        value=message.value if message.has_value else None,
        threshold=message.threshold if message.has_value else None,
        reason=_reason(message.reason) if message.HasField("reason") else None,
    )


def _inventory(message: wire.Inventory) -> Inventory:
    return Inventory(
        message.ward_name,
        tuple(
            DeviceInfo(
                id=item.id,
                kind=item.kind,
                name=item.name,
                location=item.location,
                parent=item.parent,
                protocol=item.protocol,
                address=item.address,
                interval_seconds=item.interval_seconds,
                port=item.port,
            )
            for item in message.devices
        ),
    )
