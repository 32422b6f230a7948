"""Whatever a ward has, our own agent reads it; and every fault befalls, is told of, and is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.registry import collector_for
from edge_agent import config
from simulator import agent_config, faults
from simulator.mibs.interfaces import mac_of
from simulator.mibs.topology import FDB
from simulator.words import fault_words
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import PollResult
from tests.simulator.conftest import Lived, command, read_net_snmp
from tests.simulator.test_ward_model import new_ward

OF_THE_CAMERA_ROOM = {Kind.CAMERA, Kind.RECORDER}


async def read(lived: Lived, folder: Path, *devices: str) -> dict[str, PollResult]:
    """What an agent reads of the ward, by the configuration that was written for it."""
    file = folder / "agent.toml"
    agent_config.write(file, lived.simulation)
    found: dict[str, PollResult] = {}
    for device in config.load(file).devices:
        if device.id in devices or (
            not devices and device.kind not in OF_THE_CAMERA_ROOM and device.protocol != "mqtt"
        ):  # type: ignore[attr-defined]
            collector = collector_for(device, clock=SystemClock())
            found[device.id] = await collector.poll()
            await collector.close()
    return found


def values(result: PollResult) -> dict[str, float]:
    return {f"{r.metric}/{r.instance}" if r.instance else r.metric: r.value for r in result.readings}


def test_the_ward_that_comes_along_has_every_kind() -> None:
    kinds = {Kind(machine.plate.kind) for machine in new_ward().machines()}
    assert kinds == set(Kind)


async def test_an_agent_reads_all_of_it(lived: Lived, tmp_path: Path) -> None:
    lived.clock.step_wall(SystemClock().wall_us() / 1e6 - lived.clock.wall_us() / 1e6)
    found = await read(lived, tmp_path)
    assert len(found) > 25
    assert {device: result.reason for device, result in found.items() if not result.reachable} == {}
    assert all(result.readings for result in found.values())


@pytest.mark.parametrize(
    ("fault", "target", "metric", "value"),
    [
        ("printer-out-of-paper", "printer-3", "printer_out_of_paper", 1.0),
        ("printer-door-open", "printer-3", "printer_door_open", 1.0),
        ("printer-door-open", "printer-1", "printer_door_open", 1.0),
        ("printer-out-of-paper", "printer-2", "printer_out_of_paper", 1.0),
        ("scanner-jam", "scanner-1", "scanner_jammed", 1.0),
        ("aircon-off", "aircon-1", "aircon_running", 0.0),
        ("line-down", "uplink-man", "line_up", 0.0),
        ("service-down", "service-2", "service_up", 0.0),
    ],
)
async def test_an_agent_sees_the_fault_and_that_it_is_mended(
    lived: Lived, tmp_path: Path, fault: str, target: str, metric: str, value: float
) -> None:
    for on in (True, False):
        faults.switch(lived.ward, fault, target, on)
        lived.simulation.show()
        seen = values((await read(lived, tmp_path, target))[target])[metric]
        assert (seen == value) is on


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_fault_befalls_each_of_its_targets_and_is_mended(name: str) -> None:
    ward = new_ward()
    fault = faults.FAULTS[name]
    targets = fault.targets(ward)
    assert targets
    assert fault.active(ward) == []
    for target in targets:
        faults.switch(ward, name, target, True)
        ward.advance(4.0)
        assert len(fault.active(ward)) == 1
        faults.switch(ward, name, target, False)
        ward.advance(4.0)
        assert fault.active(ward) == []
    for language in ("vi", "en"):
        assert all(fault_words(name, language))


@pytest.mark.peer("snmpbulkwalk")
async def test_the_switch_tells_truthfully_what_hangs_on_which_port(lived: Lived, peer) -> None:  # type: ignore[no-untyped-def]
    async def ports() -> dict[bytes, int]:
        there = f"127.0.0.1:{lived.port('switch-1')}"
        arguments = ("-v2c", "-c", "public", "-On", "-Ox", "-Oe", "-Ot", there, ".1.3.6.1.2.1.17.7")
        found = read_net_snmp((await command(peer("snmpbulkwalk"), *arguments))[1])
        return {bytes(name[-6:]): int(value.data) for name, value in found.items() if name[:-7] == (*FDB, 2)}  # type: ignore[arg-type]

    expected = {mac_of(device, 1): place.port for device, place in lived.ward.places.items() if place.port}
    assert await ports() == expected
    faults.switch(lived.ward, "switch-port-down", "printer-3", True)
    assert expected.keys() - (await ports()).keys() == {mac_of("printer-3", 1)}
