"""Whether a ward is there: by its words, its will, its silence; in virtual time."""

from __future__ import annotations

from dashboards.console.site import Change, Presence, Topic
from district.message import Message
from tests.district.conftest import Desk
from tests.district.fakes import ScriptedWard


def _rules(desk: Desk) -> list[str]:
    return [each.condition.rule for each in desk.site.open_conditions("hai-chau-1")]


def _presence(desk: Desk) -> Presence:
    return desk.site.ward("hai-chau-1").presence


def test_a_ward_that_never_spoke_is_not_called_dead(desk: Desk) -> None:
    desk.wait(600, step=5)
    assert _presence(desk) is Presence.NEVER
    assert _rules(desk) == []


def test_a_will_makes_a_ward_offline_at_once_and_a_condition_after_the_hold(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    assert _presence(desk) is Presence.ONLINE
    spoke_us = desk.clock.wall_us()
    desk.wait(10)
    desk.hear((ward.topic("status"), ward.status(online=False)))
    assert _presence(desk) is Presence.OFFLINE
    assert _rules(desk) == []
    desk.wait(6)
    (opened,) = desk.site.open_conditions("hai-chau-1")
    assert (opened.condition.rule, opened.condition.device) == ("ward_silent", "")
    assert opened.condition.since_us == spoke_us  # out of contact since its last word
    assert Change(Topic.CONDITION, "hai-chau-1") in desk.changes


def test_one_that_is_back_within_five_seconds_raises_nothing(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    desk.hear((ward.topic("status"), ward.status(online=False)))
    desk.wait(4)
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(20)
    assert _rules(desk) == []
    assert desk.records.conditions("hai-chau-1", 0, 2**60) == []


def test_silence_makes_a_ward_offline_and_a_word_brings_it_back(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(44)
    assert _presence(desk) is Presence.ONLINE
    desk.wait(2)
    assert _presence(desk) is Presence.OFFLINE
    desk.wait(6)
    assert _rules(desk) == ["ward_silent"]
    desk.hear((ward.topic("entries"), ward.batch(1)))
    assert _presence(desk) is Presence.ONLINE
    assert _rules(desk) == []
    (span,) = desk.site.condition_spans("hai-chau-1", "", 0, 2**60)
    assert span.end_us == desk.clock.wall_us()
    assert [(each.online, each.why) for each in desk.records.presence("hai-chau-1")] == [
        (True, "word"),
        (False, "silence"),
        (True, "word"),
    ]


def test_what_a_dead_agent_left_at_the_broker_keeps_nobody_alive(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear(Message(ward.topic("status"), ward.status(), retained=True))
    desk.wait(30)
    desk.hear(Message(ward.topic("status"), ward.status(), retained=True))
    desk.wait(16)
    assert _presence(desk) is Presence.OFFLINE


def test_a_retained_will_says_that_a_ward_is_away(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear(Message(ward.topic("status"), ward.status(online=False), retained=True))
    assert _presence(desk) is Presence.OFFLINE


def test_the_will_of_an_agent_that_was_followed_by_another_buries_nobody(desk: Desk, ward: ScriptedWard) -> None:
    followed = ScriptedWard(incarnation=bytes(reversed(range(16)))).started()
    desk.hear((followed.topic("status"), followed.status()))
    desk.hear((ward.topic("status"), ward.status()))
    desk.hear((followed.topic("status"), followed.status(online=False)))
    assert _presence(desk) is Presence.ONLINE


def test_garbage_is_no_word(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    for _ in range(10):
        desk.wait(5)
        desk.hear((ward.topic("entries"), b"\xff\xff garbage"))
    assert _presence(desk) is Presence.OFFLINE


def test_a_hub_without_a_broker_blames_the_broker_and_no_ward(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    desk.broker_there = False
    desk.wait(120)
    assert _presence(desk) is Presence.ONLINE
    assert _rules(desk) == ["hub_broker_lost"]
    desk.broker_there = True
    desk.hearing_since = desk.clock.monotonic()
    desk.wait(30)
    assert _rules(desk) == []
    desk.wait(30)
    assert "ward_silent" in _rules(desk)  # now it could have spoken


def test_a_condition_of_the_district_outlives_the_hub(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(60)
    before = desk.site.open_conditions("hai-chau-1")
    assert [each.condition.rule for each in before] == ["ward_silent"]
    desk.start()
    assert desk.site.open_conditions("hai-chau-1") == before
    assert _presence(desk) is Presence.OFFLINE
    desk.wait(60)
    assert len(desk.records.conditions("hai-chau-1", 0, 2**60)) == 1
    desk.hear((ward.topic("status"), ward.status()))
    assert desk.site.open_conditions("hai-chau-1") == []
