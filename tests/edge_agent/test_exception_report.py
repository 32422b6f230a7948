"""What of a poll goes into the journal."""

from __future__ import annotations

import math
import random

from edge_agent.exception_report import MOST_READINGS, DeviceReport
from telemetry.catalogue import metrics
from telemetry.entry import Readings
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode, unreachable

PARTIAL = Reason(ReasonCode.PARTIAL_ANSWER, "no supplies")


def poll(**values: float) -> PollResult:
    return PollResult(True, tuple(Reading(metric, value) for metric, value in values.items()))


def written(entries: list[Readings]) -> dict[str, float]:
    return {reading.metric: reading.value for entry in entries for reading in entry.readings}


def test_the_first_poll_is_written_whole_and_says_that_the_device_answers() -> None:
    [entry] = DeviceReport().readings(poll(battery_charge_percent=90, on_battery=0), 0.0, 30.0)
    assert [tuple(reading) for reading in entry.readings] == [
        ("reachable", 1.0, ""),
        ("battery_charge_percent", 90, ""),
        ("on_battery", 0, ""),
    ]
    assert entry.reason is None


def test_within_the_dead_band_is_no_news_and_beyond_it_is() -> None:
    report = DeviceReport()
    report.readings(poll(battery_charge_percent=90, on_battery=0), 0.0, 3.0)
    assert report.readings(poll(battery_charge_percent=90.9, on_battery=0), 3.0, 3.0) == []
    assert written(report.readings(poll(battery_charge_percent=91, on_battery=1), 6.0, 3.0)) == {
        "battery_charge_percent": 91,
        "on_battery": 1,
    }


def test_a_slow_drift_is_measured_from_what_was_last_written() -> None:
    report = DeviceReport()
    report.readings(poll(temperature_celsius=20.0), 0.0, 1.0)
    drift = [written(report.readings(poll(temperature_celsius=20 + 0.1 * n), float(n), 1.0)) for n in range(1, 11)]
    assert [n + 1 for n, news in enumerate(drift) if news] == [3, 6, 9]


def test_each_is_written_at_least_every_60_seconds_at_any_interval(seed: int) -> None:
    chance = random.Random(seed)
    for interval in (1, 3, 7, 20, 25, 30, 45, 60):
        report, now, last = DeviceReport(), 0.0, 0.0
        while now < 1000:
            if "cpu_load_percent" in written(report.readings(poll(cpu_load_percent=5), now, interval)):
                assert now - last <= 60, f"every {interval} s"
                last = now
            now += interval * chance.uniform(0.9, 1.0)


def test_a_calm_device_costs_about_one_entry_a_minute() -> None:
    report = DeviceReport()
    entries = [report.readings(poll(cpu_load_percent=5), float(now), 3.0) for now in range(0, 600, 3)]
    assert sum(map(bool, entries)) <= 11


def test_a_device_that_stops_answering_is_zero_at_once_with_the_reason() -> None:
    report = DeviceReport()
    report.readings(poll(on_battery=0), 0.0, 30.0)
    [entry] = report.readings(unreachable(ReasonCode.PORT_CLOSED, "udp"), 1.0, 30.0)
    assert list(entry.readings) == [Reading("reachable", 0.0)]
    assert entry.reason == Reason(ReasonCode.PORT_CLOSED, "udp")
    assert report.readings(unreachable(ReasonCode.PORT_CLOSED, "other words"), 4.0, 3.0) == []


def test_another_reason_is_news() -> None:
    report = DeviceReport()
    report.readings(unreachable(ReasonCode.PORT_CLOSED), 1.0, 30.0)
    [entry] = report.readings(unreachable(ReasonCode.NO_ANSWER), 4.0, 30.0)
    assert (entry.reason or PARTIAL).code is ReasonCode.NO_ANSWER
    assert written([entry]) == {"reachable": 0.0}


def test_a_device_that_answers_again_is_written_whole() -> None:
    report = DeviceReport()
    report.readings(poll(on_battery=0), 0.0, 30.0)
    report.readings(unreachable(ReasonCode.NO_ANSWER), 3.0, 30.0)
    assert written(report.readings(poll(on_battery=0), 6.0, 30.0)) == {"reachable": 1.0, "on_battery": 0}


def test_a_partial_answer_keeps_its_reason_until_a_whole_poll_is_complete() -> None:
    report = DeviceReport()
    [first] = report.readings(PollResult(True, (Reading("on_battery", 0.0),), reason=PARTIAL), 0.0, 30.0)
    assert first.reason == PARTIAL
    [vital] = report.readings(poll(on_battery=1), 3.0, 3.0, vital=True)
    assert vital.reason == PARTIAL
    [whole] = report.readings(poll(on_battery=1), 6.0, 30.0)
    assert whole.reason is None
    assert written([whole]) == {"reachable": 1.0}


def test_what_is_no_number_is_no_reading() -> None:
    report = DeviceReport()
    news = report.readings(poll(cpu_load_percent=math.nan, memory_used_percent=math.inf, uptime_seconds=1), 0.0, 30.0)
    assert written(news) == {"reachable": 1.0, "uptime_seconds": 1}


def test_instances_are_told_apart() -> None:
    report = DeviceReport()
    report.readings(PollResult(True, (Reading("port_up", 1, "1"), Reading("port_up", 1, "2"))), 0.0, 30.0)
    [entry] = report.readings(PollResult(True, (Reading("port_up", 1, "1"), Reading("port_up", 0, "2"))), 3.0, 30.0)
    assert list(entry.readings) == [Reading("port_up", 0, "2")]


def test_a_very_large_poll_becomes_several_entries() -> None:
    many = tuple(Reading("port_up", 1.0, str(number)) for number in range(2 * MOST_READINGS))
    entries = DeviceReport().readings(PollResult(True, many), 0.0, 30.0)
    assert sum(len(entry.readings) for entry in entries) == 2 * MOST_READINGS + 1
    assert max(len(entry.readings) for entry in entries) == MOST_READINGS


def test_it_agrees_with_the_catalogue_on_what_is_news(seed: int) -> None:
    chance = random.Random(seed)
    for metric in metrics().values():
        report, last = DeviceReport(), chance.uniform(0, 100)
        report.readings(poll(**{metric.name: last}), 0.0, 0.0)
        for _ in range(50):
            value = last * chance.uniform(0.8, 1.2)
            news = metric.name in written(report.readings(poll(**{metric.name: value}), 1.0, 0.0))
            if metric.name != "reachable":
                assert news == metric.is_news(last, value)
            last = value if news else last


def test_texts_are_written_when_they_change() -> None:
    report = DeviceReport()
    first = PollResult(True, facts=(Fact("vendor", "APC"), Fact("firmware", "1.0")))
    later = PollResult(True, facts=(Fact("vendor", "APC"), Fact("firmware", "1.1")))
    assert report.facts(PollResult(True)) is None
    assert (found := report.facts(first)) is not None
    assert list(found.facts) == list(first.facts)
    assert report.facts(first) is None
    assert (found := report.facts(later)) is not None
    assert list(found.facts) == [Fact("firmware", "1.1")]
