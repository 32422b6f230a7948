"""Who hangs on which port, read from real peers: Debian's lldpd and snmpd in namespaces, the recordings of switches."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.config import SnmpDevice
from collectors.registry import collector_for
from edge_agent.topology import Topology
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.neighbours import Neighbour, Sight
from telemetry.readings import DeviceInfo, PollResult
from tests.collectors.peers import poll_once, snmp_device, value_of
from tests.namespaces import Namespaces, namespaces

SWITCH, CAMERA = "10.93.0.1", "10.93.1.2"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that lldpd may enter as its own user, which pytest's are not; and a short name for its sockets."""
    with tempfile.TemporaryDirectory(prefix="ww-lldp-") as made:
        path = Path(made)
        path.chmod(0o755)
        yield path


@pytest.fixture
def ward(peer: Callable[[str], str], folder: Path) -> Iterator[Namespaces]:
    """An agent on port swp1 of a switch and a camera on its swp7; switch and camera speak LLDP."""
    snmpd, lldpd = peer("snmpd"), peer("lldpd")
    net = namespaces(peer)
    try:
        for machine in ("agent", "switch", "camera"):
            net.add(machine)
        net.cable(("agent", "eth0", "10.93.0.2/24"), ("switch", "swp1", f"{SWITCH}/24"))
        net.cable(("camera", "eth0", f"{CAMERA}/24"), ("switch", "swp7", "10.93.1.1/24"))
        master = folder / "agentx"
        (folder / "snmpd.conf").write_text(
            f"agentaddress udp:{SWITCH}:161\nrocommunity public\nsysName sw-tang-1\nmaster agentx\n"
            f"agentXSocket {master}\n", encoding="ascii",
        )  # fmt: skip
        log = ["-Lf", str(folder / "log"), "-C", "-c", str(folder / "snmpd.conf"), "-I", "-smux"]
        net.start("switch", "env", f"SNMP_PERSISTENT_DIR={folder}", snmpd, "-f", *log)
        _wait_for(master)
        quick = folder / "lldpd.conf"
        quick.write_text("configure lldp tx-interval 1\n", encoding="ascii")
        common = ["-d", "-O", str(quick)]
        net.start("switch", lldpd, *common, "-u", str(folder / "a"), "-x", "-X", str(master), "-S", "switch")
        net.start("camera", lldpd, *common, "-u", str(folder / "b"), "-S", "camera", "-m", CAMERA)
        yield net
    finally:
        net.close()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} does not appear"
        time.sleep(0.05)


def switch() -> SnmpDevice:
    told = {"id": "switch-1", "kind": Kind.SWITCH, "protocol": "snmp", "host": SWITCH, "timeout": 2.0}
    return SnmpDevice.model_validate(told)


async def asked() -> PollResult:
    collector = collector_for(switch(), clock=SystemClock())
    try:
        return await collector.poll()
    finally:
        await collector.close()


def test_what_lldpd_announces_is_read_by_snmp_and_becomes_the_camera_s_place(ward: Namespaces) -> None:
    deadline = time.monotonic() + 40
    seen: list[Neighbour] = []
    result = PollResult(False)
    while not any(each.mac for each in seen) and time.monotonic() < deadline:  # it may appear between two columns
        result = ward.do("agent", asked)
        seen = [each for each in result.neighbours or () if each.sight is Sight.LLDP]
    [camera] = seen
    link = ward.run("camera", "cat", "/sys/class/net/eth0/address").strip()
    assert (camera.port, camera.mac) == ("swp7", link)
    assert CAMERA in camera.addresses
    assert camera.name
    assert value_of(result, "lldp_neighbours_count") == 1
    own = [each for each in result.neighbours or () if each.sight is Sight.SELF]
    assert {each.name for each in own} == {"sw-tang-1"}
    assert ward.run("switch", "cat", "/sys/class/net/swp7/address").strip() in {each.mac for each in own}
    # The switch's ARP table (it routes here) has the agent's machine.
    agent = ward.run("agent", "cat", "/sys/class/net/eth0/address").strip()
    assert Neighbour(Sight.ARP, "swp1", agent, addresses=("10.93.0.2",)) in (result.neighbours or ())
    topology = Topology([DeviceInfo("switch-1", "switch", address=SWITCH), DeviceInfo("cam", "camera", address=CAMERA)])
    assert topology.learn("switch-1", result.neighbours or (), [Neighbour(Sight.SELF, mac=agent)])
    assert [(each.parent, each.port) for each in topology.devices()] == [("", ""), ("switch-1", "swp7")]


def _forwarding(file: Path) -> dict[str, str]:
    """MAC → bridge port as the recording's own text has it, for stations (no groups) whose port is known."""
    found = {}
    for line in file.read_text(encoding="latin-1").splitlines():
        oid, _, rest = line.partition("|")
        if oid.startswith("1.3.6.1.2.1.17.7.1.2.2.1.2."):
            octets = [int(part) for part in oid.split(".")[-6:]]
            port = rest.partition("|")[2]
            if port != "0" and not octets[0] & 1 and any(octets):
                found[":".join(f"{octet:02x}" for octet in octets)] = port
    return found


def _recorded(shared: Path) -> list[Path]:
    files = sorted((shared / "recordings").glob("*.snmprec"))
    return [file for file in files if _forwarding(file)]


async def test_every_station_of_the_recorded_forwarding_tables_is_told_once(recordings: int, shared: Path) -> None:
    files = _recorded(shared)
    assert files
    for file in files:
        result = await poll_once(snmp_device(recordings, Kind.SWITCH, community=file.stem, timeout=5.0))
        seen = [each for each in result.neighbours or () if each.sight is Sight.BRIDGE]
        ports = {reading.instance for reading in result.readings if reading.metric == "port_up"}
        assert {each.mac for each in seen} == set(_forwarding(file)), file.stem
        assert all(each.port for each in seen), file.stem
        unnamed = {each.port for each in seen} - ports
        assert len(unnamed) <= 1, f"{file.stem}: {unnamed} are no ports of its readings"  # a switch's own processor
