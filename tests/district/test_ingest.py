"""From the broker to the store: only what is proper and new, all of it, once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from dashboards.console.site import Change, Presence, Topic
from district.floods import Traffic
from district.message import Message
from district.replication import CONFIRM_SECONDS
from store.base import StoreFullError
from telemetry import wire_pb2 as wire
from telemetry.entry import Lifecycle, LifecycleEvent, Readings, Tombstone, decode, encode
from telemetry.readings import Reading
from tests.district.conftest import Desk, answer
from tests.district.fakes import ScriptedWard, many_polls

OTHER = bytes(reversed(range(16)))


def test_a_batch_is_in_the_store_before_its_ward_and_the_pages_are_told(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(battery_charge_percent=99.0)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    assert desk.held(ward) == [(1, 3)]
    assert list(desk.committed(ward.ward, ward.incarnation)) == [(1, 3)]
    assert Change(Topic.DEVICE, "hai-chau-1", "ups-1") in desk.changes
    assert desk.site.ward("hai-chau-1").missing_positions == 0


def test_many_wards_share_one_commit(desk: Desk, ward: ScriptedWard) -> None:
    other = ScriptedWard(ward="thach-thang", incarnation=OTHER).started()
    desk.hear((ward.topic("entries"), ward.batch(1)), (other.topic("entries"), other.batch(1)))
    assert [commit.ward for commit in desk.store.commits] == ["hai-chau-1", "thach-thang"]
    assert desk.held(ward) == desk.held(other) == [(1, 2)]


def test_what_comes_twice_is_stored_once_and_counted(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 8, random.Random(1))
    desk.hear((ward.topic("entries"), ward.batch(1, 6)), (ward.topic("entries"), ward.batch(4, 10)))
    desk.hear((ward.topic("replay"), ward.batch(2, 5)))
    assert desk.held(ward) == [(1, 10)]  # the store of this test refuses a second commit of a position
    assert desk.situation.numbers["hai-chau-1"].dropped_duplicates == 3 + 4


def _confirmations(desk: Desk) -> int:
    return [request.WhichOneof("what") for _, request in desk.sent].count("committed")


def test_confirmations_are_few_and_none_is_forgotten(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("entries"), ward.batch(1)))
    for _ in range(5):
        position = ward.poll(load_percent=1.0)
        desk.hear((ward.topic("entries"), ward.batch(position)))
        desk.clock.advance(0.1)
    assert _confirmations(desk) == 1
    desk.wait(CONFIRM_SECONDS)
    assert _confirmations(desk) == 2
    assert list(desk.committed(ward.ward, ward.incarnation)) == [(1, 7)]


def test_a_ward_that_caught_up_is_told_soon(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    for _ in range(3):
        position = ward.poll(load_percent=1.0)
        desk.wait(CONFIRM_SECONDS)  # confirmations are rare by now
        desk.hear((ward.topic("entries"), ward.batch(position)))
    desk.wait(CONFIRM_SECONDS + 1)
    missed, came = ward.poll(load_percent=2.0), ward.poll(load_percent=3.0)
    desk.hear((ward.topic("entries"), ward.batch(came)))
    desk.sent.clear()
    desk.wait(2.0)
    desk.hear((ward.topic("replay"), ward.batch(missed, missed)))
    desk.wait(2.0)
    assert list(desk.committed(ward.ward, ward.incarnation)) == [(1, came)]


def test_the_last_word_of_an_agent_is_confirmed_at_once(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("entries"), ward.batch(1)))
    position = ward.write(Lifecycle(LifecycleEvent.STOPPED))
    desk.hear((ward.topic("entries"), ward.batch(position)))
    assert list(desk.committed(ward.ward, ward.incarnation)) == [(1, 3)]  # it waits for this to end


# ---- bad input -----------------------------------------------------------------------------------------------------


def _with(ward: ScriptedWard, at: int, /, **changes: object) -> bytes:
    return encode(replace(decode(ward.entries[at - 1]), **changes))  # type: ignore[arg-type]


BAD = {
    "garbage": lambda ward: b"\xff\xfe garbage",
    "of another incarnation": lambda ward: _with(ward, 3, incarnation=OTHER),
    "in the wrong place": lambda ward: _with(ward, 3, position=17),
    "a second beginning": lambda ward: _with(ward, 3, payload=Lifecycle(LifecycleEvent.STARTED)),
    "no number": lambda ward: _with(ward, 3, payload=Readings([Reading("load_percent", float("nan"))])),
    "no time": lambda ward: _with(ward, 3, wall_time_us=-5),
    "no device": lambda ward: _with(ward, 3, device="../etc/passwd"),
    "a tombstone from nowhere": lambda ward: _with(ward, 3, payload=Tombstone(b"x", [(1, 2)], "retention")),
    "oversize": lambda ward: ward.entries[2] + b"\xaa\x1f" + b"\xe0\xa7\x12" + bytes(300_000),  # an unknown field
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_entry_is_refused_and_counted_and_the_others_are_kept(desk: Desk, ward: ScriptedWard, bad: str) -> None:
    ward.poll(load_percent=1.0)
    ward.poll(load_percent=2.0)
    ward.entries[2] = BAD[bad](ward)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    assert desk.held(ward) == [(1, 2), (4, 4)]
    assert desk.situation.numbers["hai-chau-1"].refused_entries == 1
    assert desk.site.ward("hai-chau-1").missing_positions == 1


def test_an_entry_that_stays_bad_becomes_a_named_loss_and_is_asked_for_no_more(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(load_percent=1.0)
    ward.entries[1] = b"garbage"
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    asked = 0
    for _ in range(400):
        desk.wait(1.0)
        for _, request in list(desk.sent):
            if request.WhichOneof("what") == "replay":
                asked += 1
                answer(desk, ward, request)
        desk.replays()
    state = desk.site.ward("hai-chau-1")
    assert (state.missing_positions, state.named_losses) == (0, 1)
    assert 2 <= asked <= 4
    assert desk.records.losses()[("hai-chau-1", ward.incarnation)] == desk.holdings.of(ward.ward, ward.incarnation).lost


def _batch(**fields: object) -> bytes:
    return wire.Batch(**fields).SerializeToString()  # type: ignore[arg-type]


BAD_MESSAGES = {
    "garbage": ("wardwatch/1/hai-chau/hai-chau-1/entries", b"\x00\xff\xff"),
    "no incarnation": ("wardwatch/1/hai-chau/hai-chau-1/entries", _batch(first_position=1, entries=[b"x"])),
    "no entries": ("wardwatch/1/hai-chau/hai-chau-1/entries", _batch(incarnation=OTHER, first_position=1)),
    "beyond all numbers": (
        "wardwatch/1/hai-chau/hai-chau-1/entries",
        _batch(incarnation=OTHER, first_position=2**64 - 1, entries=[b"x", b"y"]),
    ),
    "too large": ("wardwatch/1/hai-chau/hai-chau-1/replay", bytes(9_000_000)),
    "a status of nobody": ("wardwatch/1/hai-chau/hai-chau-1/status", wire.Status(online=True).SerializeToString()),
    "a reply that ends before it begins": (
        "wardwatch/1/hai-chau/hai-chau-1/replies",
        wire.Reply(request_id="1", unavailable=[wire.Range(first=9, last=1)]).SerializeToString(),
    ),
}


@pytest.mark.parametrize("bad", BAD_MESSAGES)
def test_a_bad_message_is_refused_and_counted_and_the_next_is_handled(desk: Desk, ward: ScriptedWard, bad: str) -> None:
    desk.hear(BAD_MESSAGES[bad], (ward.topic("entries"), ward.batch(1)))
    assert desk.situation.numbers["hai-chau-1"].refused_entries == 1
    assert desk.held(ward) == [(1, 2)]


@pytest.mark.parametrize(
    "topic",
    [
        "wardwatch/1/son-tra/hai-chau-1/entries",
        "wardwatch/1/hai-chau/nowhere/entries",
        "wardwatch/1/hai-chau/hai-chau-1/requests",
        "wardwatch/2/hai-chau/hai-chau-1/entries",
        "wardwatch/1/hai-chau/../entries",
        "",
    ],
)
def test_words_on_a_topic_that_is_not_ours_to_hear_are_refused(desk: Desk, ward: ScriptedWard, topic: str) -> None:
    desk.hear((topic, ward.batch(1)))
    assert desk.store.commits == []
    desk.hear((ward.topic("entries"), ward.batch(1)))
    assert desk.held(ward) == [(1, 2)]


def test_random_bytes_never_stop_the_hub(desk: Desk, ward: ScriptedWard, seed: int) -> None:
    chance = random.Random(seed)
    good = ward.batch(1)
    for number in range(300):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        what = chance.choice(("entries", "replay", "status", "replies"))
        desk.hear((ward.topic(what), bytes(data) if number % 2 else chance.randbytes(chance.randrange(200))))
    desk.hear((ward.topic("entries"), good))
    assert desk.held(ward) == [(1, 2)]


# ---- a store that refuses ------------------------------------------------------------------------------------------


def test_a_full_store_takes_nothing_confirms_nothing_and_resumes(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    desk.wait(6.0)
    desk.store.fails = StoreFullError("no space left")
    ward.poll(load_percent=1.0)
    desk.hear((ward.topic("entries"), ward.batch(3)))
    desk.wait(2.0)
    assert list(desk.committed(ward.ward, ward.incarnation)) == [(1, 2)]
    assert desk.site.ward(ward.ward).missing_positions == 1
    assert [each.condition.rule for each in desk.site.open_conditions(ward.ward)] == ["hub_store_failed"]
    desk.store.fails = None
    desk.replays()
    desk.wait(6.0)
    (request,) = [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]
    answer(desk, ward, request)
    assert desk.held(ward) == [(1, 3)]
    assert desk.site.open_conditions(ward.ward) == []
    desk.wait(5.0)
    assert list(desk.committed(ward.ward, ward.incarnation)) == [(1, 3)]


def test_a_retained_word_on_the_entries_topic_is_stored_but_makes_nobody_alive(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear(Message(ward.topic("entries"), ward.batch(1), retained=True))
    assert desk.held(ward) == [(1, 2)]
    assert desk.site.ward(ward.ward).presence == "never"


def test_a_ward_that_floods_is_told_of_is_not_called_silent_and_the_condition_clears_by_itself(
    desk: Desk, ward: ScriptedWard
) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    flood = Traffic(flooding=frozenset({ward.ward}), deaf=frozenset({ward.ward}), dropped={ward.ward: 700})
    for _ in range(120):
        desk.clock.advance(1.0)
        desk.ingest.process([], hearing_since=desk.hearing_since, traffic=flood)
    assert [each.condition.rule for each in desk.site.open_conditions(ward.ward)] == ["ward_floods"]
    assert desk.situation.presence.presence(ward.ward) is Presence.ONLINE  # its silence is of our making
    assert desk.situation.numbers[ward.ward].flood_messages == 700
    assert desk.replays() == []  # what would come of it would not be heard
    desk.wait(5.0)
    assert not desk.site.open_conditions(ward.ward)
    assert len(desk.replays()) == 1  # and what is missing is asked for
