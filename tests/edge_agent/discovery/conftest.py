"""A ward network with hosts not of our making, as far as this machine has them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.edge_agent.discovery.ward_network import PREFIX, WardNetwork, seen_by

HOSTS = Path(__file__).with_name("hosts.py")
AGENT = Path(sys.executable).parent / "ward-agent"
SERVER, UPS, PRINTER, CAMERA, ONVIF, BROKER, EAR, MFP = 10, 11, 12, 13, 14, 15, 16, 17


@dataclass(frozen=True, slots=True)
class Ward:
    """The network, and what its eavesdropping host (10.77.0.16) heard."""

    network: WardNetwork
    heard: Path

    def discover(self, *arguments: str | Path) -> tuple[int, str, str]:
        done = self.network.run(AGENT, "discover", *arguments)
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="package")
def ward(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """snmpd, upsd with dummy-ups, an IPP printer that announces itself, GStreamer's camera, an ONVIF camera, mosquitto
    and a host that only listens."""
    if os.geteuid() != 0:
        missing("network namespaces need root")
    folder = tmp_path_factory.mktemp("ward")
    network = WardNetwork("d")
    try:
        _server(network, peer("snmpd"), folder)
        peer("upsd")
        _ups(network, folder)
        _printer(network, peer, folder)
        network.start(network.host(MFP), sys.executable, HOSTS, "printer", f"{PREFIX}.{MFP}")
        network.start(network.host(ONVIF), sys.executable, HOSTS, "onvif", f"{PREFIX}.{ONVIF}")
        (folder / "mosquitto.conf").write_text("listener 1883\nallow_anonymous true\n", encoding="ascii")
        network.start(network.host(BROKER), peer("mosquitto"), "-c", folder / "mosquitto.conf")
        heard = folder / "heard"
        network.start(network.host(EAR), sys.executable, HOSTS, "listen", heard)
        network.wait_for(UPS, 3493)
        network.wait_for(PRINTER, 631)
        network.wait_for(BROKER, 1883)
        network.until(lambda: any("ready" in line for line in seen_by(heard)), "the listening host")
        yield Ward(network, heard)
    finally:
        network.close()


def _server(network: WardNetwork, snmpd: str, folder: Path) -> None:
    file = folder / "snmpd.conf"
    file.write_text('agentaddress udp:161\nrocommunity public\nsysName "quầy\\" # = [[x]]"\n', encoding="utf-8")
    command = (snmpd, "-f", "-Lf", folder / "snmpd.log", "-C", "-c", file, "-I", "-smux")
    network.start(network.host(SERVER), *command, SNMP_PERSISTENT_DIR=str(folder))


def _ups(network: WardNetwork, folder: Path) -> None:
    """upsd with one dummy unit, by files of its own."""
    home = folder / "nut"
    home.mkdir()
    files = {
        "ups.dev": "ups.status: OL\nbattery.charge: 90\nups.mfr: Santak\nups.model: TG1000\n",
        "ups.conf": f'[santak]\ndriver = dummy-ups\nport = "{home / "ups.dev"}"\nmode = dummy-loop\n'
        'desc = "Counter \\"1\\""\n',
        "upsd.conf": "LISTEN 0.0.0.0 3493\n",
        "upsd.users": "",
        "nut.conf": "MODE=netserver\n",
    }
    for name, text in files.items():
        (home / name).write_text(text, encoding="utf-8")
        (home / name).chmod(0o600)
    environment = {"NUT_CONFPATH": str(home), "NUT_STATEPATH": str(home), "NUT_ALTPIDPATH": str(home)}
    space = network.host(UPS)
    driver, upsd = (shutil.which(name, path="/lib/nut:/usr/lib/nut") or "" for name in ("dummy-ups", "upsd"))
    network.start(space, driver, "-a", "santak", "-F", "-u", "root", **environment)
    network.start(space, upsd, "-F", "-u", "root", **environment)


def _printer(network: WardNetwork, peer: Callable[[str], str], folder: Path) -> None:
    """ippeveprinter, announced by a real avahi; `ip netns exec` gives it a /run of its own to hide."""
    home = folder / "printer"
    home.mkdir()
    (home / "avahi.conf").write_text("[server]\nuse-ipv6=no\nhost-name=printer\n", encoding="ascii")
    script = f"""
        mount -t tmpfs tmpfs /run && mkdir -p /run/dbus /run/avahi-daemon
        {peer("dbus-daemon")} --system --nofork --nopidfile &
        until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
        {peer("avahi-daemon")} --no-drop-root --no-rlimits --no-chroot -f {home}/avahi.conf &
        until [ -e /run/avahi-daemon/socket ]; do sleep 0.05; done
        {peer("ippeveprinter")} -p 631 -M Kyocera -m "ECOSYS M2040dn" -d {home} "Counter 1"
    """
    network.start(network.host(PRINTER), "sh", "-c", script)
