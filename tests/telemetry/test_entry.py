"""Entries: what is written is read again, what is no entry is refused as such, and the bytes are protobuf's own."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import wire_pb2 as wire
from telemetry.clock import ClockState
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import (
    MAX_ENTRY_BYTES,
    Checkpoint,
    Entry,
    EntryError,
    EntryTooLongError,
    Facts,
    Lifecycle,
    LifecycleEvent,
    Payload,
    Readings,
    Tombstone,
    Unknown,
    decode,
    encode,
    leaf_hash,
)
from telemetry.readings import DeviceInfo, Fact, Inventory, Reading, Reason, ReasonCode

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBER = st.floats(allow_nan=False)
INT64 = st.integers(-(2**63), 2**63 - 1)
UINT64 = st.integers(0, 2**64 - 1)
BLOB = st.binary(max_size=40)
REASONS = st.builds(Reason, st.sampled_from(ReasonCode), TEXT)
READINGS = st.builds(
    Readings, st.lists(st.builds(Reading, TEXT, NUMBER, TEXT), max_size=8).map(tuple), st.none() | REASONS
)
MEASURED = st.one_of(
    st.tuples(st.none(), st.none()), st.tuples(NUMBER, NUMBER)
)  # a threshold is told with the value that was judged against it


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    value, threshold = draw(MEASURED)
    return Condition(
        device=draw(TEXT),
        rule=draw(TEXT),
        instance=draw(TEXT),
        state=draw(st.sampled_from(ConditionState)),
        severity=draw(st.sampled_from(Severity)),
        since_us=draw(INT64),
        value=value,
        threshold=threshold,
        reason=draw(st.none() | REASONS),
    )


PAYLOADS: st.SearchStrategy[Payload] = st.one_of(
    READINGS,
    conditions(),
    st.builds(Facts, st.lists(st.builds(Fact, TEXT, TEXT), max_size=5).map(tuple)),
    st.builds(Lifecycle, st.sampled_from(LifecycleEvent), TEXT, BLOB, UINT64, BLOB, TEXT),
    st.builds(Checkpoint, UINT64, UINT64, BLOB, BLOB),
    st.builds(Tombstone, BLOB, st.lists(st.tuples(UINT64, UINT64), max_size=5).map(tuple), TEXT),
    st.builds(
        Inventory,
        TEXT,
        st.lists(st.builds(DeviceInfo, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, NUMBER, TEXT), max_size=4).map(tuple),
    ),
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    payload = draw(PAYLOADS)
    return Entry(
        incarnation=draw(st.binary(min_size=16, max_size=16)),
        position=draw(st.integers(1, 2**63)),
        wall_time_us=draw(INT64),
        boot_id=draw(BLOB),
        monotonic_us=draw(INT64),
        clock_state=draw(st.sampled_from(ClockState)),
        kind=draw(TEXT),
        # A condition carries no device of its own on the wire: it is the entry's.
        device=payload.device if isinstance(payload, Condition) else draw(TEXT),
        payload=payload,
    )


def entry_of(payload: Payload, *, device: str = "ups-1") -> Entry:
    return Entry(
        b"\x07" * 16, 5, 1_790_000_000_000_000, b"\x01" * 16, 10**9, ClockState.SYNCHRONISED, "ups", device, payload
    )


@given(entries())
def test_what_is_written_is_read_again(entry: Entry) -> None:
    assert decode(encode(entry)) == entry


@given(entries())
def test_the_bytes_are_those_that_protobuf_writes(entry: Entry) -> None:
    data = encode(entry)
    assert wire.Entry.FromString(data).SerializeToString(deterministic=True) == data


@pytest.mark.parametrize("value", [0.0, -0.0, math.inf, -math.inf, 1e-320, 2**53 + 1.0])
def test_numbers_at_the_edges_keep_their_bits(value: float) -> None:
    read = decode(encode(entry_of(Readings([Reading("a", value)])))).payload
    assert isinstance(read, Readings)
    assert math.copysign(1, read.readings[0].value) == math.copysign(1, value)
    assert read.readings[0].value == value


def test_a_value_that_is_no_number_stays_no_number() -> None:
    read = decode(encode(entry_of(Readings([Reading("a", math.nan)])))).payload
    assert isinstance(read, Readings)
    assert math.isnan(read.readings[0].value)


@given(st.binary(max_size=300))
def test_garbage_is_refused_as_no_entry_and_nothing_else(data: bytes) -> None:
    try:
        read = decode(data)
    except EntryError:
        return
    assert read.position >= 1
    assert len(read.incarnation) == 16


@given(entries(), st.data())
def test_a_damaged_entry_is_read_or_refused_but_never_breaks_the_reader(entry: Entry, data: st.DataObject) -> None:
    good = bytearray(encode(entry))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(good[: data.draw(st.integers(0, len(good)))])
    for damaged in (bytes(good), cut):
        try:
            decode(damaged)
        except EntryError as error:
            assert str(error)


def test_an_entry_over_the_limit_is_refused_on_both_sides() -> None:
    with pytest.raises(EntryTooLongError):
        encode(entry_of(Facts([Fact("name", "x" * MAX_ENTRY_BYTES)])))
    with pytest.raises(EntryError, match="over the limit"):
        decode(b"\x00" * (MAX_ENTRY_BYTES + 1))


@pytest.mark.parametrize(
    "payload",
    [
        Unknown(),
        Readings([Reading("\ud800", 1.0)]),
        Readings([Reading("a", "much")]),  # type: ignore[arg-type]
        Facts([Fact("name", "\ud800")]),
        Checkpoint(-1, 2, b"", b""),
        Checkpoint(2**64, 2, b"", b""),
    ],
)
def test_what_cannot_be_an_entry_is_refused_when_written(payload: Payload) -> None:
    with pytest.raises(EntryError):
        encode(entry_of(payload))


def test_an_entry_of_another_version_or_without_a_place_is_refused() -> None:
    good = wire.Entry.FromString(encode(entry_of(Readings([]))))
    for spoil in ({"version": 2}, {"incarnation": b"short"}, {"position": 0}):
        other = wire.Entry()
        other.CopyFrom(good)
        for name, value in spoil.items():
            setattr(other, name, value)
        with pytest.raises(EntryError):
            decode(other.SerializeToString())


def test_a_payload_of_a_later_version_is_kept_as_unknown() -> None:
    message = wire.Entry.FromString(encode(entry_of(Readings([]))))
    message.viewing.viewer = "somebody"
    assert decode(message.SerializeToString()).payload == Unknown()


def test_a_reason_code_of_a_later_version_keeps_its_words() -> None:
    message = wire.Entry.FromString(encode(entry_of(Readings([], Reason(ReasonCode.NO_ANSWER)))))
    message.readings.reason.code = "solar_storm"
    payload = decode(message.SerializeToString()).payload
    assert isinstance(payload, Readings)
    assert payload.reason is not None
    assert "solar_storm" in payload.reason.detail


def test_the_leaf_hash_is_that_of_rfc_6962() -> None:
    # RFC 6962 section 2.1: SHA-256(0x00 || data); the value for no data is known from Certificate Transparency.
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
