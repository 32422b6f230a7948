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

_GSTREAMER = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
_FAKETIME = ("/bin/sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1")
_ALL = ("test", "bench", "chaos")
SEARCH_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, the Debian packages that bring it (parted by spaces), and what it is a peer for."""

    program: str
    packages: str
    what_for: str
    needed_by: tuple[str, ...] = ("test", "bench")  # and "chaos", which needs few
    probe: tuple[str, ...] = ()  # a command that succeeds where it is installed; () looks for the program


PEERS = (
    Peer("snmpd", "snmpd", "SNMP agents not of our making"),
    Peer("snmpwalk", "snmp", "reads our virtual ward"),
    Peer("snmptrap", "snmp", "devices that send traps and informs", ("test",)),
    Peer("snmptrapd", "snmptrapd", "hears our virtual ward's traps", ("test",)),
    Peer("mosquitto", "mosquitto", "the MQTT broker of production", _ALL),
    Peer("xfs_io", "xfsprogs", "cuts a file system off, as a power loss does", _ALL),
    Peer("mkfs.ext4", "e2fsprogs", "the file system that is cut off", _ALL),
    Peer("chromium", "chromium", "the browser that people use"),
    Peer("ping", "iputils-ping", "echo requests where raw sockets are not allowed"),
    Peer("ip", "iproute2", "network namespaces: a ward's lines and switches", _ALL),
    Peer("ffmpeg", "ffmpeg", "encodes what cameras send, plays what ours send, the relay to beat"),
    Peer(
        "GStreamer's RTSP server",
        "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
        " gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly",
        "cameras not of our making",
        probe=("/usr/bin/python3", "-c", _GSTREAMER),
    ),
    Peer("upsd", "nut-server", "UPS units on USB, as NUT serves them", ("test",)),
    Peer("ippeveprinter", "cups-ipp-utils", "an IPP printer", ("test",)),
    Peer("ipptool", "cups-ipp-utils", "asks our virtual printer", ("test",)),
    Peer("dbus-daemon", "dbus", "what avahi speaks over", ("test",)),
    Peer("avahi-daemon", "avahi-daemon", "mDNS: printers and scanners that announce themselves", ("test",)),
    Peer("scanimage", "sane-utils sane-airscan", "reads scanners by eSCL, as our tests serve it", ("test",)),
    Peer("unshare", "util-linux", "gives avahi a pid file of its own", ("test",)),
    Peer("nsenter", "util-linux", "starts programs in their ward's namespace", ("test", "chaos")),
    Peer("lldpd", "lldpd", "what hangs on which port", ("test",)),
    Peer("nft", "nftables", "a line that loses packets", ("test", "chaos")),
    Peer(
        "libfaketime",
        "libfaketime",
        "a ward's wall clock that is set while its agent runs",
        ("test", "chaos"),
        probe=_FAKETIME,
    ),
    Peer("dnsmasq", "dnsmasq-base", "the name server of a line", ("test",)),
    Peer("chronyd", "chrony", "the machine's clock", ("test",)),
    Peer("smartctl", "smartmontools", "the health of disks", ("test",)),
    Peer("onvif-util", "onvif-tools", "finds and reads our virtual ward's cameras", ("test",)),
    Peer("victoria-metrics", "victoria-metrics", "keeps the numbers, for Grafana", _ALL),
    Peer("prometheus-snmp-exporter", "prometheus-snmp-exporter", "the SNMP poller to beat", ("bench",)),
)


def installed(peer: Peer) -> bool:
    if peer.probe:
        if not Path(peer.probe[0]).exists():
            return False
        return subprocess.run(peer.probe, capture_output=True).returncode == 0
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
        print("peers: installing " + ", ".join(peer.program for peer in absent), flush=True)
        install(sorted({package for peer in absent for package in peer.packages.split()}))
    absent = [peer for peer in wanted if not installed(peer)]
    here = [peer.program for peer in wanted if peer not in absent]
    print("peers: " + (", ".join(here) or "none") + " are here", flush=True)
    for peer in absent:
        print(f"peers: {peer.program} is missing (Debian: {peer.packages}): {peer.what_for}", flush=True)
    if absent and os.environ.get("CI") == "true":
        print("peers: all of them are required where CI=true", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
