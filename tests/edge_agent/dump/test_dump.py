"""`ward-agent dump` of snmpd and of recordings of real devices; the dump, served again, gives the same readings."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.protocols.snmp import SYS_LOCATION, SYS_NAME
from edge_agent.dump import snmp
from edge_agent.dump.blot import Blotter
from telemetry.kinds import Kind
from telemetry.readings import PollResult
from tests.collectors.conftest import _udp_port, recordings, run_until_it_answers, snmpd
from tests.collectors.peers import poll_once, snmp_device

__all__ = ["recordings", "snmpd"]
pytestmark = pytest.mark.peer("snmpsim")
AGENT = Path(sys.executable).parent / "ward-agent"
DEVICES = {
    "apc_smx750": Kind.UPS,
    "cyberpower_pr2200rt2uc": Kind.UPS,
    "brother": Kind.PRINTER,
    "hwg-ste2": Kind.SENSOR,
    "tplink_sg2008": Kind.SWITCH,
    "hikvision-nvr": Kind.RECORDER,
}


def readings(result: PollResult) -> Counter[tuple[str, float]]:
    """Without instances, which may be names, and without what the clock moves."""
    return Counter((each.metric, each.value) for each in result.readings if each.metric != "uptime_seconds")


def secrets_of(file: Path) -> set[str]:
    """sysName, sysLocation and serial numbers of a recording, as it writes them."""
    columns = (SYS_NAME, SYS_LOCATION, "1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.43.5.1.1.17.1", "1.3.6.1.2.1.33.1.1.5.0")
    rows = (line.split("|", 2) for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    return {row[2].strip() for row in rows if len(row) == 3 and row[0] in columns and row[1] == "4" and len(row[2]) > 3}


@pytest.mark.parametrize("names", [list(DEVICES)])
async def test_a_dump_served_again_gives_the_same_readings_and_tells_no_name(
    names: list[str], recordings: int, shared: Path, tmp_path: Path
) -> None:
    before = {}
    for name in names:
        device = snmp_device(recordings, DEVICES[name], community=name, timeout=5.0)
        before[name] = await poll_once(device)
        made = await snmp.dump(device, Blotter(os.urandom(32)), lambda rows, what: None)
        (tmp_path / f"{name}.snmprec").write_text(made.text, encoding="utf-8")
        for secret in secrets_of(shared / "recordings" / f"{name}.snmprec"):
            assert secret not in made.text, name
    with contextlib.contextmanager(serve)(tmp_path, names[0]) as port:
        for name in names:
            after = await poll_once(snmp_device(port, DEVICES[name], community=name, timeout=5.0))
            assert readings(before[name]), name
            assert readings(after) == readings(before[name]), name
            told = {each.name: each.text for each in after.facts}
            assert {f.text for f in before[name].facts if f.name == "vendor"} <= {told.get("vendor")}, name


def serve(folder: Path, community: str) -> Iterator[int]:
    """snmpsim over the folder; its port."""
    port = _udp_port()
    program = Path(sys.executable).parent / "snmpsim-command-responder"
    command = [str(program), f"--data-dir={folder}", f"--cache-dir={folder / 'cache'}", "--logging-method=null"]
    command.append(f"--agent-udpv4-endpoint=127.0.0.1:{port}")
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]
    return run_until_it_answers(command, port, community, {})


def test_the_command_dumps_snmpd_says_where_and_what_to_look_at(snmpd: int, tmp_path: Path) -> None:
    config = tmp_path / "ward.toml"
    config.write_text(
        '[ward]\nid = "w"\nname = "W"\ndistrict = "d"\n[[device]]\nid = "server-1"\nkind = "server"\n'
        f'protocol = "snmp"\nhost = "127.0.0.1"\nport = {snmpd}\n'
        '[[device]]\nid = "pc-1"\nkind = "workstation"\nprotocol = "icmp"\nhost = "127.0.0.1"\n',
        encoding="utf-8",
    )
    environment = {"LANG": "en", "PATH": "/usr/bin"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(AGENT), "dump", *arguments, "-c", str(config), "--out", str(tmp_path / "out")]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)

    done = run("server-1")
    assert done.returncode == 0, done.stderr
    file = tmp_path / "out" / "server.snmprec"
    assert done.stdout.strip() == str(file)
    assert "Before you pass it on" in done.stderr
    assert "rows read" in done.stderr
    text = file.read_text(encoding="utf-8")
    assert "ward-server" not in text
    assert "Counter hall" not in text
    assert not any(line.startswith("1.3.6.1.2.1.25.4.") for line in text.splitlines())
    assert run("server-1").returncode == 2  # what is there stays
    assert run("pc-1").returncode == 2
    assert run("nobody").returncode == 2
