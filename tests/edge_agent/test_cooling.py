"""Whether a room's cooling works: days in a ward, and what must hold on every day."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent import devices, opening_hours
from edge_agent.cooled_room import CooledRoom
from edge_agent.cooling import Cooling, CoolingJudge, CoolingSettings
from edge_agent.rules.engine import DeviceRules, Moment
from edge_agent.rules.model import rules_for
from telemetry.clock import FakeClock
from telemetry.conditions import ConditionState
from telemetry.kinds import Kind
from telemetry.readings import PollResult, Reading, ReasonCode, unreachable
from tests.edge_agent.fakes import FakeCollector
from tests.edge_agent.test_config import MODBUS, WARD, read

TARGET = 26.0
MINUTE = 60.0
Room = Callable[[float], float]  # minutes since opening → °C
NOT_NEEDED, WORKS, FAILS = Cooling.NOT_NEEDED, Cooling.WORKS, Cooling.FAILS


def watch(
    room: Room, minutes: float, running: bool | None = None, every: float = 30.0, judge: CoolingJudge | None = None
) -> list[tuple[float, Cooling | None]]:
    """The office opens at 0; what is said at each minute."""
    judge = judge or CoolingJudge(TARGET)
    found = []
    for step in range(int(minutes * MINUTE / every) + 1):
        minute = step * every / MINUTE
        found.append((minute, judge.observe(5000 + step * every, room(minute), running, True)))
    return found


def changes(said: list[tuple[float, Cooling | None]]) -> list[Cooling | None]:
    states = [state for _, state in said]
    return states[:1] + [after for before, after in pairwise(states) if before is not after]


def first(said: list[tuple[float, Cooling | None]], state: Cooling) -> float:
    return next(minute for minute, found in said if found is state)


def test_on_a_cool_winter_day_none_is_needed() -> None:
    assert changes(watch(lambda minute: 21 + 3 * math.sin(minute / 60), 240)) == [NOT_NEEDED]


def test_a_hot_morning_is_pulled_down() -> None:
    said = watch(lambda minute: max(TARGET + 0.3, 33 - 0.08 * minute), 240)
    assert changes(said) == [None, WORKS]
    assert first(said, WORKS) <= 15


def test_a_unit_that_holds_its_target_works_also_where_it_swings_around_it() -> None:
    said = watch(lambda minute: 26.4 + 0.8 * math.sin(minute / 7), 240)
    assert changes(said) == [WORKS]


def test_a_dead_compressor_is_told_after_half_an_hour_of_opening_hours() -> None:
    said = watch(lambda minute: 31 + 0.01 * minute, 120)
    assert changes(said) == [None, FAILS]
    assert first(said, FAILS) == 30


def test_a_compressor_that_dies_at_ten_is_told_half_an_hour_after_the_room_is_too_hot() -> None:
    said = watch(lambda minute: 26.5 if minute < 150 else min(32, 26.5 + 0.1 * (minute - 150)), 240)
    assert changes(said) == [WORKS, FAILS]
    too_hot = 150 + 1.5 / 0.1
    assert too_hot + 30 <= first(said, FAILS) <= too_hot + 35


def test_one_that_is_repaired_works_as_soon_as_the_room_gets_cooler() -> None:
    said = watch(lambda minute: 32 if minute < 60 else max(26, 32 - 0.1 * (minute - 60)), 180)
    assert changes(said) == [None, FAILS, WORKS]
    assert first(said, WORKS) <= 80


def test_a_room_that_stops_getting_cooler_while_still_too_hot_is_told() -> None:
    said = watch(lambda minute: max(29.5, 33 - 0.2 * minute), 120)
    assert changes(said) == [None, WORKS, FAILS]


def test_a_door_that_stands_open_for_ten_minutes_is_no_failure() -> None:
    said = watch(lambda minute: 29 if 60 <= minute < 70 else 26.2, 180)
    assert changes(said) == [WORKS]


def test_a_sensor_that_flaps_is_no_room_that_does() -> None:
    chance = random.Random(7)
    said = watch(lambda _: 26.2 + chance.choice((0.0, 0.0, 0.0, 9.0)), 240)
    assert FAILS not in changes(said)
    assert [state for _, state in said][-1] is WORKS
    said = watch(lambda minute: 31 + (2.5 if int(minute * 2) % 2 else -2.5), 120)  # every other reading
    assert changes(said) == [None, FAILS]


def test_a_unit_that_says_it_is_off_is_not_needed_while_the_room_is_cool_and_fails_when_it_is_not() -> None:
    assert changes(watch(lambda _: 25.0, 60, running=False)) == [NOT_NEEDED]
    assert changes(watch(lambda _: 25.0, 60, running=True)) == [WORKS]
    assert changes(watch(lambda minute: 27.0, 60, running=False)) == [None]  # warm, off: nothing to judge
    assert changes(watch(lambda _: 30.0, 60, running=False)) == [None, FAILS]


def test_outside_opening_hours_nothing_is_judged_and_each_opening_begins_anew() -> None:
    judge = CoolingJudge(TARGET)
    assert first(watch(lambda _: 31, 60, judge=judge), FAILS) == 30
    assert judge.observe(10_000, 31, None, False) is None
    assert judge.observe(10_030, 31, None, True) is None  # it has its half hour again
    assert judge.observe(10_300, 25, True, True) is WORKS


def test_a_gap_in_the_readings_says_nothing_and_what_was_before_a_long_one_does_not_count() -> None:
    judge = CoolingJudge(TARGET)
    watch(lambda _: 31, 25, judge=judge)  # until 5000 + 1500
    assert judge.observe(6530, None, None, True) is None
    assert judge.observe(6800, 31, None, True) is FAILS  # five minutes are missing, and change nothing
    late = CoolingJudge(TARGET)
    watch(lambda _: 31, 29, judge=late)
    assert late.observe(5000 + 29 * 60 + 901, 31, None, True) is None
    assert late.observe(5000 + 29 * 60 + 931, 31, None, True) is None


def test_a_restart_begins_with_nothing_known() -> None:
    assert CoolingJudge(TARGET).observe(1.0, 35, None, True) is None
    assert CoolingJudge(TARGET).observe(1.0, 26.5, None, True) is WORKS


SAMPLES = st.lists(
    st.tuples(
        st.floats(1, 1200),
        st.none() | st.floats(15, 40),
        st.sampled_from([None, True, False]),
        st.booleans() | st.just(True),
    ),
    max_size=80,
)


@given(SAMPLES, st.floats(18, 30), st.integers(0, 1000))
def test_what_must_hold_on_every_day(
    samples: list[tuple[float, float | None, bool | None, bool]], target: float, shift: int
) -> None:
    judge, later = CoolingJudge(target), CoolingJudge(target)
    settings = CoolingSettings()
    now, hot_for, last = 1000.0, 0.0, None
    for step, temperature, running, is_open in samples:
        now += step
        state = judge.observe(now, temperature, running, is_open)
        # the same day at another time is judged the same (as far as its times can be written the same)
        if all(float(int(each[0])) == each[0] for each in samples):
            assert later.observe(now + shift, temperature, running, is_open) is state
        if not is_open or temperature is None:
            assert state is None
        if not is_open or (last is not None and now - last > settings.gap):
            hot_for, last = 0.0, None
        if is_open and temperature is not None:
            hot_for = hot_for + (now - last) if last is not None else 0.0
            last = now
        if state is FAILS:
            assert hot_for >= settings.after  # never before its half hour without a gap
        if state is NOT_NEEDED and temperature is not None and running is True:
            raise AssertionError("a unit that runs is not said to be unneeded")
        assert len(judge._samples) <= 2 * 300 + 2


@given(st.lists(st.floats(15, 27.9), min_size=2, max_size=200), st.floats(5, 600))
def test_a_room_never_too_hot_never_fails(temperatures: list[float], every: float) -> None:
    judge = CoolingJudge(TARGET)
    states = [judge.observe(1000 + number * every, value, None, True) for number, value in enumerate(temperatures)]
    assert FAILS not in states


@given(st.floats(28.1, 45), st.floats(0, 0.2), st.floats(5, 600))
def test_a_room_that_stays_too_hot_always_fails(temperature: float, noise: float, every: float) -> None:
    judge = CoolingJudge(TARGET)
    chance = random.Random(3)
    count = int(1800 / every) + 2
    states = [
        judge.observe(1000 + number * every, temperature + chance.random() * noise, None, True)
        for number in range(count)
    ]
    assert states[-1] is FAILS


# ---- around a collector, with the rules ------------------------------------------------------------------------------

WEDNESDAY_0800 = int(datetime(2026, 11, 25, 1, 0, tzinfo=UTC).timestamp() * 1e6)  # 08:00 in Đà Nẵng
HOURS = opening_hours.parse(opening_hours.DEFAULT)


class Told(FakeCollector):
    """A collector of one room."""

    def __init__(self) -> None:
        super().__init__(self._tell)
        self.result = PollResult(True)

    async def _tell(self) -> PollResult:
        return self.result

    def set(self, *readings: Reading) -> None:
        self.result = PollResult(True, readings)


async def cooling(room: CooledRoom, clock: FakeClock, seconds: float) -> list[float]:
    """Polls every 30 s; the values of cooling_state at the end."""
    for _ in range(int(seconds / 30)):
        clock.advance(30)
        result = await room.poll()
    return [reading.value for reading in result.readings if reading.metric == "cooling_state"]


async def test_a_split_unit_with_a_cheap_sensor_counts_in_opening_hours_only() -> None:
    clock, told = FakeClock(wall_us=WEDNESDAY_0800), Told()
    room = CooledRoom(told, CoolingJudge(TARGET), HOURS, clock, "")
    told.set(Reading("temperature_celsius", 31.0))
    assert await cooling(room, clock, 1740) == []
    assert await cooling(room, clock, 120) == [2.0]
    clock.step_wall(4 * 3600)  # the clock jumps to 12:31: closed
    assert await cooling(room, clock, 60) == []
    clock.step_wall(-4 * 3600)  # and back: a new half hour
    assert await cooling(room, clock, 1500) == []
    assert await cooling(room, clock, 400) == [2.0]


async def test_of_several_temperatures_the_rooms_is_taken() -> None:
    clock, told = FakeClock(wall_us=WEDNESDAY_0800), Told()
    told.set(Reading("temperature_celsius", 12.0, "Supply air"), Reading("temperature_celsius", 26.5, "Return air"))
    assert await cooling(CooledRoom(told, CoolingJudge(TARGET), HOURS, clock, ""), clock, 60) == [1.0]
    named = CooledRoom(told, CoolingJudge(TARGET), HOURS, clock, "Supply air")
    assert await cooling(named, clock, 60) == [0.0]
    told.set(Reading("temperature_celsius", 12.0, "1"), Reading("temperature_celsius", 26.5, "2"))
    assert await cooling(CooledRoom(told, CoolingJudge(TARGET), HOURS, clock, ""), clock, 60) == []


async def test_a_device_that_does_not_answer_passes_through() -> None:
    clock, told = FakeClock(wall_us=WEDNESDAY_0800), Told()
    told.result = unreachable(ReasonCode.NO_ANSWER)
    room = CooledRoom(told, CoolingJudge(TARGET), HOURS, clock, "")
    assert await room.poll() is told.result
    await room.close()
    assert told.closed


def test_cooling_that_failed_stays_open_over_the_night_until_it_works(tmp_path: Path) -> None:
    configuration = read(tmp_path, WARD + MODBUS + 'map = "xy-md02"\ntarget_celsius = 26\n[cooling]\ntoo_hot = 3\n')
    assert configuration.cooling.settings(30).too_hot == 3
    engine = devices.engine(configuration)

    def at(minute: float, *readings: Reading) -> list[tuple[str, ConditionState]]:
        moment = Moment(WEDNESDAY_0800 + round(minute * 60e6), 1000 + minute * 60)
        found = engine.observe("ac-1", PollResult(True, readings), moment)
        return [(condition.rule, condition.state) for condition in found]

    hot = Reading("temperature_celsius", 31.0)
    assert at(0, hot, Reading("cooling_state", 2.0)) == [("cooling_failed", ConditionState.RAISED)]
    for minute in range(600, 620):
        assert at(minute, hot) == []  # closed: nothing is judged
    assert at(1440, hot, Reading("cooling_state", 1.0)) == [("cooling_failed", ConditionState.CLEARED)]


def test_a_device_that_has_no_target_any_more_leaves_no_condition_behind(tmp_path: Path) -> None:
    with_target = devices.engine(read(tmp_path, WARD + MODBUS + 'map = "xy-md02"\ntarget_celsius = 26\n'))
    failed = PollResult(True, [Reading("cooling_state", 2.0)])
    [raised] = with_target.observe("ac-1", failed, Moment(WEDNESDAY_0800, 1000))
    without = devices.engine(read(tmp_path, WARD + MODBUS + 'map = "xy-md02"\n'))
    [cleared] = without.restore([raised])
    assert cleared.state is ConditionState.CLEARED


@dataclass(frozen=True)
class Rule:
    """A reading that lasts: when (in seconds) its condition is raised, and the reading that clears it."""

    name: str
    kind: Kind
    reading: Reading
    raised: float
    good: Reading


RULES = [
    Rule("room_too_hot", Kind.SENSOR, Reading("temperature_celsius", 35.0), 600, Reading("temperature_celsius", 32.9)),
    Rule("humidity_high", Kind.AIRCON, Reading("humidity_percent", 90.0), 3600, Reading("humidity_percent", 79.0)),
    Rule("aircon_fault", Kind.AIRCON, Reading("aircon_fault", 1.0), 30, Reading("aircon_fault", 0.0)),
    Rule(
        *("sensor_battery_low", Kind.SENSOR, Reading("sensor_battery_percent", 10.0)),
        *(60, Reading("sensor_battery_percent", 100.0)),
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rooms_conditions_are_raised_when_they_last_and_clear(rule: Rule) -> None:
    judged = DeviceRules("d", rules_for("d", rule.kind))
    start = 0.0

    def told(until: float, reading: Reading) -> list[tuple[float, str, ConditionState]]:
        nonlocal start
        found = []
        while start <= until:
            moment = Moment(WEDNESDAY_0800 + round(start * 1e6), 1000 + start)
            found += [(start, each.rule, each.state) for each in judged.observe(PollResult(True, [reading]), moment)]
            start += 30
        return found

    assert told(4000, rule.reading) == [(rule.raised, rule.name, ConditionState.RAISED)]
    [(_, name, state)] = told(6000, rule.good)
    assert (name, state) == (rule.name, ConditionState.CLEARED)


def test_a_closed_office_may_be_hot() -> None:
    judged = DeviceRules("d", rules_for("d", Kind.SENSOR), HOURS)
    hot = PollResult(True, [Reading("temperature_celsius", 36.0)])
    sunday = WEDNESDAY_0800 - 3 * 86_400_000_000
    for step in range(100):
        assert judged.observe(hot, Moment(sunday + step * 60_000_000, 1000 + step * 60)) == []


@pytest.mark.parametrize("text", ["near = 0\n", "too_hot = 99\n", 'after = "soon"\n', "nearly = 2\n"])
def test_a_wrong_cooling_table_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Exception, match="problem"):
        read(tmp_path, WARD + "[cooling]\n" + text)
