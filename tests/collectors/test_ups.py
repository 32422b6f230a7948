"""What is only a UPS's: dates of batteries, tests of batteries, alarms; over SNMP and in NUT's words."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.proto import rfc1902

import telemetry
from collectors import nut_variables
from collectors.alarm_memory import MOST, AlarmMemory
from collectors.dates import age_days, parse_date, today
from collectors.protocols.nut import NutFault, parse_variable
from collectors.registry import collector_for
from collectors.ups import WELL_KNOWN_ALARMS, well_known
from telemetry.clock import FakeClock, SystemClock
from telemetry.kinds import Kind
from telemetry.readings import Fact, PollResult, Reading
from tests.collectors.peers import Agent, poll_once, snmp_device, udp_peer, ups, value_of

TODAY = date(2026, 11, 25)
MONTH_FIRST = ["%m/%d/%Y", "%m/%d/%y"]


# ---- dates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("04/30/25", date(2025, 4, 30)),
        ("06/30/2026", date(2026, 6, 30)),
        (" 03-14-2025 ", date(2025, 3, 14)),
        ("30/04/2025", None),  # no thirtieth month: not guessed at
        ("00/00/0000", None),
        ("CPS", None),
        ("", None),
        ("04/30/250", None),
    ],
)
def test_dates_as_cards_write_them(text: str, found: date | None) -> None:
    assert parse_date(text, MONTH_FIRST) == found


@given(st.text(max_size=40), st.dates(), st.lists(st.sampled_from(["%Y/%m/%d", "%m/%d/%y", "%Y%m%d"]), max_size=3))
def test_no_text_breaks_the_reading_of_dates(text: str, now: date, formats: list[str]) -> None:
    age = age_days(parse_date(text, formats), now)
    assert age is None or math.isfinite(age)


@given(st.dates(), st.integers(0, 20000))
def test_a_date_that_was_written_is_read_and_its_age_is_in_days(then: date, days: int) -> None:
    written = f"{then.year:04}/{then.month:02}/{then.day:02}"
    assert parse_date(written, ["%Y/%m/%d"]) == then
    if then.toordinal() + days <= date.max.toordinal():
        assert age_days(then, date.fromordinal(then.toordinal() + days)) == days


def test_the_day_is_the_ward_s_not_greenwich_s() -> None:
    evening_in_greenwich = 1_795_647_600_000_000  # 2026-11-25 23:00 UTC
    assert today(FakeClock(wall_us=evening_in_greenwich)) == date(2026, 11, 26)


# ---- NUT's words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("OL", {"on_battery": 0, "battery_low": 0, "alarms_present": 0, "voltage_regulation": 0}),
        ("OB DISCHRG", {"on_battery": 1, "battery_charging": 0}),
        ("OL CHRG", {"on_battery": 0, "battery_charging": 1}),
        ("OB LB", {"on_battery": 1, "battery_low": 1}),
        ("OL RB", {"battery_needs_replacing": 1}),
        ("OL OVER ALARM", {"output_overloaded": 1, "alarms_present": 1}),
        ("OL TRIM", {"voltage_regulation": -1}),
        ("OL BOOST", {"voltage_regulation": 1}),
        ("OL BYPASS", {"alarm_active/on_bypass": 1}),
        ("OFF", {"alarm_active/ups_output_off": 1}),
        ("OL CAL", {"alarm_active/test_in_progress": 1}),
        ("OL TEST", {"alarm_active/test_in_progress": 1}),
        ("FSD OB LB", {"alarm_active/shutdown_imminent": 1, "on_battery": 1}),
    ],
)
def test_every_word_of_the_status_says_something(status: str, told: dict[str, float]) -> None:
    found = {
        f"{metric}/{instance}" if instance else metric: value
        for (metric, instance), value in nut_variables.status_readings(status).items()
    }
    assert {name: found.get(name) for name in told} == told


@pytest.mark.parametrize("status", ["", "WAIT", "HE BLAH", "ol"])
def test_a_status_without_known_words_does_not_say_where_the_power_comes_from(status: str) -> None:
    assert ("on_battery", "") not in nut_variables.status_readings(status)


@pytest.mark.parametrize(
    ("result", "failed"),
    [
        ("Done and passed", 0.0),
        ("Done and error", 1.0),
        ("Done and warning", None),
        ("Aborted", None),
        ("In progress", None),
        ("No test initiated", None),
        ("OK", 0.0),
        ("NG", 1.0),
        ("BT - bad battery", 1.0),
        ("Battery test failed", 1.0),
        ("", None),
    ],
)
def test_what_came_of_a_battery_test(result: str, failed: float | None) -> None:
    found = nut_variables.readings({"ups.test.result": result}, TODAY)
    assert [reading.value for reading in found] == ([] if failed is None else [failed])


def test_a_battery_s_own_date_comes_before_the_maker_s_where_it_can_be_true() -> None:
    assert nut_variables.readings({"battery.date": "2025/11/25", "battery.mfr.date": "2024/01/01"}, TODAY) == [
        Reading("battery_age_days", 365.0)
    ]
    factory = {"battery.date": "2001/09/25", "battery.mfr.date": "2024/11/25"}  # no battery is a quarter century old
    assert nut_variables.readings(factory, TODAY) == [Reading("battery_age_days", 730.0)]
    assert nut_variables.readings({"battery.date": "2031/01/01"}, TODAY) == []


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), (" ", 0), ("Replace battery! Overload!", 1), ("[Replace battery!] [Overload!]", 2)]
)
def test_alarms_are_counted_as_far_as_they_can_be_told_apart(text: str, count: int) -> None:
    assert nut_variables.alarm_count(text) == count


names = st.sampled_from([row.variable for row in nut_variables.table().value] + ["ups.status", "ups.alarm", "no.such"])
texts = st.text(max_size=60) | st.sampled_from(
    ["65535", "-1", "nan", "inf", "1e400", "230,5", "99999999999999999999", "OL OB CHRG", "2024/02/30", "٤٢"]
)


@given(st.dictionaries(names, texts, max_size=30))
def test_whatever_the_variables_hold_readings_are_finite_and_possible(variables: dict[str, str]) -> None:
    for reading in nut_variables.readings(variables, TODAY):
        assert math.isfinite(reading.value)
        assert reading.metric in nut_variables_metrics()
        if reading.metric.endswith("percent") and reading.metric.startswith("battery"):
            assert 0 <= reading.value <= 100
    for fact in nut_variables.facts(variables):
        assert fact.text


def nut_variables_metrics() -> set[str]:
    table = nut_variables.table()
    return {row.metric for row in (*table.value, *table.flag)}


@given(st.binary(max_size=200))
def test_a_line_is_a_variable_or_a_fault(line: bytes) -> None:
    try:
        name, value = parse_variable(line)
    except NutFault:
        return
    assert name.isascii()
    assert all(ord(character) >= 32 for character in value)


@given(st.text(max_size=80))
def test_what_a_server_quotes_is_unquoted(value: str) -> None:
    quoted = value.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    name, found = parse_variable(b'VAR ups device.model "' + quoted + b'"') if b"\n" not in quoted else ("", "")
    if name and value.isprintable():
        assert found == value.strip()


# ---- alarms ---------------------------------------------------------------------------------------------------------

COLUMN = "1.3.6.1.2.1.33.1.6.2.1.2"
WELL_KNOWN = "1.3.6.1.2.1.33.1.6.3"


def test_well_known_alarms_are_those_of_the_rfc_and_each_is_worded() -> None:
    assert len(WELL_KNOWN_ALARMS) == 24
    assert well_known([f"{WELL_KNOWN}.{number}" for number in range(1, 25)]) == set(WELL_KNOWN_ALARMS)
    assert well_known([f"{WELL_KNOWN}.0", f"{WELL_KNOWN}.25", "1.3.6.1.4.1.318.9", None, 7, b"\xff"]) == {"other"}
    emitted = {row.instance for row in nut_variables.table().flag if row.metric == "alarm_active"}
    for language in ("vi", "en"):
        path = Path(telemetry.__file__).parent / "texts" / f"{language}.json"
        words = json.loads(path.read_text(encoding="utf-8"))["alarm"]
        assert set(words) == {*WELL_KNOWN_ALARMS, "other"}
        assert emitted <= set(words)


@given(st.lists(st.none() | st.integers() | st.text(max_size=40) | st.binary(max_size=20), max_size=20))
def test_whatever_stands_in_the_alarm_table_has_a_name(descriptions: list[str]) -> None:
    assert well_known(descriptions) <= {*WELL_KNOWN_ALARMS, "other"}


def test_an_alarm_is_told_while_it_lasts_and_that_it_is_over_and_none_is_told_that_never_was() -> None:
    memory = AlarmMemory()
    assert memory.readings([]) == []
    assert memory.readings(["fan_failure"]) == [Reading("alarm_active", 1.0, "fan_failure")]
    assert memory.readings([]) == [Reading("alarm_active", 0.0, "fan_failure")]
    assert len(memory.readings(f"alarm-{number}" for number in range(1000))) == MOST


async def test_alarms_of_the_standard_mib_come_and_go() -> None:
    agent = Agent(
        {
            **ups(),
            "1.3.6.1.2.1.33.1.6.1.0": rfc1902.Gauge32(3),
            f"{COLUMN}.1": rfc1902.ObjectIdentifier(f"{WELL_KNOWN}.1"),
            f"{COLUMN}.2": rfc1902.ObjectIdentifier(f"{WELL_KNOWN}.8"),
            f"{COLUMN}.3": rfc1902.ObjectIdentifier("1.3.6.1.4.1.935.7.7"),
        }
    )
    async with udp_peer(lambda data: agent(data)) as port:
        collector = collector_for(snmp_device(port, Kind.UPS), clock=SystemClock())
        first = await collector.poll()
        agent = Agent(ups())
        second = await collector.poll()
        await collector.close()
    assert _active(first) == {"battery_bad": 1.0, "output_overload": 1.0, "other": 1.0}
    assert value_of(first, "alarms_present") == 3.0
    assert (value_of(first, "battery_needs_replacing"), value_of(first, "output_overloaded")) == (1.0, 1.0)
    assert _active(second) == {"battery_bad": 0.0, "output_overload": 0.0, "other": 0.0}
    assert (value_of(second, "alarms_present"), value_of(second, "output_overloaded")) == (0.0, 0.0)


def _active(result: PollResult) -> dict[str, float]:
    return {reading.instance: reading.value for reading in result.readings if reading.metric == "alarm_active"}


# ---- batteries over SNMP --------------------------------------------------------------------------------------------

NUMBERS = {int: rfc1902.Integer32, str: rfc1902.OctetString}
CARDS: dict[str, tuple[str, dict[str, int | str]]] = {
    "PowerNet": (
        "1.3.6.1.4.1.318.1.1.1",
        {"2.2.1.0": 100, "2.1.1.0": 3, "2.1.3.0": "11/25/2020", "7.2.3.0": 2, "7.2.4.0": "11/01/2026"},
    ),
    "CyberPower": (
        "1.3.6.1.4.1.3808.1.1.1",
        {"2.2.1.0": 100, "2.1.1.0": 3, "2.1.3.0": "11/25/2020", "7.2.3.0": 2, "7.2.4.0": "11/01/2026"},
    ),
    "Eaton XUPS": ("1.3.6.1.4.1.534.1", {"2.4.0": 100, "2.6.0": "11/25/2020", "8.2.0": 3, "7.1.0": 2}),
    "UPS-MIB": ("1.3.6.1.2.1.33.1", {"2.4.0": 100, "2.1.0": 3, "7.3.0": 3}),
    "Megatec": ("1.3.6.1.4.1.935.1.1.1", {"2.2.1.0": 100, "2.1.1.0": 3, "2.1.3.0": "11/25/2020", "7.2.3.0": 2}),
    "Delta": ("1.3.6.1.4.1.2254.2.4", {"7.8.0": 100, "7.10.0": "20201125", "8.2.0": 4}),
    "MGE": ("1.3.6.1.4.1.705.1", {"5.2.0": 100, "5.16.0": 1, "10.3.0": 2, "7.10.0": 1}),
}


@pytest.mark.parametrize("card", CARDS)
async def test_batteries_that_are_old_low_or_failed_their_test_are_told_by_every_card(card: str) -> None:
    base, told = CARDS[card]
    objects = {f"{base}.{leaf}": NUMBERS[type(value)](value) for leaf, value in told.items()}
    enterprise = rfc1902.ObjectIdentifier(".".join(base.split(".")[:7]) + ".1")
    async with udp_peer(
        Agent({"1.3.6.1.2.1.1.2.0": enterprise, "1.3.6.1.2.1.1.3.0": rfc1902.TimeTicks(9), **objects})
    ) as port:
        result = await poll_once(snmp_device(port, Kind.UPS))
    assert value_of(result, "battery_test_failed") == 1.0
    if any(isinstance(value, str) for value in told.values()):
        age = value_of(result, "battery_age_days")
        assert age == (today(SystemClock()) - date(2020, 11, 25)).days
        assert Fact("battery_replaced", "2020-11-25") in result.facts
    if card not in ("Eaton XUPS", "Delta"):
        assert value_of(result, "battery_low") == 1.0
