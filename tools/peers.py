"""Real programs, not of our making, that the tests and benchmarks measure us against.

`python tools/peers.py test` installs Debian's packages where it may (root on a Debian system), says which peers are
there, and with CI=true ends with 1 where one is missing. Nothing is started here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SEARCH_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, the Debian package that brings it, and what it is a peer for."""

    program: str
    package: str
    what_for: str
    needed_by: tuple[str, ...] = ("test", "bench")


PEERS = (
    Peer("snmpd", "snmpd", "SNMP agents not of our making"),
    Peer("snmpwalk", "snmp", "reads our virtual ward"),
    Peer("mosquitto", "mosquitto", "the MQTT broker of production"),
    Peer("xfs_io", "xfsprogs", "cuts a file system off, as a power loss does"),
    Peer("mkfs.ext4", "e2fsprogs", "the file system that is cut off"),
    Peer("chromium", "chromium", "the browser that people use"),
    Peer("ping", "iputils-ping", "echo requests where raw sockets are not allowed"),
    Peer("prometheus-snmp-exporter", "prometheus-snmp-exporter", "the SNMP poller to beat", ("bench",)),
)


def installed(peer: Peer) -> bool:
    return shutil.which(peer.program, path=SEARCH_PATH) is not None


def install(packages: list[str]) -> None:
    """Debian's own installer; its services stay off, since each test starts what it needs on a free port."""
    policy = Path("/usr/sbin/policy-rc.d")
    mine = not policy.exists()
    if mine:
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        policy.chmod(0o755)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            env=environment,
            check=False,
            stdout=subprocess.DEVNULL,
        )
    finally:
        if mine:
            policy.unlink()


def main(arguments: list[str]) -> int:
    purpose = arguments[0] if arguments else "test"
    wanted = [peer for peer in PEERS if purpose in peer.needed_by]
    absent = [peer for peer in wanted if not installed(peer)]
    if absent and os.geteuid() == 0 and shutil.which("apt-get"):
        print("peers: installing " + ", ".join(peer.package for peer in absent), flush=True)
        install(sorted({peer.package for peer in absent}))
    absent = [peer for peer in wanted if not installed(peer)]
    here = [peer.program for peer in wanted if peer not in absent]
    print("peers: " + (", ".join(here) or "none") + " are here", flush=True)
    for peer in absent:
        print(f"peers: {peer.program} is missing (Debian package {peer.package}): {peer.what_for}", flush=True)
    if absent and os.environ.get("CI") == "true":
        print("peers: all of them are required where CI=true", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
