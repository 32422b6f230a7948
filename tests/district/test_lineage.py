"""A ward's journal that does not go on where it ended: told, and settled in favour of what is held."""

from __future__ import annotations

from dashboards.console.site import OpenCondition
from district.tables import NamedLoss
from telemetry import wire_pb2 as wire
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Lifecycle, LifecycleEvent
from tests.district.conftest import Desk, answer
from tests.district.fakes import ScriptedWard

WARD = "hai-chau-1"
SECOND, THIRD = bytes(range(16, 32)), bytes(range(32, 48))


def _written(ward: ScriptedWard, polls: int = 8) -> ScriptedWard:
    for _ in range(polls):
        ward.poll(load_percent=1.0)
    ward.write(Lifecycle(LifecycleEvent.STOPPED))
    return ward


def _copy(ward: ScriptedWard, entries: int) -> ScriptedWard:
    """The ward's journal as it was when it had so many entries."""
    return ScriptedWard(incarnation=ward.incarnation, entries=ward.entries[:entries])


def _after(ward: ScriptedWard, incarnation: bytes) -> ScriptedWard:
    return ScriptedWard(incarnation=incarnation, wall_us=ward.wall_us).started(ward)


def _hear(desk: Desk, ward: ScriptedWard, *before: ScriptedWard) -> None:
    held = [wire.Held(incarnation=e.incarnation, first_position=1, last_position=len(e.entries)) for e in before]
    desk.hear((ward.topic("status"), ward.status(held=held)), (ward.topic("entries"), ward.batch(1)))


def _rules(desk: Desk) -> list[str]:
    opened: list[OpenCondition] = list(desk.site.open_conditions(WARD))
    return [each.condition.rule for each in opened]


def test_a_restart_in_order_tells_nothing(desk: Desk, ward: ScriptedWard) -> None:
    _hear(desk, _written(ward))
    second = _written(_after(ward, SECOND))
    _hear(desk, second, ward)
    _hear(desk, _after(second, THIRD), ward, second)
    desk.wait(5)
    assert _rules(desk) == []


def test_neither_does_one_whose_start_comes_before_the_end_of_the_one_before(desk: Desk, ward: ScriptedWard) -> None:
    _written(ward)
    desk.hear((ward.topic("entries"), ward.batch(1, 4)))
    _hear(desk, _after(ward, SECOND), ward)
    desk.hear((ward.topic("replay"), ward.batch(5)))
    desk.wait(5)
    assert _rules(desk) == []


def test_an_agent_that_goes_on_from_an_older_copy_is_told_for_a_day_and_what_is_held_stays(
    desk: Desk, ward: ScriptedWard
) -> None:
    _hear(desk, _written(ward))
    copy = _copy(ward, 6)
    _hear(desk, _after(copy, SECOND), copy)
    assert _rules(desk) == ["agent_restored"]
    assert desk.held(ward) == [(1, 11)]
    assert desk.site.ward(WARD).named_losses == 0
    desk.start()
    assert _rules(desk) == ["agent_restored"]
    desk.clock.advance(86_400)
    desk.wait(1)
    assert "agent_restored" not in _rules(desk)


def test_so_is_a_second_one_that_goes_on_from_the_same_end(desk: Desk, ward: ScriptedWard) -> None:
    _hear(desk, _written(ward))
    second = _after(ward, SECOND)
    _hear(desk, second, ward)
    desk.start()  # the hub knows it from its store
    _hear(desk, _after(ward, THIRD), ward)
    assert _rules(desk) == ["agent_restored"]


def test_what_was_written_after_the_copy_and_never_sent_is_a_named_loss(desk: Desk, ward: ScriptedWard) -> None:
    _written(ward)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 8)))  # 9..11 did not come
    desk.hear((ward.topic("status"), ward.status(online=False)))
    copy = _copy(ward, 6)
    restored = _after(copy, SECOND)
    _hear(desk, restored, copy)
    for _ in range(20):
        desk.wait(1)
        for _, request in [each for each in desk.sent if each[1].replay.incarnation == ward.incarnation]:
            answer(desk, ward, request, without=lambda position: position > 6)
        desk.replays()
    state = desk.site.ward(WARD)
    assert (state.named_losses, state.missing_positions) == (3, 0)
    assert desk.held(ward) == [(1, 8)]


def test_so_is_the_end_of_a_journal_that_is_gone_altogether(desk: Desk, ward: ScriptedWard) -> None:
    _written(ward)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1, 8)))
    desk.hear((ward.topic("status"), ward.status(online=False)))
    _hear(desk, ScriptedWard(incarnation=SECOND).started())
    state = desk.site.ward(WARD)
    assert (state.named_losses, state.missing_positions) == (3, 0)


