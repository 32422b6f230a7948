"""Real SNMP peers: net-snmp's snmpd with users of each kind, and the recordings of real devices through snmpsim."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.net.ports import free_port
from tests.conftest import missing

SNMPD_CONF = """
agentaddress udp:127.0.0.1:{port}
rocommunity public
createUser noauth
rouser noauth noauth
createUser authonly SHA authpass123
rouser authonly auth
createUser authpriv SHA authpass123 AES privpass123
rouser authpriv priv
createUser old MD5 authpass123 DES privpass123
rouser old priv
sysName ward-server
sysLocation Counter hall
"""


def _udp_port() -> int:
    return free_port(socket.SOCK_DGRAM)


def answers(port: int, community: str) -> bool:
    """Whether an SNMPv2c GET of sysUpTime is answered within half a second."""
    name = community.encode()
    tail = bytes.fromhex("a01902012a0201000201003 00e300c06082b060102010103000500".replace(" ", ""))
    body = b"\x02\x01\x01\x04" + bytes([len(name)]) + name + tail
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.5)
        asker.connect(("127.0.0.1", port))
        try:
            asker.send(b"\x30" + bytes([len(body)]) + body)
            return bool(asker.recv(4096))
        except OSError:
            return False


def run_until_it_answers(command: list[str], port: int, community: str, env: dict[str, str]) -> Iterator[int]:
    """Start a peer, wait until it answers, give its port, end it."""
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not answers(port, community):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} does not answer (exit {process.poll()})")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def snmpd(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of net-snmp's snmpd: v1 and v2c "public", v3 noauth, authonly, authpriv (SHA, AES), old (MD5, DES)."""
    program = peer("snmpd")
    folder = tmp_path_factory.mktemp("snmpd")
    port = _udp_port()
    (folder / "snmpd.conf").write_text(SNMPD_CONF.format(port=port), encoding="ascii")
    command = [program, "-f", "-Lf", str(folder / "log"), "-C", "-c", str(folder / "snmpd.conf"), "-I", "-smux"]
    yield from run_until_it_answers(command, port, "public", {"SNMP_PERSISTENT_DIR": str(folder)})


@pytest.fixture(scope="session")
def recordings(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an snmpsim that serves ../shared/recordings; the community is the file's name."""
    folder = shared / "recordings"
    if not folder.is_dir():
        missing("the recordings of real devices (../shared/recordings) are not here")
    program = shutil.which("snmpsim-command-responder", path=str(Path(sys.executable).parent))
    if program is None:
        missing("snmpsim is not installed")
        return
    port = _udp_port()
    own_cache = tmp_path_factory.mktemp("snmpsim")
    command = [
        program,
        f"--data-dir={folder}",
        f"--cache-dir={own_cache}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
        "--logging-method=null",
        "--process-user=root",
        "--process-group=root",
    ]
    if os.geteuid() != 0:
        command = command[:-2]
    yield from run_until_it_answers(command, port, "apc_smx750", {})
