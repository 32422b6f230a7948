"""Whatever a broker loses, doubles or disorders, the district asks until it has all that the wards hold."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from district.replication import ENTRY_BYTES, OUTSTANDING_PER_WARD
from telemetry import wire_pb2 as wire
from telemetry.entry import Tombstone
from telemetry.intervals import IntervalSet
from tests.district.conftest import Desk, answer
from tests.district.fakes import MemoryStore, ScriptedWard, many_polls

OTHER = bytes(reversed(range(16)))


def _answer_all(desk: Desk, *wards: ScriptedWard, rounds: int = 40) -> None:
    """Agents that answer every request, until nothing is asked any more."""
    by_name = {ward.ward: ward for ward in wards}
    for _ in range(rounds):
        asked = [each for each in desk.sent if each[1].WhichOneof("what") == "replay"]
        desk.replays()
        for name, request in asked:
            answer(desk, by_name[name], request)
        desk.wait(1.0)


def test_a_district_that_knows_nothing_gets_everything(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 1800, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()))
    assert desk.site.ward(ward.ward).missing_positions == 1802
    _answer_all(desk, ward)
    assert desk.held(ward) == [(1, 1802)]
    assert desk.site.ward(ward.ward).missing_positions == 0


def test_a_hole_in_the_live_entries_is_asked_for_after_a_grace(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 10, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 5)))
    desk.hear((ward.topic("entries"), ward.batch(9, 12)))
    assert desk.replays() == []  # what is missing may be on its way
    desk.wait(1.0)
    assert [(each.first, each.last) for each in desk.replays()] == [(6, 8)]


def test_requests_are_bounded_and_few_and_wards_take_turns(desk: Desk, ward: ScriptedWard) -> None:
    other = ScriptedWard(ward="thach-thang", incarnation=OTHER).started()
    many_polls(ward, 5000, random.Random(1))
    many_polls(other, 5000, random.Random(2))
    desk.hear((ward.topic("status"), ward.status()), (other.topic("status"), other.status()))
    desk.wait(1.0)
    asked = [(name, request.replay) for name, request in desk.sent if request.WhichOneof("what") == "replay"]
    assert (
        sorted(name for name, _ in asked)
        == ["hai-chau-1"] * OUTSTANDING_PER_WARD + ["thach-thang"] * OUTSTANDING_PER_WARD
    )
    size = desk.pace.request_bytes(2, OUTSTANDING_PER_WARD)
    assert all(replay.last - replay.first + 1 == int(size / ENTRY_BYTES) for _, replay in asked)


def test_a_ward_that_does_not_answer_is_asked_again_less_and_less_often(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 10, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()))
    asked_at = []
    for second in range(300):
        if desk.replays():
            asked_at.append(second)
        desk.wait(1.0)
        if second % 15 == 0:
            desk.hear((ward.topic("entries"), ward.batch(12, 12)))  # it lives, but does not answer
    pauses = [after - before for before, after in pairwise(asked_at)]
    assert len(asked_at) >= 4
    assert pauses[0] < 20
    assert pauses == sorted(pauses)


def test_a_request_that_got_lost_is_made_again_while_live_entries_of_the_same_incarnation_go_on_coming(
    desk: Desk, ward: ScriptedWard
) -> None:
    many_polls(ward, 10, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(9)))
    desk.wait(1.0)
    assert [(each.first, each.last) for each in desk.replays()] == [(1, 8)]  # and the broker dies with it
    asked = []
    for _ in range(30):
        desk.hear((ward.topic("entries"), ward.batch(ward.poll(battery_charge_percent=1.0))))
        desk.wait(1.0)
        asked += [(each.first, each.last) for each in desk.replays()]
    assert len(asked) >= 2 and set(asked) == {(1, 8)}


def test_nobody_is_asked_while_the_ward_is_away(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 10, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()))
    desk.hear((ward.topic("status"), ward.status(online=False)))
    desk.wait(30)
    assert desk.replays() == []
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(1)
    assert len(desk.replays()) == 1


def test_what_the_journal_no_longer_holds_is_a_named_loss(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 20, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(1.0)
    (request,) = [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]
    answer(desk, ward, request, without=lambda position: 5 <= position <= 8)
    state = desk.site.ward(ward.ward)
    assert (state.missing_positions, state.named_losses) == (0, 4)
    desk.replays()
    desk.wait(120)
    assert desk.replays() == []
    desk.start()  # and it is remembered
    assert desk.site.ward(ward.ward).named_losses == 4


def test_a_tombstone_names_a_loss_and_ends_the_asking(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(load_percent=1.0)
    ward.poll(load_percent=2.0)
    ward.write(Tombstone(ward.incarnation, [(3, 4)], "journal_full"))
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 2)))
    desk.hear((ward.topic("entries"), ward.batch(5)))
    state = desk.site.ward(ward.ward)
    assert (state.missing_positions, state.named_losses) == (0, 2)
    desk.wait(20)
    assert desk.replays() == []


def test_a_loss_that_turns_up_after_all_is_no_loss(desk: Desk, ward: ScriptedWard) -> None:
    test_a_tombstone_names_a_loss_and_ends_the_asking(desk, ward)
    desk.hear((ward.topic("replay"), ward.batch(3, 3)))
    assert desk.site.ward(ward.ward).named_losses == 1


def test_earlier_incarnations_that_the_ward_holds_are_asked_for_too(desk: Desk, ward: ScriptedWard) -> None:
    before = ScriptedWard(incarnation=OTHER).started()
    many_polls(before, 5, random.Random(1))
    held = wire.Held(incarnation=OTHER, first_position=1, last_position=7)
    desk.hear((ward.topic("status"), ward.status(held=[held])))
    desk.wait(1.0)
    asked = {(each.incarnation, each.first, each.last) for each in desk.replays()}
    assert asked == {(ward.incarnation, 1, 2), (OTHER, 1, 7)}


def test_a_hub_that_starts_again_goes_on_where_it_was(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 20, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 4)))
    desk.hear((ward.topic("entries"), ward.batch(9, 12)))
    desk.start()  # nothing was closed in order
    desk.hear((ward.topic("status"), ward.status()))
    assert desk.site.ward(ward.ward).missing_positions == 22 - 8
    _answer_all(desk, ward)
    assert desk.held(ward) == [(1, 22)]


def test_nothing_is_lost_or_doubled_over_a_line_that_loses_doubles_and_disorders(
    desk: Desk, ward: ScriptedWard, seed: int
) -> None:
    chance = random.Random(seed)
    sent_until = 0
    under_way: list[tuple[str, bytes]] = []

    def put(what: str, payload: bytes) -> None:
        if bad_line and chance.random() < 0.3:
            return
        if bad_line:
            under_way.extend([(ward.topic(what), payload)] * chance.choice((1, 1, 2)))
        else:
            under_way.append((ward.topic(what), payload))

    for turn in range(600):
        bad_line = turn < 400
        if turn < 200:
            many_polls(ward, chance.randrange(1, 4), chance)
        if sent_until < len(ward.entries):
            put("entries", ward.batch(sent_until + 1))
            sent_until = len(ward.entries)
        if turn % 15 == 0:
            put("status", ward.status())
        for _, request in desk.sent:
            if request.WhichOneof("what") == "replay" and (chance.random() < 0.8 or not bad_line):
                last = min(request.replay.last, len(ward.entries))
                put("replay", ward.batch(request.replay.first, last, request.id))
                put("replies", wire.Reply(request_id=request.id, ok=True).SerializeToString())
        desk.sent.clear()
        if bad_line:
            chance.shuffle(under_way)
        some = chance.randrange(8) if bad_line else len(under_way)
        arrived, under_way = under_way[:some], under_way[some:]
        desk.clock.advance(1.0)
        desk.hear(*arrived)
        if chance.random() < 0.02:
            desk.start()  # the hub is killed and started again
    assert desk.held(ward) == [(1, len(ward.entries))]  # the store of this test refuses anything twice
    assert desk.site.ward(ward.ward).missing_positions == 0
    assert isinstance(desk.store, MemoryStore)
    samples = sum(len(commit.samples) for commit in desk.store.commits)
    assert samples == 2 * (len(ward.entries) - 2)


@pytest.mark.parametrize("restarts", [(), ("named",), ("asked",), ("named", "asked")])
def test_what_was_named_lost_is_asked_for_once_more_when_the_ward_says_that_it_has_it(
    desk: Desk, ward: ScriptedWard, restarts: tuple[str, ...]
) -> None:
    many_polls(ward, 28, random.Random(1))
    new = ScriptedWard(incarnation=OTHER).started()
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 10)))
    desk.hear((ward.topic("status"), ward.status(online=False)))
    desk.hear((new.topic("status"), new.status()), (new.topic("entries"), new.batch(1)))
    assert desk.site.ward(ward.ward).named_losses == 20  # a word that it holds nothing, as agents once gave too early
    if "named" in restarts:
        desk.start()
    saved = [wire.Held(incarnation=ward.incarnation, first_position=1, last_position=30)]
    desk.hear((new.topic("status"), new.status(held=saved)))
    state = desk.site.ward(ward.ward)
    assert (state.named_losses, state.missing_positions) == (0, 20)
    if "asked" in restarts:
        desk.start()
        assert desk.site.ward(ward.ward).named_losses == 0
        desk.hear((new.topic("status"), new.status(held=saved)))
    desk.wait(1.0)
    (request,) = [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]
    answer(desk, ward, request, without=lambda position: position in (15, 16))
    state = desk.site.ward(ward.ward)
    assert (state.named_losses, state.missing_positions) == (2, 0)
    desk.replays()
    for _ in range(5):  # the range is told of again and again, the hole in it is known
        desk.hear((new.topic("status"), new.status(held=saved)))
        desk.wait(5.0)
    assert desk.replays() == []
    assert desk.records.losses()[ward.ward, ward.incarnation] == IntervalSet([(15, 16)])


def test_what_comes_although_it_was_named_lost_is_taken_and_is_named_no_more(desk: Desk, ward: ScriptedWard) -> None:
    many_polls(ward, 8, random.Random(1))
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 1)))
    desk.wait(1.0)
    (request,) = [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]
    answer(desk, ward, request, without=lambda _: True)
    assert desk.site.ward(ward.ward).named_losses == 9
    desk.hear((ward.topic("replay"), ward.batch(4, 6)))
    assert desk.site.ward(ward.ward).named_losses == 6
    assert desk.records.losses()[ward.ward, ward.incarnation] == IntervalSet([(2, 3), (7, 10)])


def test_two_statuses_of_one_moment_are_taken_in_their_order(desk: Desk, ward: ScriptedWard) -> None:
    new = ScriptedWard(incarnation=OTHER).started()
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 1)))
    desk.hear((ward.topic("status"), ward.status(online=False)))
    saved = [wire.Held(incarnation=ward.incarnation, first_position=1, last_position=2)]
    desk.hear((new.topic("status"), new.status()), (new.topic("status"), new.status(held=saved)))
    assert desk.site.ward(ward.ward).named_losses == 0
    assert not desk.records.losses()


def test_only_what_the_ward_tells_of_is_asked_for_once_more_and_no_tombstone_is_opened(
    desk: Desk, ward: ScriptedWard
) -> None:
    many_polls(ward, 6, random.Random(1))
    ward.write(Tombstone(ward.incarnation, [(3, 4)], "journal_full"))
    new = ScriptedWard(incarnation=OTHER).started()
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(9)))
    desk.hear((ward.topic("status"), ward.status(online=False)))
    desk.hear((new.topic("status"), new.status()))
    assert desk.site.ward(ward.ward).named_losses == 8
    saved = [wire.Held(incarnation=ward.incarnation, first_position=2, last_position=6)]
    desk.hear((new.topic("status"), new.status(held=saved)))
    for again in (False, True):
        if again:
            desk.start()
        assert desk.holdings.of(ward.ward, ward.incarnation).lost == IntervalSet([(1, 1), (3, 4), (7, 8)])
    assert desk.records.losses()[ward.ward, ward.incarnation] == IntervalSet([(1, 1), (3, 4), (7, 8)])