def test_the_end_that_only_the_next_start_names_is_missed_until_it_comes_or_is_lost(
    desk: Desk, ward: ScriptedWard
) -> None:
    _written(ward)
    desk.hear((ward.topic("entries"), ward.batch(1, 8)))
    second = _after(ward, SECOND)
    desk.hear((second.topic("entries"), second.batch(1)))
    desk.start()  # no status told of 9..11
    assert desk.site.ward(WARD).missing_positions == 3


def test_a_start_that_names_another_entry_than_the_one_that_is_held_is_a_fork(desk: Desk, ward: ScriptedWard) -> None:
    _hear(desk, _written(ward))
    forged = ScriptedWard(incarnation=ward.incarnation, entries=[*ward.entries[:-1], b"something else"])
    _hear(desk, _after(forged, SECOND), ward)
    assert _rules(desk) == ["journal_forked"]


def test_so_is_an_incarnation_whose_positions_begin_again_below_what_is_held(desk: Desk, ward: ScriptedWard) -> None:
    _hear(desk, _written(ward))
    copy = _copy(ward, 6)
    desk.hear((copy.topic("status"), copy.status()))  # one that comes late says nothing
    desk.hear((ward.topic("status"), ward.status()))
    desk.wait(30)
    assert _rules(desk) == []
    for _ in range(3):
        desk.hear((copy.topic("status"), copy.status()))
        desk.wait(15)
    assert _rules(desk) == ["journal_forked"]


def test_statuses_that_come_late_again_and_again_are_none_while_the_entries_go_on(
    desk: Desk, ward: ScriptedWard
) -> None:
    _hear(desk, _written(ward))
    late = ward.status()
    for _ in range(5):  # its own statuses come once a minute, its entries all the time
        desk.hear((ward.topic("entries"), ward.batch(ward.poll(battery_charge_percent=1.0))))
        desk.hear((ward.topic("status"), late))
        desk.wait(12)
    assert _rules(desk) == []


def _goes_on(desk: Desk, ward: ScriptedWard) -> None:
    """Its newest entry comes live."""
    desk.hear((ward.topic("entries"), ward.batch(len(ward.entries))))
    desk.wait(1)


def _forked(desk: Desk) -> list[tuple[int, int]]:
    with desk.records._reading() as session:
        rows = session.query(NamedLoss).filter_by(why="forked")
        return sorted((row.first_position, row.last_position) for row in rows)


def test_a_small_rewind_is_a_fork_as_soon_as_a_condition_comes_where_something_else_is_held(
    desk: Desk, ward: ScriptedWard
) -> None:
    for _ in range(30):
        ward.poll(load_percent=1.0)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    snapshot = ScriptedWard(entries=ward.entries[:20], wall_us=ward.wall_us)
    for number in range(12):
        if number == 3:
            alarm = Condition("ups-1", "on_battery", "", ConditionState.RAISED, Severity.FAILURE, snapshot.wall_us)
            snapshot.write(alarm, "ups-1", "ups")
        else:
            snapshot.poll(load_percent=50.0 + number)
        _goes_on(desk, snapshot)
    assert _rules(desk) == ["journal_forked"]
    assert _forked(desk) == [(24, 24)]
    assert desk.held(ward) == [(1, 32)]
    desk.start()
    assert desk.site.ward(WARD).missing_positions == 0


def test_so_is_one_where_readings_come_at_the_place_of_a_condition(desk: Desk, ward: ScriptedWard) -> None:
    ward.poll(load_percent=1.0)
    ward.write(Condition("ups-1", "on_battery", "", ConditionState.RAISED, Severity.FAILURE, 0), "ups-1", "ups")
    desk.hear((ward.topic("entries"), ward.batch(1)))
    snapshot = _copy(ward, 3)
    snapshot.poll(load_percent=2.0)
    desk.hear((snapshot.topic("replay"), snapshot.batch(4)))
    assert "journal_forked" not in _rules(desk)  # only what is said live
    _goes_on(desk, snapshot)
    assert "journal_forked" in _rules(desk)
    assert _forked(desk) == [(4, 4)]


def test_what_comes_twice_as_it_was_is_no_fork_in_one_group_or_later(desk: Desk, ward: ScriptedWard) -> None:
    _written(ward)
    ward.write(Condition("ups-1", "on_battery", "", ConditionState.RAISED, Severity.FAILURE, 0), "ups-1", "ups")
    desk.hear((ward.topic("entries"), ward.batch(1)), (ward.topic("entries"), ward.batch(1)))
    desk.hear((ward.topic("entries"), ward.batch(4)))
    desk.wait(1)
    assert "journal_forked" not in _rules(desk)
    assert desk.situation.numbers[WARD].dropped_duplicates == 2 * len(ward.entries) - 3
