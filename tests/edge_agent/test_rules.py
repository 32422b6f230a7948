"""When a condition is raised, changed and cleared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import telemetry
from edge_agent.opening_hours import parse
from edge_agent.rules.engine import DeviceRules, Engine, Moment, Seen
from edge_agent.rules.model import Override, rules_for, standard_rules
from telemetry.catalogue import metrics
from telemetry.conditions import Condition, Severity
from telemetry.kinds import Kind
from telemetry.readings import PollResult, Reason, ReasonCode
from tests.edge_agent.rule_cases import (
    CHANGED,
    CLEARED,
    CLOSED,
    CUT,
    LOST,
    RAISED,
    WALL,
    Case,
    at,
    judge,
    poll,
    ports,
    short,
    wan,
)

BLACK = "toner_low/toner_black_percent"
BATTERY_LOW_ON_BATTERY = "+ups_on_battery! +ups_battery_low!"
CASES = [
    Case(
        "one lost datagram raises nothing",
        Kind.UPS,
        [(0, poll(), ""), (3, LOST, ""), (6, poll(), ""), (9, LOST, "")],
    ),
    Case("two misses raise", Kind.UPS, [(0, poll(), ""), (3, LOST, ""), (6, LOST, "+unreachable!"), (9, LOST, "")]),
    Case(
        "two misses at the same moment do not",
        Kind.UPS,
        [(0, LOST, ""), (0.5, LOST, ""), (2.5, LOST, "+unreachable!")],
    ),
    Case("an answer clears", Kind.UPS, [(0, LOST, ""), (6, LOST, "+unreachable!"), (9, poll(), "-unreachable!")]),
    Case(
        "another reason is a change",
        Kind.UPS,
        [(0, LOST, ""), (6, LOST, "+unreachable!"), (9, CLOSED, "~unreachable!"), (12, CLOSED, "")],
    ),
    Case(
        "on battery and back",
        Kind.UPS,
        [(0, poll(on_battery=0), ""), (3, poll(on_battery=1), "+ups_on_battery!"), (6, poll(on_battery=1), ""),
         (9, poll(on_battery=0), "-ups_on_battery!")],
    ),
    Case("found on battery", Kind.UPS, [(0, poll(on_battery=1), "+ups_on_battery!")]),
    Case("another kind's reading is nobody's business", Kind.PRINTER, [(0, poll(on_battery=1), "")]),
    Case(
        "what is not known has not cleared",
        Kind.UPS,
        [(0, poll(on_battery=1), "+ups_on_battery!"), (3, LOST, ""), (9, LOST, "+unreachable!"),
         (12, poll(on_battery=1), "-unreachable!"), (15, poll(on_battery=0), "-ups_on_battery!")],
    ),
    Case(
        "battery low has hysteresis",
        Kind.UPS,
        [(0, poll(battery_charge_percent=21), ""), (3, poll(battery_charge_percent=20), "+ups_battery_low?"),
         (6, poll(battery_charge_percent=24), ""), (9, poll(battery_charge_percent=19), ""),
         (12, poll(battery_charge_percent=25), "-ups_battery_low?"), (15, poll(battery_charge_percent=21), "")],
    ),
    Case(
        "battery low is worse without mains",
        Kind.UPS,
        [(0, poll(battery_charge_percent=15, on_battery=0), "+ups_battery_low?"),
         (3, poll(on_battery=1), "+ups_on_battery! ~ups_battery_low!"),
         (6, poll(on_battery=0, battery_charge_percent=16), "-ups_on_battery! ~ups_battery_low?")],
    ),
    Case(
        "little runtime matters on battery only",
        Kind.UPS,
        [(0, poll(battery_runtime_seconds=200, on_battery=0), ""),
         (3, poll(battery_runtime_seconds=200, on_battery=1), "+ups_on_battery! +ups_battery_low!")],
    ),
    Case(
        "the unit's own judgement of its battery matters on battery only",
        Kind.UPS,
        [(0, poll(battery_low=1, on_battery=0), ""), (3, poll(battery_low=1, on_battery=1), BATTERY_LOW_ON_BATTERY)],
    ),
    Case(
        "a battery that failed its test, until it passes one",
        Kind.UPS,
        [(0, poll(battery_test_failed=1), "+ups_battery_test_failed?"),
         (9, poll(battery_test_failed=0), "-ups_battery_test_failed?")],
    ),
    Case(
        "a battery of four years is old, a new one is not",
        Kind.UPS,
        [(0, poll(battery_age_days=1459), ""), (9, poll(battery_age_days=1460), "+ups_battery_old?"),
         (99, poll(battery_age_days=2), "-ups_battery_old?")],
    ),
    Case(
        "alarms of the unit count while the mains are there",
        Kind.UPS,
        [(0, poll(alarms_present=2, on_battery=1), "+ups_on_battery!"),
         (30, poll(alarms_present=2, on_battery=1), ""),
         (60, poll(alarms_present=1, on_battery=0), "-ups_on_battery!"),
         (66, poll(alarms_present=1, on_battery=0), "+ups_alarm?"),
         (90, poll(alarms_present=0, on_battery=0), "-ups_alarm?")],
    ),
    Case(
        "overload that lasts, by the figure or by the unit's word",
        Kind.UPS,
        [(0, poll(output_load_percent=103), ""), (3, poll(output_load_percent=99), ""),
         (6, poll(output_load_percent=101), "+ups_overload!"), (9, poll(output_load_percent=96), ""),
         (12, poll(output_load_percent=95), "-ups_overload!"), (15, poll(output_overloaded=1), ""),
         (21, poll(output_overloaded=1), "+ups_overload!")],
    ),
    Case("battery worn out", Kind.UPS, [(0, poll(battery_needs_replacing=1), "+ups_battery_replace?")]),
    Case(
        "toner of each colour by itself",
        Kind.PRINTER,
        [(0, poll(toner_black_percent=10, toner_cyan_percent=50), f"+{BLACK}?"),
         (30, poll(toner_black_percent=11, toner_cyan_percent=9), "+toner_low/toner_cyan_percent?"),
         (60, poll(toner_black_percent=1, toner_cyan_percent=9), f"~{BLACK}!"),
         (90, poll(toner_black_percent=100, toner_cyan_percent=9), f"-{BLACK}!")],
    ),
    Case(
        "a cartridge taken out is no longer low",
        Kind.PRINTER,
        [(0, poll(toner_black_percent=5), f"+{BLACK}?"), (30, poll(), ""), (60, poll(), ""), (90, poll(), f"-{BLACK}?"),
         (120, poll(), "")],
    ),
    Case(
        "an incomplete poll takes no cartridge out",
        Kind.PRINTER,
        [(0, poll(toner_black_percent=5), f"+{BLACK}?"), *[(30.0 * n, LOST, "") for n in (1,)],
         *[(30.0 * n, LOST, "+unreachable!" if n == 2 else "") for n in range(2, 9)]],
    ),
    Case(
        "jam",
        Kind.PRINTER,
        [(0, poll(printer_jammed=1), "+printer_jam!"), (9, poll(printer_jammed=0), "-printer_jam!")],
    ),
    Case("no paper", Kind.PRINTER, [(0, poll(printer_out_of_paper=1), "+printer_out_of_paper?")]),
    Case(
        "a port that was up goes down",
        Kind.SWITCH,
        [(0, ports(p1=(1, 1), p2=(1, 1)), ""), (30, ports(p1=(1, 0), p2=(1, 1)), "+port_down/p1?"),
         (60, ports(p1=(1, 0), p2=(1, 1)), ""), (90, ports(p1=(1, 1), p2=(1, 1)), "-port_down/p1?")],
    ),
    Case("a port never seen up is no failure", Kind.SWITCH, [(0, ports(p1=(1, 0)), ""), (30, ports(p1=(1, 0)), "")]),
    Case(
        "a port that was switched off is no failure",
        Kind.SWITCH,
        [(0, ports(p1=(1, 1)), ""), (30, ports(p1=(0, 0)), ""), (60, ports(p1=(1, 0)), "+port_down/p1?"),
         (90, ports(p1=(0, 0)), "-port_down/p1?")],
    ),
    Case(
        "a WAN port that goes down is a failure, and not told twice",
        Kind.ROUTER,
        [(0, wan(up=1), ""), (30, wan(up=0), "+wan_port_down/wan1!"), (60, wan(up=1), "-wan_port_down/wan1!")],
    ),
    Case("a half duplex port", Kind.SWITCH, [(0, poll(port_full_duplex=0), ""), (60, poll(port_full_duplex=0),
         "+port_half_duplex?"), (90, poll(port_full_duplex=1), "-port_half_duplex?")]),
    Case(
        "a line that was measured and is down is told once, as a line",
        Kind.UPLINK,
        [(0, poll(line_up=1), ""), (3, CUT, ""), (6, CUT, "+line_down!"), (9, CUT, ""), (12, poll(line_up=1),
         "-line_down!")],
    ),
    Case(
        "a router that does not answer says nothing of its line",
        Kind.UPLINK,
        [(0, poll(line_up=1), ""), (3, LOST, ""), (6, LOST, "+unreachable!")],
    ),
    Case(
        "a line that loses packets must do so for a while, and a cut line is no lossy one",
        Kind.UPLINK,
        [(0, poll(line_up=1, packet_loss_percent=8), ""), (15, poll(line_up=1, packet_loss_percent=8), "+line_lossy?"),
         (18, CUT, ""), (21, CUT, "+line_down!"), (36, CUT, "-line_lossy?")],
    ),
    Case(
        "names that do not resolve, twice",
        Kind.UPLINK,
        [(0, poll(line_up=1, names_resolve=0), ""), (30, poll(line_up=1, names_resolve=0), "+names_unresolved?")],
    ),
    Case(
        "a full disk must last",
        Kind.SERVER,
        [(0, poll(disk_used_percent=91), ""), (20, poll(disk_used_percent=91), ""),
         (30, poll(disk_used_percent=91), "+disk_full?"), (60, poll(disk_used_percent=98), "~disk_full!"),
         (90, poll(disk_used_percent=96), ""), (120, poll(disk_used_percent=94), "~disk_full?"),
         (150, poll(disk_used_percent=87), "-disk_full?")],
    ),
    Case("a disk that expects to fail", Kind.SERVER, [(0, poll(disk_healthy=0), "+disk_failing!")]),
    Case(
        "a disk with sectors that cannot be read",
        Kind.SERVER,
        [(0, poll(disk_healthy=1, disk_pending_sectors_count=0), ""),
         (30, poll(disk_healthy=1, disk_pending_sectors_count=8), "+disk_failing?"),
         (60, poll(disk_healthy=0, disk_pending_sectors_count=8), "~disk_failing!"),
         (90, poll(disk_healthy=1, disk_pending_sectors_count=0), "-disk_failing!")],
    ),
    Case(
        "a service that stays down",
        Kind.SERVER,
        [(0, poll(unit_running=0), ""), (30, poll(unit_running=1), ""), (60, poll(unit_running=0), ""),
         (90, poll(unit_running=0), "+unit_not_running!"), (120, poll(unit_running=1), "-unit_not_running!")],
    ),
    Case(
        "a clock ahead, then far behind",
        Kind.SERVER,
        [(0, poll(clock_offset_seconds=0.9), ""), (30, poll(clock_offset_seconds=1.5), ""),
         (60, poll(clock_offset_seconds=1.5), "+clock_wrong?"), (90, poll(clock_offset_seconds=0.6), ""),
         (120, poll(clock_offset_seconds=-61), "~clock_wrong!"),
         (150, poll(clock_offset_seconds=-0.1), "-clock_wrong!")],
    ),
    Case(
        "a clock that nobody sets",
        Kind.SERVER,
        [(0, poll(clock_synchronised=0), ""), (899, poll(clock_synchronised=0), ""),
         (930, poll(clock_synchronised=0), "+clock_not_synchronised?"),
         (960, poll(clock_synchronised=1), "-clock_not_synchronised?")],
    ),
    Case(
        "a machine busy for half an hour",
        Kind.SERVER,
        [(0, poll(cpu_load_percent=99), ""), (1000, poll(cpu_load_percent=99), ""),
         (1800, poll(cpu_load_percent=99), "+cpu_high?"), (1900, poll(cpu_load_percent=20), ""),
         (2300, poll(cpu_load_percent=20), "-cpu_high?")],
    ),
    Case(
        "memory nearly full",
        Kind.WORKSTATION,
        [(0, poll(memory_used_percent=96), ""), (900, poll(memory_used_percent=96), "+memory_high?")],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules(case: Case) -> None:
    device = judge(case.kind)
    for second, result, wanted in case.steps:
        assert short(device.observe(result, at(second))) == wanted, f"at {second} s"


def test_since_is_when_the_cause_was_first_seen_before_any_hold() -> None:
    device = judge(Kind.UPS)
    device.observe(LOST, at(10))
    [raised] = device.observe(LOST, at(16))
    assert raised.since_us == at(10).wall_us
    assert raised.reason is not None
    [cleared] = device.observe(poll(), at(20))
    assert cleared.since_us == at(10).wall_us


def test_a_condition_carries_the_value_and_the_threshold_that_raised_it() -> None:
    [raised] = judge(Kind.PRINTER).observe(poll(toner_black_percent=7), at(0))
    assert (raised.value, raised.threshold) == (7, 10)


def test_a_vital_poll_says_nothing_of_what_it_does_not_ask() -> None:
    device = judge(Kind.UPS)
    device.observe(poll(battery_needs_replacing=1), at(0))
    assert not [each for n in range(1, 9) for each in device.observe(poll(on_battery=0), at(3 * n), vital=True)]


def test_clear_hold_keeps_a_condition_that_comes_and_goes() -> None:
    device = judge(Kind.UPS, Override("ups_on_battery", clear_hold_seconds=10))
    assert short(device.observe(poll(on_battery=1), at(0))) == "+ups_on_battery!"
    seen = [short(device.observe(poll(on_battery=on), at(t))) for t, on in ((3, 0), (6, 1), (9, 0), (15, 0), (19, 0))]
    assert seen == ["", "", "", "", "-ups_on_battery!"]


def test_thresholds_of_one_device_and_of_all() -> None:
    overrides = (Override("toner_low", threshold=30), Override("toner_low", device="d", threshold=40))
    assert (
        short(DeviceRules("x", rules_for("x", Kind.PRINTER, overrides)).observe(poll(toner_black_percent=35), at(0)))
        == ""
    )
    device = judge(Kind.PRINTER, *overrides)
    assert short(device.observe(poll(toner_black_percent=40), at(0))) == f"+{BLACK}?"
    assert short(device.observe(poll(toner_black_percent=41.9), at(30))) == ""  # the band kept its width
    assert short(device.observe(poll(toner_black_percent=42), at(60))) == f"-{BLACK}?"


def test_a_changed_battery_threshold_counts_on_mains_and_on_battery() -> None:
    device = judge(Kind.UPS, Override("ups_battery_low", threshold=50))
    assert (
        short(device.observe(poll(battery_charge_percent=45, on_battery=1), at(0)))
        == "+ups_battery_low! +ups_on_battery!"
    )


def test_severity_can_be_changed_and_a_rule_switched_off() -> None:
    severe = judge(Kind.SWITCH, Override("port_down", severity=Severity.INFO))
    severe.observe(ports(p1=(1, 1)), at(0))
    assert short(severe.observe(ports(p1=(1, 0)), at(30))) == "+port_down/p1."
    off = judge(Kind.SWITCH, Override("port_down", enabled=False))
    off.observe(ports(p1=(1, 1)), at(0))
    assert off.observe(ports(p1=(1, 0)), at(30)) == []


# ---- over a restart ------------------------------------------------------------------------------------------------


def engine() -> Engine:
    return Engine({"ups-1": rules_for("ups-1", Kind.UPS), "sw-1": rules_for("sw-1", Kind.SWITCH)})


def open_condition(device: str, rule: str, instance: str = "") -> Condition:
    return Condition(device, rule, instance, RAISED, Severity.FAILURE, WALL - 60_000_000, 1.0, 1.0)


def test_a_condition_still_true_after_a_restart_is_not_raised_again() -> None:
    after = engine()
    assert after.restore([open_condition("ups-1", "ups_on_battery")]) == []
    assert after.observe("ups-1", poll(on_battery=1), at(0)) == []
    assert [each.rule for each in after.open()] == ["ups_on_battery"]


def test_a_condition_that_cleared_meanwhile_is_cleared_after_a_restart() -> None:
    after = engine()
    after.restore([open_condition("ups-1", "ups_on_battery"), open_condition("sw-1", "port_down", "p1")])
    [cleared] = after.observe("ups-1", poll(on_battery=0), at(0))
    assert (cleared.state, cleared.since_us) == (CLEARED, WALL - 60_000_000)
    assert short(after.observe("sw-1", ports(p1=(1, 1)), at(0))) == "-port_down/p1!"


def test_an_open_unreachable_stays_open_without_being_raised_again() -> None:
    after = engine()
    after.restore([open_condition("ups-1", "unreachable")])
    found = [each for n in range(5) for each in after.observe("ups-1", LOST, at(3 * n))]
    assert [each.state for each in found] == [CHANGED]  # the reason was not known in the old entry
    assert short(after.observe("ups-1", poll(), at(30))) == "-unreachable!"


def test_hysteresis_goes_on_over_a_restart() -> None:
    after = engine()
    after.restore([Condition("ups-1", "ups_battery_low", "", RAISED, Severity.ATTENTION, WALL)])
    assert after.observe("ups-1", poll(battery_charge_percent=24), at(0)) == []
    assert short(after.observe("ups-1", poll(battery_charge_percent=25), at(3))) == "-ups_battery_low?"


def test_conditions_of_what_is_no_longer_watched_are_cleared_at_the_start() -> None:
    orphans = engine().restore([open_condition("gone", "unreachable"), open_condition("ups-1", "no_such_rule")])
    assert [(each.device, each.state) for each in orphans] == [("gone", CLEARED), ("ups-1", CLEARED)]


def test_a_port_seen_up_before_the_restart_is_missed_after_it() -> None:
    before = engine()
    before.observe("sw-1", ports(p1=(1, 1), p2=(1, 0)), at(0))
    assert before.seen_good() == [Seen("sw-1", "port_down", "p1")]
    after = engine()
    after.restore([], before.seen_good())
    assert short(after.observe("sw-1", ports(p1=(1, 0), p2=(1, 0)), at(60))) == "+port_down/p1?"


# ---- the rules as data ---------------------------------------------------------------------------------------------


def test_every_rule_has_words_in_both_languages_and_judges_readings_that_exist() -> None:
    for language in ("vi", "en"):
        file = Path(telemetry.__file__).parent / "texts" / f"{language}.json"
        texts = json.loads(file.read_text(encoding="utf-8"))["condition"]
        for rule in standard_rules():
            assert texts[rule.id]["title"]
            assert texts[rule.id]["advice"]
    for rule in standard_rules():
        names = {metric for clause in rule.clauses for metric in (*clause.metrics, clause.while_metric) if metric}
        assert names <= metrics().keys()


# ---- opening hours -------------------------------------------------------------------------------------------------

HOURS = parse("Mon-Fri 07:30-11:30,13:30-17:00")
MONDAY_0700 = 1_791_158_400_000_000  # 2026-10-05 07:00 in Da Nang


def clock(text: str) -> Moment:
    """A moment of that Monday: "07:30"."""
    hour, minute = (int(part) for part in text.split(":"))
    seconds = (hour - 7) * 3600 + minute * 60
    return Moment(MONDAY_0700 + seconds * 1_000_000, 1000.0 + seconds)


def in_hours(kind: Kind, *overrides: Override) -> DeviceRules:
    return DeviceRules("d", rules_for("d", kind, overrides), HOURS)


def day(device: DeviceRules, *steps: tuple[str, PollResult]) -> str:
    """What a day brings: "08:00 +unreachable!, …"."""
    seen = [(time, short(device.observe(result, clock(time)))) for time, result in steps]
    return ", ".join(f"{time} {what}" for time, what in seen if what)


def test_a_kiosk_that_is_off_at_night_is_a_condition_only_some_minutes_after_opening() -> None:
    off = [(f"{hour:02}:{minute:02}", LOST) for hour in (7, 8) for minute in range(0, 60, 5)]
    assert day(in_hours(Kind.KIOSK), *off) == "07:50 +unreachable!"


def test_a_kiosk_that_is_switched_on_while_the_office_opens_is_none() -> None:
    steps = [("07:00", LOST), ("07:30", LOST), ("07:40", LOST), ("07:44", poll()), ("09:00", poll())]
    assert day(in_hours(Kind.KIOSK), *steps) == ""


def test_what_is_open_at_closing_time_clears_with_that_as_its_reason_and_comes_again_the_next_time() -> None:
    device = in_hours(Kind.KIOSK)
    assert day(device, ("09:00", LOST), ("09:03", LOST), ("11:29", LOST)) == "09:03 +unreachable!"
    [cleared] = device.observe(LOST, clock("11:30"))
    assert (cleared.state, cleared.since_us) == (CLEARED, clock("09:00").wall_us)
    assert cleared.reason is not None
    assert cleared.reason.code is ReasonCode.OUTSIDE_HOURS
    assert device.open() == []
    afternoon = [("12:00", LOST), ("13:30", LOST), ("13:44", LOST), ("13:45", LOST), ("13:48", LOST), ("17:00", LOST)]
    assert day(device, *afternoon) == "13:48 +unreachable!, 17:00 -unreachable!"


def test_a_workstation_back_before_closing_time_clears_as_ever() -> None:
    device = in_hours(Kind.WORKSTATION)
    device.observe(LOST, clock("09:00"))
    assert short(device.observe(LOST, clock("09:06"))) == "+unreachable?"
    [cleared] = device.observe(poll(), clock("09:10"))
    assert (cleared.state, cleared.reason) == (CLEARED, LOST.reason)


def test_while_nobody_knows_the_hour_nothing_by_opening_hours_is_raised_and_nothing_cleared_by_them() -> None:
    lost = [clock(time)._replace(hour_known=False) for time in ("09:00", "09:10", "23:00")]
    fresh, open_before = in_hours(Kind.KIOSK), in_hours(Kind.KIOSK)
    assert day(open_before, ("08:50", LOST), ("08:59", LOST)) == "08:59 +unreachable!"
    for moment in lost:
        assert fresh.observe(LOST, moment) == open_before.observe(LOST, moment) == []
    assert short(open_before.observe(poll(), lost[-1])) == "-unreachable!"  # it answers: that needs no hour


def test_holds_are_by_monotonic_time_whatever_the_wall_clock_does() -> None:
    device, year_us = in_hours(Kind.SWITCH, Override("unreachable", device="d", hold_seconds=30)), 365 * 86_400_000_000
    start = clock("03:00")
    assert device.observe(LOST, start) == []
    for second, jump in ((2, year_us), (4, -year_us)):
        assert device.observe(LOST, Moment(start.wall_us + jump, start.monotonic + second)) == []
    assert short(device.observe(LOST, Moment(0, start.monotonic + 60))) == "+unreachable!"


def test_a_switch_counts_at_night() -> None:
    assert day(in_hours(Kind.SWITCH), ("03:00", LOST), ("03:01", LOST)) == "03:01 +unreachable!"


def test_other_rules_of_a_kiosk_count_at_night() -> None:
    steps = [("03:00", poll(disk_used_percent=99)), ("03:01", poll(disk_used_percent=99))]
    assert day(in_hours(Kind.KIOSK), *steps) == "03:01 +disk_full!"


def test_a_ward_may_say_of_one_device_that_it_counts_in_opening_hours_only_or_always() -> None:
    night = [("03:00", LOST), ("03:10", LOST)]
    assert day(in_hours(Kind.PRINTER, Override("unreachable", device="d", only_when_open=True)), *night) == ""
    always = in_hours(Kind.KIOSK, Override("unreachable", device="d", only_when_open=False))
    assert day(always, *night) == "03:10 +unreachable!"


def test_a_condition_of_before_a_restart_clears_when_the_office_has_closed_meanwhile() -> None:
    after = Engine({"kiosk-1": rules_for("kiosk-1", Kind.KIOSK)}, HOURS)
    after.restore([open_condition("kiosk-1", "unreachable")])
    [cleared] = after.observe("kiosk-1", LOST, clock("18:00"))
    assert cleared.reason == Reason(ReasonCode.OUTSIDE_HOURS)


def test_each_kind_is_judged_for_silence_by_exactly_one_rule() -> None:
    for kind in Kind:
        assert len([rule for rule in rules_for("d", kind) if rule.id == "unreachable"]) == 1, kind
