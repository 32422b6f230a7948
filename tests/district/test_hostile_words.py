"""What a ward may say is bounded, and concerns nobody but itself: its topic says whose word it is, and nothing else."""

from __future__ import annotations

import random
import time

import pytest

from district import holdings, ingest
from district.speakers import MOST_SPEAKERS
from telemetry import wire_pb2 as wire
from telemetry.intervals import IntervalSet
from tests.district.conftest import Desk, answer
from tests.district.fakes import ScriptedWard, many_polls

OTHER = bytes(reversed(range(16)))


def held(count: int, start: int = 0) -> list[wire.Held]:
    return [
        wire.Held(incarnation=number.to_bytes(16, "big"), first_position=1, last_position=5)
        for number in range(start + 1, start + count + 1)
    ]


def test_a_ward_that_speaks_with_another_wards_entries_speaks_for_itself_alone(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 10, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 6)))
    stolen = ScriptedWard(ward="thach-thang", incarnation=ward.incarnation, entries=ward.entries)
    desk.hear((stolen.topic("entries"), stolen.batch(1)), (stolen.topic("status"), stolen.status()))
    desk.hear((stolen.topic("replay"), stolen.batch(7)))
    assert desk.held(ward) == [(1, 6)]  # what the other said of 7..12 is none of its words
    assert desk.site.ward(ward.ward).missing_positions == 6
    assert desk.held(stolen) == [(1, 12)]
    desk.wait(10.0)
    assert desk.committed(ward.ward, ward.incarnation) == IntervalSet([(1, 6)])
    assert {sample.ward for commit in desk.store.commits for sample in commit.samples} == {ward.ward, stolen.ward}


def test_a_status_with_a_hundred_thousand_incarnations_is_refused(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status(held=held(100_000))))
    assert desk.situation.numbers[ward.ward].refused_entries == 1
    assert desk.holdings.ward(ward.ward) == []


def test_a_ward_that_names_ever_new_incarnations_fills_no_memory(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST_INCARNATIONS", 300)
    for turn in range(10):
        desk.hear((ward.topic("status"), ward.status(held=held(100, turn * 100))))
        desk.wait(1.0)
    assert len(desk.holdings.ward(ward.ward)) <= 300
    desk.hear((ward.topic("entries"), ward.batch(1)))
    assert desk.held(ward) == [(1, 2)]  # and what it has to say itself is heard


def test_a_ward_that_speaks_as_ever_new_agents_fills_no_memory(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    for number in range(500):
        made_up = ScriptedWard(incarnation=number.to_bytes(16, "big"), entries=[b"nothing proper"])
        desk.hear((made_up.topic("entries"), made_up.batch(1)))
    speakers = desk.situation.speakers
    assert len(speakers._wards[ward.ward].speakers) <= MOST_SPEAKERS
    assert speakers.shown(ward.ward) == ward.incarnation


def test_a_cut_off_log_of_a_ward_is_a_named_loss_of_what_it_took(desk: Desk, ward: ScriptedWard) -> None:
    """The ward told of a head that its journal has no more, since its log was cut off before it started again."""
    many_polls(ward, 48, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 30)))
    again = ScriptedWard(incarnation=OTHER).started()
    left = wire.Held(incarnation=ward.incarnation, first_position=1, last_position=40)
    desk.wait(70.0, step=5.0)
    desk.replays()
    desk.hear((again.topic("status"), again.status(held=[left])), (again.topic("entries"), again.batch(1)))
    desk.wait(1.0)
    for name, request in list(desk.sent):
        if request.WhichOneof("what") == "replay" and request.replay.incarnation == ward.incarnation:
            assert name == ward.ward
            answer(desk, ward, request, without=lambda position: position > 40)
    desk.wait(5.0)
    assert desk.held(ward) == [(1, 40)]
    state = desk.site.ward(ward.ward)
    assert (state.named_losses, state.missing_positions) == (10, 0)


def test_what_a_status_in_part_does_not_name_is_not_called_lost(desk: Desk, ward: ScriptedWard) -> None:
    before = ScriptedWard(incarnation=OTHER).started()
    many_polls(before, 20, random.Random(1))
    desk.hear((before.topic("entries"), before.batch(1, 5)), (before.topic("entries"), before.batch(15)))
    desk.wait(70.0, step=5.0)  # the agent of before is gone
    status = wire.Status.FromString(ward.status())
    status.held_in_part = True
    desk.hear((ward.topic("status"), status.SerializeToString()))
    assert desk.site.ward(ward.ward).named_losses == 0
    status.held_in_part = False
    desk.hear((ward.topic("status"), status.SerializeToString()))
    assert desk.site.ward(ward.ward).named_losses == 9  # now it says that it has nothing of it


@pytest.mark.parametrize(("ranges", "named"), [(10_000, 10_000), (1_000_000, 0)])
def test_a_reply_of_thousands_of_ranges_keeps_nobody_waiting_and_one_of_a_million_is_refused(
    desk: Desk, ward: ScriptedWard, ranges: int, named: int
) -> None:
    status = wire.Status.FromString(ward.status())
    status.head_position = 3_000_000
    desk.hear((ward.topic("status"), status.SerializeToString()))
    desk.pace.handled(100_000, 0.001)
    desk.wait(1.0)
    (request, *_) = [each for _, each in desk.sent if each.WhichOneof("what") == "replay"]
    first = request.replay.first
    reply = wire.Reply(request_id=request.id, ok=True)
    span = request.replay.last - first + 1
    for number in range(ranges):
        at = first + number if ranges > span else first + number * span // ranges
        reply.unavailable.add(first=at, last=at)
    began = time.process_time()
    desk.hear((ward.topic("replies"), reply.SerializeToString()))
    assert time.process_time() - began < 1.0
    lost = desk.situation.numbers[ward.ward].named_losses
    assert lost == (len({each.first for each in reply.unavailable if each.first < first + span}) if named else 0)
    assert (desk.situation.numbers[ward.ward].refused_entries == 1) == (not named)
    desk.start()  # and what was named is remembered
    assert desk.site.ward(ward.ward).named_losses == lost


def test_a_ward_that_leaves_ever_more_holes_must_fill_some_first(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MOST_INTERVALS", 50)
    many_polls(ward, 400, random.Random(1))
    for position in range(1, 400, 2):
        desk.hear((ward.topic("entries"), ward.batch(position, position)))
    assert len(desk.held(ward)) == 50
    desk.hear((ward.topic("replay"), ward.batch(2, 100)))
    assert desk.held(ward)[0] == (1, 100)


GARBAGE = {
    "garbage": b"\xff\xff\xff garbage",
    "empty": b"",
    "a status that is no status": b"\x12\x01x",
    "zeros": bytes(100_000),
    "a bomb": bytes(50_000_000),
}


@pytest.mark.parametrize("payload", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("what", ["status", "entries", "replay", "replies"])
def test_retained_garbage_and_garbage_as_a_will_is_refused_and_counted(
    desk: Desk, ward: ScriptedWard, what: str, payload: bytes
) -> None:
    desk.hear(ingest.Message(ward.topic(what), payload, retained=True), (ward.topic(what), payload))
    refused = desk.situation.numbers[ward.ward].refused_entries
    # As a reply, the shortest two are proper ones, to nothing that was asked.
    assert refused == (0 if what == "replies" and len(payload) < 5 else 2)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    assert desk.held(ward) == [(1, 2)]
