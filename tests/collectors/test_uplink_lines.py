"""Two lines to the city as a dual-homed agent has them, in network namespaces: one is cut, one loses packets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.config import IcmpDevice
from collectors.registry import collector_for
from collectors.uplink import PROBES, UplinkCollector
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import PollResult, ReasonCode
from tests.collectors.peers import value_of
from tests.namespaces import Namespaces, namespaces

HUB = "10.99.0.1"
MAN, BACKUP = "10.91.0.2", "10.92.0.2"  # the carriers' ends


@pytest.fixture
def ward(peer: Callable[[str], str]) -> Iterator[Namespaces]:
    """The agent's machine with a MAN line (the better route to the hub) and a back-up line."""
    net = namespaces(peer)
    try:
        for machine in ("agent", "man", "backup"):
            net.add(machine)
        net.cable(("agent", "man0", "10.91.0.1/30"), ("man", "wan", f"{MAN}/30"))
        net.cable(("agent", "lte0", "10.92.0.1/30"), ("backup", "wan", f"{BACKUP}/30"))
        for carrier in ("man", "backup"):
            net.run(carrier, "ip", "address", "add", f"{HUB}/32", "dev", "lo")
        net.run("agent", "ip", "route", "add", HUB, "via", MAN, "metric", "10")
        net.run("agent", "ip", "route", "add", HUB, "via", BACKUP, "metric", "20")
        yield net
    finally:
        net.close()


def line(name: str, target: str, **more: object) -> UplinkCollector:
    told = {"id": f"uplink-{name}", "kind": Kind.UPLINK, "protocol": "icmp", "timeout": 2.0, "route_to": HUB}
    device = IcmpDevice.model_validate({**told, "line": name, "targets": [target], **more})
    collector = collector_for(device, clock=SystemClock())
    assert isinstance(collector, UplinkCollector)
    return collector


def told(result: PollResult) -> dict[str, float]:
    return {reading.metric: reading.value for reading in result.readings}


def test_each_line_is_measured_by_itself_and_a_cut_moves_the_traffic(ward: Namespaces) -> None:
    man, backup = line("man", MAN, interface="man0"), line("backup", BACKUP, source="10.92.0.1")
    before = told(ward.do("agent", man.poll_vital)), told(ward.do("agent", backup.poll_vital))
    assert [each["line_up"] for each in before] == [1, 1]
    assert [each["line_active"] for each in before] == [1, 0]
    assert all(0 < each["rtt_seconds"] < 0.5 and each["packet_loss_percent"] == 0 for each in before)
    assert all(0 <= each["jitter_seconds"] < 0.5 for each in before)

    ward.run("agent", "ip", "link", "set", "man0", "down")
    cut, after = ward.do("agent", man.poll_vital), told(ward.do("agent", backup.poll_vital))
    assert not cut.reachable
    assert cut.reason is not None
    assert cut.reason.code in (ReasonCode.HOST_UNREACHABLE, ReasonCode.NO_ANSWER)
    assert (told(cut)["line_up"], told(cut)["line_active"]) == (0, 0)
    assert told(cut)["packet_loss_percent"] == 50  # of the window, in which the burst before was answered
    assert (after["line_up"], after["line_active"]) == (1, 1)


def test_a_line_is_never_measured_over_the_other(ward: Namespaces) -> None:
    """The hub answers over both; the probes of a cut line must not find the way round."""
    man = line("man", HUB, interface="man0")
    assert told(ward.do("agent", man.poll_vital))["line_up"] == 1
    ward.run("man", "ip", "link", "set", "wan", "down")
    assert told(ward.do("agent", man.poll_vital))["line_up"] == 0
    loose = line("man", HUB)  # without a pin, the way round is found: the pin is what makes the difference
    ward.run("agent", "ip", "link", "set", "man0", "down")
    assert told(ward.do("agent", loose.poll_vital))["line_up"] == 1


def test_loss_is_told_as_a_share_of_the_last_minute(ward: Namespaces, peer: Callable[[str], str]) -> None:
    nft = peer("nft")
    man = line("man", MAN, interface="man0")
    rule = "icmp type echo-request numgen inc mod 5 0 drop"
    ward.run(
        "man",
        nft,
        f"add table inet t; add chain inet t c {{ type filter hook input priority 0; }}; add rule inet t c {rule}",
    )
    for _ in range(4):
        found = told(ward.do("agent", man.poll_vital))
        assert found["line_up"] == 1
    assert found["packet_loss_percent"] == pytest.approx(100 / PROBES)


def test_where_echoes_are_filtered_a_tcp_port_proves_the_line(ward: Namespaces, peer: Callable[[str], str]) -> None:
    nft = peer("nft")
    ward.run(
        "man",
        nft,
        "add table inet t; add chain inet t c { type filter hook input priority 0; }; "
        "add rule inet t c icmp type echo-request drop",
    )
    assert told(ward.do("agent", line("man", MAN, interface="man0", timeout=1.0).poll_vital))["line_up"] == 0
    by_tcp = line("man", MAN, interface="man0", timeout=1.0, tcp_port=443)  # nobody listens: a refusal proves as much
    found = told(ward.do("agent", by_tcp.poll_vital))
    assert found["line_up"] == 1
    assert "packet_loss_percent" not in found
    ward.run("agent", "ip", "link", "set", "man0", "down")
    assert told(ward.do("agent", by_tcp.poll_vital))["line_up"] == 0


def test_names_are_asked_over_the_line_itself(ward: Namespaces, peer: Callable[[str], str], tmp_path: Path) -> None:
    options = ["--no-resolv", "--no-hosts", "--address=/hub.ward.test/10.99.0.1", "--local=/ward.test/"]
    options += ["--bind-interfaces", f"--listen-address={MAN}", "--user=root", f"--pid-file={tmp_path / 'pid'}"]
    ward.start("man", peer("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", *options)
    collector = line("man", MAN, interface="man0", resolve="hub.ward.test", nameserver=MAN)
    found = told(ward.do("agent", collector.poll))
    deadline = time.monotonic() + 20
    while not found["names_resolve"] and time.monotonic() < deadline:  # until the server listens
        time.sleep(0.05)
        found = told(ward.do("agent", collector.poll))
    assert found["names_resolve"] == 1
    assert 0 < found["name_resolution_seconds"] < 2
    unknown = line("man", MAN, interface="man0", resolve="nobody.ward.test", nameserver=MAN)
    assert told(ward.do("agent", unknown.poll))["names_resolve"] == 0
    elsewhere = line("backup", BACKUP, interface="lte0", resolve="hub.ward.test", nameserver=BACKUP, timeout=0.5)
    assert told(ward.do("agent", elsewhere.poll))["names_resolve"] == 0


def test_an_interface_that_is_gone_is_a_line_that_is_down(ward: Namespaces) -> None:
    result = ward.do("agent", line("backup", BACKUP, interface="usb9").poll_vital)
    assert not result.reachable
    assert value_of(result, "line_up") == 0
    assert result.reason is not None
    assert result.reason.code is ReasonCode.HOST_UNREACHABLE
