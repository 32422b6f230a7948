"""Batches deflated with what the district remembers: read where it does, asked for again where it does not."""

from __future__ import annotations

from district.message import Message
from district.remembered import Remembered
from district.replication import CONFIRM_SECONDS
from telemetry import wire_pb2 as wire
from telemetry.deflate import DICTIONARY_BYTES, MAX_INFLATED_BYTES, Dictionary, deflate
from tests.district.conftest import Desk, answer
from tests.district.fakes import ScriptedWard

INCARNATION = b"i" * 16


def remembered(desk: Desk, ward: ScriptedWard) -> tuple[int, int] | None:
    """What the ward was told last that its batches may be deflated with."""
    for name, request in reversed(desk.sent):
        if name == ward.ward and request.committed.HasField("remembered"):
            return request.committed.remembered.first, request.committed.remembered.last
    return None


def deflated(ward: ScriptedWard, first: int, last: int, using: tuple[int, int] | None = None) -> tuple[str, bytes]:
    batch = wire.Batch.FromString(ward.batch(first, last))
    given = Dictionary.of(ward.incarnation, using[0], ward.entries[using[0] - 1 : using[1]]) if using else None
    deflate(batch, given)
    assert batch.deflated and not batch.entries
    return ward.topic("entries"), batch.SerializeToString()


def polls(ward: ScriptedWard, count: int) -> tuple[int, int]:
    positions = [ward.poll(load_percent=float(number), input_voltage_volts=230.0) for number in range(count)]
    return positions[0], positions[-1]


def talking(desk: Desk, ward: ScriptedWard) -> tuple[int, int]:
    """A ward that has sent some entries and was told what is remembered of them."""
    desk.hear((ward.topic("status"), ward.status()))
    polls(ward, 10)
    desk.hear((ward.topic("entries"), ward.batch(1)))
    desk.wait(CONFIRM_SECONDS + 1)
    told = remembered(desk, ward)
    assert told == (1, 12)
    return told


def test_entries_are_committed_verbatim_whatever_form_they_came_in(desk: Desk, ward: ScriptedWard) -> None:
    told = talking(desk, ward)
    desk.hear(deflated(ward, *polls(ward, 3), using=told))
    desk.hear(deflated(ward, *polls(ward, 3)))
    assert desk.held(ward) == [(1, 18)]
    desk.wait(CONFIRM_SECONDS + 1)
    assert remembered(desk, ward) == (1, 18)
    assert desk.situation.numbers[ward.ward].refused_entries == 0


def test_the_dictionary_before_the_last_is_still_read(desk: Desk, ward: ScriptedWard) -> None:
    told = talking(desk, ward)
    desk.hear(deflated(ward, *polls(ward, 3), using=told))
    desk.wait(CONFIRM_SECONDS + 1)
    assert remembered(desk, ward) == (1, 15)
    desk.hear(deflated(ward, *polls(ward, 3), using=told))
    assert desk.held(ward) == [(1, 18)]


def test_a_hub_that_was_started_again_asks_for_what_it_cannot_read_and_says_so_at_once(
    desk: Desk, ward: ScriptedWard
) -> None:
    told = talking(desk, ward)
    desk.start()
    desk.hear((ward.topic("status"), ward.status()))
    first, last = polls(ward, 3)
    desk.hear(deflated(ward, first, last, using=told))
    assert desk.held(ward) == [(1, 12)]
    assert remembered(desk, ward) == (0, 0)
    desk.wait(1.0)
    asked = [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]
    assert [(each.replay.first, each.replay.last, each.replay.deflated) for each in asked] == [(first, first, True)]
    answer(desk, ward, asked[0])
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(1.0)
    for request in [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]:
        answer(desk, ward, request)
    assert desk.held(ward) == [(1, 15)]
    assert desk.situation.numbers[ward.ward].refused_entries == 0
    assert desk.situation.numbers[ward.ward].named_losses == 0


def test_what_another_ward_said_is_no_dictionary(desk: Desk, ward: ScriptedWard) -> None:
    told = talking(desk, ward)
    other = ScriptedWard(ward="thach-thang", entries=list(ward.entries))
    desk.hear((other.topic("status"), other.status()))
    desk.hear(deflated(other, *polls(other, 3), using=told))
    assert desk.held(other) == []


def test_a_deflated_batch_that_lies_is_refused_and_harms_nobody(desk: Desk, ward: ScriptedWard) -> None:
    talking(desk, ward)
    topic, data = deflated(ward, *polls(ward, 3))
    for change in ({"inflated_bytes": 5}, {"inflated_bytes": 2**31}, {"inflated_crc32": 7}, {"deflated": b"\xff" * 50}):
        batch = wire.Batch.FromString(data)
        for name, value in change.items():
            setattr(batch, name, value)
        desk.hear((topic, batch.SerializeToString()))
    assert desk.held(ward) == [(1, 12)]
    assert desk.situation.numbers[ward.ward].refused_entries == 4
    desk.hear((topic, data))
    assert desk.held(ward) == [(1, 15)]


# ---- the memory alone ----------------------------------------------------------------------------------------------


def test_memory_of_a_ward_is_bounded_and_consecutive() -> None:
    memory = Remembered(["w"])
    for position in range(1, 500):
        memory.add("w", INCARNATION, position, [bytes(1000)])
        if position % 50 == 0:
            told = memory.tell("w", INCARNATION)
            found = memory.dictionary("w", INCARNATION, told.first, told.last)
            assert told.last == position and found is not None
            assert DICTIONARY_BYTES - 1010 < len(found.data) <= DICTIONARY_BYTES
    assert memory.dictionary("w", INCARNATION, 1, 32) is None


def test_what_comes_again_is_left_out_and_a_gap_begins_anew() -> None:
    memory = Remembered(["w"])
    memory.add("w", INCARNATION, 1, [b"a", b"b", b"c"])
    memory.add("w", INCARNATION, 2, [b"b", b"c", b"d"])
    memory.add("w", INCARNATION, 1, [b"a"])
    told = memory.tell("w", INCARNATION)
    assert (told.first, told.last) == (1, 4)
    assert memory.dictionary("w", INCARNATION, 1, 4) == Dictionary.of(INCARNATION, 1, [b"a", b"b", b"c", b"d"])
    memory.add("w", INCARNATION, 9, [b"x"])
    assert memory.tell("w", INCARNATION) == wire.Range(first=9, last=9)
    memory.add("w", b"j" * 16, 1, [b"y"])
    assert memory.tell("w", INCARNATION) == wire.Range()
    assert memory.tell("w", b"j" * 16) == wire.Range(first=1, last=1)


# ---- what it weighs at the door ------------------------------------------------------------------------------------


def test_a_deflated_batch_weighs_what_it_becomes(ward: ScriptedWard) -> None:
    polls(ward, 300)
    topic, data = deflated(ward, 1, 302)
    becomes = wire.Batch.FromString(data).inflated_bytes
    assert Message(topic, data).weight == becomes > 5 * len(data)
    assert Message(topic, ward.batch(1, 302)).weight == len(ward.batch(1, 302))
    assert Message(ward.topic("status"), data).weight == len(data)


def test_what_claims_to_become_anything_weighs_no_more_than_is_ever_expanded(ward: ScriptedWard) -> None:
    lie = wire.Batch(incarnation=ward.incarnation, first_position=1, deflated=b"x", inflated_bytes=2**32 - 1)
    assert Message(ward.topic("entries"), lie.SerializeToString()).weight == MAX_INFLATED_BYTES
    assert Message(ward.topic("entries"), b"\xff" * 100).weight == 100
