"""Two agents that say they are one ward: told in words, both kept whole, one of them shown, and never in turns."""

from __future__ import annotations

import random

import pytest

from dashboards.console.site import Presence
from district.ingest import Message
from telemetry import wire_pb2 as wire
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Lifecycle, LifecycleEvent
from tests.district.conftest import Desk, answer
from tests.district.fakes import MemoryStore, ScriptedWard, many_polls

SPARE = bytes(reversed(range(16)))
WARD = "hai-chau-1"


@pytest.fixture
def spare(ward: ScriptedWard) -> ScriptedWard:
    """Another machine with the same configuration and a journal of its own."""
    ward.machine = "pi-phuong"
    return ScriptedWard(incarnation=SPARE, machine="pi-du-phong").started()


def _speak(desk: Desk, *wards: ScriptedWard, seconds: int = 1, load: float = 5.0) -> None:
    """Each writes a poll a second and sends it; a status every ten."""
    for second in range(seconds):
        for number, each in enumerate(wards):
            position = each.poll(load_percent=load + number)
            desk.hear((each.topic("entries"), each.batch(1 if position == 3 else position)))
            if second % 10 == 0:
                desk.hear((each.topic("status"), each.status()))
        desk.wait(1.0)


def _told(desk: Desk) -> list[tuple[str, str]]:
    return [(each.condition.rule, each.condition.instance) for each in desk.site.open_conditions(WARD)]


def _load(desk: Desk) -> float:
    return next(each.value for each in desk.site.device(WARD, "ups-1").readings if each.metric == "load_percent")


def test_two_that_speak_side_by_side_are_told_with_their_names_the_shown_one_first(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, seconds=30)
    _speak(desk, ward, spare, seconds=15)
    assert _told(desk) == []  # an old one may still be heard for a moment
    _speak(desk, ward, spare, seconds=15)
    ((rule, who),) = _told(desk)
    assert rule == "two_agents"
    assert who.index("pi-phuong") < who.index("pi-du-phong")
    _speak(desk, ward, seconds=70)
    assert _told(desk) == []
    (span,) = desk.site.condition_spans(WARD, "", 0, 2**60)
    assert span.end_us is not None


def test_what_is_shown_follows_the_one_that_was_there_and_never_takes_turns(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, seconds=5)
    alarm = Condition("printer-1", "unreachable", "", ConditionState.RAISED, Severity.FAILURE, spare.wall_us)
    spare.write(alarm, "printer-1", "printer")
    desk.hear((spare.topic("status"), spare.status()), (spare.topic("entries"), spare.batch(1)))
    for _ in range(90):
        _speak(desk, spare, ward)
        assert _load(desk) == 6.0  # the ward's, though the spare one's came in between
        assert "unreachable" not in [rule for rule, _ in _told(desk)]
    assert desk.site.ward(WARD).presence is Presence.ONLINE


def test_both_are_kept_whole_also_where_their_samples_meet_in_one_series(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, spare, seconds=60)
    assert desk.held(ward) == [(1, len(ward.entries))]
    assert desk.held(spare) == [(1, len(spare.entries))]
    assert isinstance(desk.store, MemoryStore)
    loads = [s for commit in desk.store.commits for s in commit.samples if s.metric == "load_percent"]
    assert len(loads) == 120
    assert desk.site.ward(WARD).named_losses == 0


def test_each_is_asked_for_what_is_its_own_and_one_s_word_gives_up_nothing_of_the_other(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, spare, seconds=2)
    first = len(spare.entries) + 1
    many_polls(spare, 20, random.Random(1))  # these did not come
    _speak(desk, ward, spare, seconds=3)
    asked = [request for _, request in desk.sent if request.WhichOneof("what") == "replay" and request.to == SPARE]
    assert asked and asked[-1].replay.incarnation == SPARE and asked[-1].replay.first == first
    desk.hear((ward.topic("status"), ward.status()))  # which holds nothing of it
    assert desk.site.ward(WARD).named_losses == 0
    answer(desk, spare, asked[-1])
    desk.wait(2)
    assert desk.held(spare) == [(1, len(spare.entries))]


