"""When the conditions of printers, scanners and services are raised, changed and cleared."""

from __future__ import annotations

import pytest

from telemetry.kinds import Kind
from telemetry.readings import PollResult, Reading, Reason, ReasonCode
from tests.edge_agent.rule_cases import Case, at, instances, judge, poll, short

SILENT_SERVICE = PollResult(False, (Reading("service_up", 0.0),), reason=Reason(ReasonCode.NO_ANSWER))
CASES = [
    Case(
        "a printer's cover that stays open",
        Kind.PRINTER,
        [
            (0, poll(printer_door_open=1), ""),
            (60, poll(printer_door_open=1), ""),
            (121, poll(printer_door_open=1), "+printer_door_open?"),
            (150, poll(printer_door_open=0), "-printer_door_open?"),
        ],
    ),
    Case(
        "a printer that has stopped",
        Kind.PRINTER,
        [
            (0, poll(printer_stopped=1), ""),
            (60, poll(printer_stopped=1), "+printer_stopped!"),
            (90, poll(printer_stopped=0), "-printer_stopped!"),
        ],
    ),
    Case(
        "a tray that runs empty; one that was never filled is no news",
        Kind.PRINTER,
        [
            (0, instances("tray_percent", a=40, b=0), ""),
            (30, instances("tray_percent", a=5, b=0), "+tray_empty/a?"),
            (60, instances("tray_percent", a=9, b=0), ""),
            (90, instances("tray_percent", a=100, b=0), "-tray_empty/a?"),
        ],
    ),
    Case(
        "a drum that is nearly used up",
        Kind.PRINTER,
        [
            (0, instances("supply_percent", Drum=5), "+supply_low/Drum?"),
            (30, instances("supply_percent", Drum=99), "-supply_low/Drum?"),
        ],
    ),
    Case(
        "a scanner that jams and stops",
        Kind.SCANNER,
        [
            (0, poll(scanner_state=2, scanner_jammed=1), "+scanner_jam!"),
            (60, poll(scanner_state=2, scanner_jammed=1), "+scanner_stopped!"),
            (90, poll(scanner_state=1, scanner_jammed=0), "-scanner_stopped! -scanner_jam!"),
        ],
    ),
    Case(
        "a scanner whose cover stays open",
        Kind.SCANNER,
        [(0, poll(scanner_door_open=1), ""), (120, poll(scanner_door_open=1), "+scanner_door_open?")],
    ),
    Case(
        "a service that answers wrongly twice, 45 s apart",
        Kind.SERVICE,
        [
            (0, poll(service_up=0), ""),
            (30, poll(service_up=0), ""),
            (60, poll(service_up=0), "+service_down!"),
            (90, poll(service_up=1), "-service_down!"),
        ],
    ),
    Case(
        "a service that does not answer is unreachable, and nothing more",
        Kind.SERVICE,
        [
            (0, SILENT_SERVICE, ""),
            (60, SILENT_SERVICE, "+unreachable!"),
            (300, SILENT_SERVICE, ""),
            (330, poll(service_up=0), "-unreachable!"),
            (390, poll(service_up=0), "+service_down!"),
        ],
    ),
    Case(
        "a service that is slow, not one slow answer",
        Kind.SERVICE,
        [
            (0, poll(response_seconds=9), ""),
            (30, poll(response_seconds=1), ""),
            (60, poll(response_seconds=6), ""),
            (90, poll(response_seconds=4), ""),
            (120, poll(response_seconds=5), "+service_slow?"),
            (150, poll(response_seconds=1), ""),
            (210, poll(response_seconds=1), "-service_slow?"),
        ],
    ),
    Case(
        "a certificate three weeks before its end, and after it",
        Kind.SERVICE,
        [
            (0, poll(certificate_days_left=21.5), ""),
            (30, poll(certificate_days_left=21), "+certificate_expires?"),
            (60, poll(certificate_days_left=-0.1), "~certificate_expires!"),
            (90, poll(certificate_days_left=90), "-certificate_expires!"),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules_of_printing_and_services(case: Case) -> None:
    device = judge(case.kind)
    for second, result, wanted in case.steps:
        assert short(device.observe(result, at(second))) == wanted, f"at {second} s"
