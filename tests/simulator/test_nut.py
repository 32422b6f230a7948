"""The UPS on USB: NUT's own client upsc reads it, its faults show, and lines that are no commands harm nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collectors.config import device_from
from collectors.registry import collector_for
from simulator import faults
from simulator.net.nut_server import NutServer
from telemetry.clock import SystemClock
from telemetry.readings import ReasonCode
from tests.simulator.conftest import Lived, command

Peer = Callable[[str], str]


async def upsc(peer: Peer, lived: Lived) -> dict[str, str]:
    status, said = await command(peer("upsc"), f"ups@127.0.0.1:{lived.port('ups-3')}")
    lines = [line for line in said.splitlines() if not line.startswith("Init SSL")]
    if status != 0:
        return {"error": lines[-1]}
    return dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in lines)


@pytest.mark.peer("upsc")
async def test_nut_s_own_client_reads_it_and_a_power_cut_shows(lived: Lived, peer: Peer) -> None:
    lived.pass_time(10)
    calm = await upsc(peer, lived)
    assert (calm["ups.status"], calm["battery.charge"], calm["device.mfr"]) == ("OL", "100", "Santak")
    assert 0 < int(calm["ups.load"]) < 60  # a workstation hangs on it
    faults.switch(lived.ward, "power-cut", "ups-3", True)
    lived.pass_time(60)
    cut = await upsc(peer, lived)
    assert cut["ups.status"] == "OB DISCHRG"
    assert cut["input.voltage"] == "0.0"
    assert int(cut["battery.runtime"]) < int(calm["battery.runtime"])


@pytest.mark.peer("upsc")
async def test_a_worn_battery_and_a_cable_that_is_out(lived: Lived, peer: Peer) -> None:
    lived.pass_time(10)
    before = await upsc(peer, lived)
    faults.switch(lived.ward, "battery-worn", "ups-3", True)
    worn = await upsc(peer, lived)
    assert "RB" in worn["ups.status"].split()
    assert worn["ups.test.result"] == "Done and error"
    assert int(worn["battery.runtime"]) < int(before["battery.runtime"]) / 2
    faults.switch(lived.ward, "usb-unplugged", "ups-3", True)
    assert await upsc(peer, lived) == {"error": "Error: Data stale"}
    faults.switch(lived.ward, "usb-unplugged", "ups-3", False)
    faults.switch(lived.ward, "battery-worn", "ups-3", False)
    assert (await upsc(peer, lived))["ups.test.result"] == "Done and passed"


async def test_our_own_agent_reads_it_and_says_what_is_wrong(lived: Lived) -> None:
    lived.pass_time(10)
    faults.switch(lived.ward, "battery-worn", "ups-3", True)
    told = {"id": "ups-3", "kind": "ups", "protocol": "nut", "host": "127.0.0.1", "port": lived.port("ups-3")}
    collector = collector_for(device_from(told), clock=SystemClock())
    worn = await collector.poll()
    faults.switch(lived.ward, "usb-unplugged", "ups-3", True)
    stale = await collector.poll_vital()
    await collector.close()
    values = {reading.metric: reading.value for reading in worn.readings}
    assert (values["on_battery"], values["battery_test_failed"], values["battery_needs_replacing"]) == (0.0, 1.0, 1.0)
    assert values["battery_age_days"] > 1460
    assert not stale.reachable
    assert stale.reason is not None
    assert stale.reason.code is ReasonCode.STALE_DATA


async def test_no_joule_is_made_when_a_battery_wears_out(lived: Lived) -> None:
    ups = next(ups for ups in lived.ward.upses if ups.id == "ups-3")
    ledger, stored = ups.ledger, ups.stored_joules
    taken, spent = ledger.taken, ledger.delivered + ledger.lost
    faults.switch(lived.ward, "battery-worn", "ups-3", True)
    lived.pass_time(600)
    faults.switch(lived.ward, "battery-worn", "ups-3", False)
    lived.pass_time(600)
    change = ups.stored_joules - stored
    assert ledger.taken - taken == pytest.approx(ledger.delivered + ledger.lost - spent + change, rel=1e-6)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", "ERR UNKNOWN-COMMAND\n"),
        ("LIST VAR", "ERR UNKNOWN-COMMAND\n"),
        ("LIST VAR cellar", "ERR UNKNOWN-UPS\n"),
        ("GET VAR ups no.such", "ERR VAR-NOT-SUPPORTED\n"),
        ('GET VAR "ups" name', 'VAR ups name "a \\"b\\""\n'),
        ('USERNAME "x y"', "OK\n"),
        ("SET VAR ups name x", "ERR UNKNOWN-COMMAND\n"),
        ("STARTTLS", "ERR FEATURE-NOT-CONFIGURED\n"),
        ("LOGIN ups", "ERR ACCESS-DENIED\n"),
        ("LOGIN cellar", "ERR UNKNOWN-UPS\n"),
        ("LOGOUT", "OK Goodbye\n"),
    ],
)
def test_lines_are_answered_as_upsd_does(line: str, answer: str) -> None:
    assert NutServer("ups", "UPS", lambda: {"name": 'a "b"'}).answer(line) == answer