def test_after_a_start_of_the_hub_nobody_is_asked_for_what_is_another_s(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, spare, seconds=30)
    many_polls(ward, 20, random.Random(1))  # while the hub was away
    first = len(ward.entries) - 19
    desk.start()
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(1.0)
    asked = [request for _, request in desk.sent if request.WhichOneof("what") == "replay"]
    assert asked and asked[0].replay.first == first
    for request in asked:
        if request.to in (b"", SPARE):  # it would say, truly, that it holds nothing of it
            answer(desk, spare, request, without=lambda _: True)
    assert [request.to for request in asked] == [ward.incarnation] * len(asked)
    assert desk.site.ward(WARD).named_losses == 0
    for request in asked:
        answer(desk, ward, request)
    desk.wait(2.0)
    assert desk.held(ward) == [(1, len(ward.entries))]


def test_when_the_shown_one_falls_silent_the_other_is_shown_with_all_that_it_said(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, spare, seconds=30)
    spare.poll("printer-1", pages_total=7.0)
    desk.hear((spare.topic("entries"), spare.batch(len(spare.entries))))
    _speak(desk, spare, seconds=50, load=9.0)
    assert _load(desk) == 9.0
    assert [each.value for each in desk.site.device(WARD, "printer-1").readings if each.metric == "pages_total"] == [7]
    _speak(desk, ward, spare, seconds=30)  # it comes back: now it is the other one
    assert _load(desk) == 6.0
    assert _told(desk)[0][1].index("pi-du-phong") < _told(desk)[0][1].index("pi-phuong")


def test_a_copy_of_a_journal_that_goes_on_is_found_when_the_first_speaks_on(desk: Desk, ward: ScriptedWard) -> None:
    _speak(desk, ward, seconds=5)
    copy = ScriptedWard(incarnation=SPARE, machine="copy").started(ward)
    held = [wire.Held(incarnation=ward.incarnation, first_position=1, last_position=len(ward.entries))]
    desk.hear((copy.topic("status"), copy.status(held=held)), (copy.topic("entries"), copy.batch(1)))
    desk.wait(1)
    for _ in range(30):
        _speak(desk, ward, copy)
        assert _load(desk) == 6.0  # it was taken for the ward, started again, and stays so
    assert "two_agents" in [rule for rule, _ in _told(desk)]


# ---- what is no second agent ---------------------------------------------------------------------------------------


def test_a_restart_is_none_however_late_the_will_and_the_last_words_of_the_old_one_come(
    desk: Desk, ward: ScriptedWard
) -> None:
    _speak(desk, ward, seconds=10)
    late = ward.poll(load_percent=1.0)
    again = ScriptedWard(incarnation=SPARE).started(ward)
    desk.hear((again.topic("status"), again.status()), (again.topic("entries"), again.batch(1)))
    _speak(desk, again, seconds=8)
    desk.hear((ward.topic("entries"), ward.batch(late)))  # out of a slow line
    desk.hear((ward.topic("status"), ward.status(online=False)))  # the broker gave it up
    _speak(desk, again, seconds=90)
    assert _told(desk) == []
    assert desk.site.ward(WARD).presence is Presence.ONLINE
    assert _load(desk) == 5.0


def test_a_new_journal_after_a_crash_is_shown_at_once_when_the_old_one_is_known_to_be_gone(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, seconds=10)
    desk.hear((ward.topic("status"), ward.status(online=False)))
    _speak(desk, spare, load=8.0)
    assert _load(desk) == 8.0
    assert _told(desk) == []


def test_what_the_broker_kept_and_what_is_replayed_speak_for_nobody(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    spare.write(Lifecycle(LifecycleEvent.STOPPED))
    for _ in range(8):
        _speak(desk, ward, seconds=10)
        desk.hear(Message(spare.topic("status"), spare.status(), retained=True))
        desk.hear((spare.topic("replay"), spare.batch(1)))
    assert _told(desk) == []
    assert _load(desk) == 5.0


def test_a_hub_that_starts_again_shows_the_same_one_and_tells_of_both_again(
    desk: Desk, ward: ScriptedWard, spare: ScriptedWard
) -> None:
    _speak(desk, ward, spare, seconds=30)
    desk.start()
    assert [rule for rule, _ in _told(desk)] == ["two_agents"]
    for _ in range(60):
        _speak(desk, spare, ward)
        assert _load(desk) == 6.0
    assert [rule for rule, _ in _told(desk)] == ["two_agents"]
    _speak(desk, ward, seconds=70)
    assert _told(desk) == []
