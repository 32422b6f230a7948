"""Faults over the control port, seen at the devices' own ports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from simulator.client import ControlError, ask
from simulator.faults import FAULTS
from simulator.net.man import Cut
from simulator.words import LANGUAGES, catalogue, fault_words
from tests.simulator.conftest import Lived, command
from tests.simulator.test_man_line import Echo

Start = Callable[..., Awaitable[Lived]]
Peer = Callable[[str], str]
JAMMED, LOW_PAPER = 0x04, 0x80


async def tell(lived: Lived, **request: object) -> dict[str, object]:
    return await asyncio.to_thread(ask, lived.running.control_port, **request)


async def fault(lived: Lived, name: str, target: str, on: bool) -> None:
    assert (await tell(lived, do="fault", name=name, target=target, on=on))["ok"] is True


async def get(peer: Peer, lived: Lived, device: str, name: str) -> str | None:
    """The value as net-snmp prints it; None where nothing answers."""
    arguments = ("-v2c", "-c", "public", "-t", "0.5", "-r", "0", "-Oqv", f"127.0.0.1:{lived.port(device)}", name)
    status, said = await command(peer("snmpget"), *arguments)
    return said.strip() if status == 0 else None


UPTIME = "1.3.6.1.2.1.1.3.0"
ERROR_STATE = "1.3.6.1.2.1.25.3.5.1.2.1"
ALERT_CODE = "1.3.6.1.2.1.43.18.1.1.7.1.1"


@pytest.mark.peer("snmpget")
async def test_a_jam_is_seen_in_the_error_bits_and_the_alert_table_and_clears(lived: Lived, peer: Peer) -> None:
    assert await get(peer, lived, "printer-1", ERROR_STATE) == '"00 "'
    await fault(lived, "printer-jam", "printer-1", True)
    assert await get(peer, lived, "printer-1", ERROR_STATE) == f'"{JAMMED:02X} "'
    assert await get(peer, lived, "printer-1", ALERT_CODE) == "8"
    assert await get(peer, lived, "printer-1", "1.3.6.1.2.1.25.3.5.1.1.1") == "1"
    await fault(lived, "printer-jam", "printer-1", False)
    assert await get(peer, lived, "printer-1", ERROR_STATE) == '"00 "'
    assert "No Such Instance" in str(await get(peer, lived, "printer-1", ALERT_CODE))


@pytest.mark.peer("snmpget")
async def test_a_broken_printer_is_silent_and_a_mended_one_answers_after_it_started(lived: Lived, peer: Peer) -> None:
    await fault(lived, "device-dead", "printer-2", True)
    assert await get(peer, lived, "printer-2", UPTIME) is None
    assert await get(peer, lived, "printer-1", UPTIME) is not None
    await fault(lived, "device-dead", "printer-2", False)
    assert await get(peer, lived, "printer-2", UPTIME) is None
    lived.pass_time(30.0)
    assert await get(peer, lived, "printer-2", UPTIME) is not None


@pytest.mark.peer("snmpget")
async def test_a_port_that_is_down_shows_at_the_switch_and_silences_what_is_behind_it(lived: Lived, peer: Peer) -> None:
    await fault(lived, "switch-port-down", "workstation-1", True)
    assert await get(peer, lived, "switch-1", "1.3.6.1.2.1.2.2.1.8.7") == "2"
    assert await get(peer, lived, "workstation-1", UPTIME) is None
    await fault(lived, "switch-port-down", "switch-1:7", False)
    assert await get(peer, lived, "switch-1", "1.3.6.1.2.1.2.2.1.8.7") == "1"
    assert await get(peer, lived, "workstation-1", UPTIME) is not None


@pytest.mark.peer("snmpget")
async def test_a_power_cut_shows_in_both_ups_mibs(lived: Lived, peer: Peer) -> None:
    await fault(lived, "power-cut", "ward", True)
    lived.pass_time(20.0)
    assert await get(peer, lived, "ups-1", "1.3.6.1.2.1.33.1.4.1.0") == "5"
    assert await get(peer, lived, "ups-1", "1.3.6.1.2.1.33.1.6.1.0") == "2"
    assert await get(peer, lived, "ups-2", "1.3.6.1.4.1.318.1.1.1.4.1.1.0") == "3"
    assert await get(peer, lived, "printer-1", UPTIME) is None
    await fault(lived, "power-cut", "ward", False)
    lived.pass_time(30.0)
    assert await get(peer, lived, "ups-1", "1.3.6.1.2.1.33.1.6.1.0") == "0"
    assert await get(peer, lived, "printer-1", UPTIME) is not None


async def test_a_workstation_without_power_is_silent_not_refusing(lived: Lived) -> None:
    port = lived.port("workstation-4")
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await fault(lived, "device-dead", "ups-3", True)  # which would hold it
    await fault(lived, "power-cut", "ward", True)
    lived.pass_time(1.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 0.5)
    await fault(lived, "power-cut", "ward", False)
    lived.pass_time(60.0)
    reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 5.0)
    writer.write(bytes.fromhex("030000130ee000000000000100080003000000"))  # X.224 connection request
    assert (await asyncio.wait_for(reader.readexactly(19), 5.0))[5] == 0xD0  # connection confirm
    writer.close()


async def test_man_down_cuts_the_line_as_it_was_told(start: Start) -> None:
    echo = Echo()
    await echo.open()
    lived = await start(broker=f"127.0.0.1:{echo.port}")
    man = lived.simulation.man
    assert man is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", man.port)
    writer.write(b"one")
    assert await asyncio.wait_for(reader.readexactly(3), 5.0) == b"one"
    await fault(lived, "man-down", "ward", True)
    assert man.cut is Cut.HANG
    writer.write(b"two")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.3)
    await fault(lived, "man-down", "ward", False)
    assert await asyncio.wait_for(reader.readexactly(3), 5.0) == b"two"
    answer = await tell(lived, do="fault", name="man-down", target="man", on=True, cut="reset")
    assert answer["ok"] is True
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), 5.0)
    assert echo.server is not None
    echo.server.close()


async def test_the_line_also_goes_with_the_routers_power(start: Start) -> None:
    echo = Echo()
    await echo.open()
    lived = await start(broker=f"127.0.0.1:{echo.port}")
    await fault(lived, "power-cut", "ups-1", True)
    lived.ward.upses[0].stored_joules = 1000.0
    lived.pass_time(30.0)
    assert lived.simulation.man is not None
    assert lived.simulation.man.cut is Cut.HANG
    assert echo.server is not None
    echo.server.close()


async def test_a_fault_or_device_that_is_not_there_is_told_with_what_is(lived: Lived) -> None:
    answer = await tell(lived, do="fault", name="earthquake", target="ward", on=True)
    assert (answer["ok"], answer["error"], answer["known"]) == (False, "unknown_fault", list(FAULTS))
    answer = await tell(lived, do="fault", name="printer-jam", target="ups-1", on=True)
    assert (answer["error"], answer["known"]) == ("unknown_target", ["printer-1", "printer-2", "printer-3"])
    answer = await tell(lived, do="fault", name="device-dead", target="server-1", on=True)
    assert answer["error"] == "unknown_target"


async def test_what_is_on_is_listed_and_the_state_told(lived: Lived) -> None:
    await fault(lived, "power-cut", "ups-2", True)
    await fault(lived, "switch-port-down", "switch-1:6", True)
    listed = (await tell(lived, do="faults"))["faults"]
    assert isinstance(listed, list)
    on = {one["name"]: one["active"] for one in listed if one.get("active")}
    assert on == {"power-cut": ["ups-2"], "switch-port-down": ["printer-2"]}
    state = await tell(lived, do="state")
    devices = state["devices"]
    assert isinstance(devices, dict)
    assert set(devices) == set(lived.ward.places)
    assert [device for device, one in devices.items() if not one["reachable"]] == ["printer-2"]
    assert (state["time_of_day"], state["man_open"]) == ("Mon 09:15", True)


@pytest.mark.parametrize(
    "sent",
    [
        b'POST / HTTP/1.1\r\n{"do": "fault", "name": "power-cut", "target": "ward", "on": true}\n',
        b'{"do": "fault", "name": "power-cut"}\n{"do": "fault", "name": "power-cut", "target": "ward", "on": true}\n',
        b"[" * 70_000 + b"\n",
    ],
    ids=["browser", "half", "endless"],
)
async def test_what_is_no_request_ends_the_connection_and_changes_nothing(lived: Lived, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", lived.running.control_port)
    writer.write(sent)
    said = await asyncio.wait_for(reader.read(-1), 5.0)
    if said:
        assert json.loads(said)["error"] == "bad_request"
    assert lived.ward.mains.on
    writer.close()


def test_a_port_that_is_no_virtual_wards_is_told(free_port: Callable[[], int]) -> None:
    with pytest.raises(ControlError, match="no_simulator"):
        ask(free_port(), do="faults")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_has_its_words(language: str) -> None:
    assert set(catalogue(language)["fault"]) == set(FAULTS)
    assert all(len(words) == 2 and all(words) for words in (fault_words(name, language) for name in FAULTS))
