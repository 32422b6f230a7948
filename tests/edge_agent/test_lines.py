"""The ward's lines seen together: what the rest of the configuration tells each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.config import IcmpDevice, SnmpDevice
from edge_agent import devices
from edge_agent.rules.engine import Moment
from telemetry.conditions import Severity
from telemetry.readings import PollResult, Reading
from tests.edge_agent.test_config import WARD, read, told

MAN = '[[device]]\nid = "uplink-man"\nkind = "uplink"\nprotocol = "icmp"\ntargets = ["10.1.0.1"]\ninterface = "man0"\n'
BACKUP = MAN.replace("uplink-man", "uplink-4g").replace("man0", "lte0") + 'line = "backup"\n'
HUB = '[uplink]\nbroker = "mqtts://hub.hai-chau.example:8883"\n'


def port(name: str, more: str = "") -> str:
    told = '[[device]]\nid = "{0}"\nkind = "uplink"\nprotocol = "snmp"\nhost = "10.0.0.1"\ninterface = "{0}"\n'
    return told.format(name) + more


def test_the_line_that_carries_the_traffic_is_that_of_the_way_to_the_district(tmp_path: Path) -> None:
    [man] = read(tmp_path, WARD + HUB + MAN).devices
    assert isinstance(man, IcmpDevice)
    assert (man.route_to, man.host, man.targets) == ("hub.hai-chau.example", "10.1.0.1", ("10.1.0.1",))
    [own] = read(tmp_path, WARD + HUB + MAN + 'route_to = "10.9.9.9"\n').devices
    assert isinstance(own, IcmpDevice)
    assert own.route_to == "10.9.9.9"


def test_the_lines_of_one_router_know_each_other_s_ports(tmp_path: Path) -> None:
    for device in read(tmp_path, WARD + port("wan1") + port("lte1", 'line = "backup"\n')).devices:
        assert isinstance(device, SnmpDevice)
        assert device.wan_ports == ("wan1", "lte1")


def test_keys_of_a_line_are_refused_elsewhere(tmp_path: Path) -> None:
    text = '[[device]]\nid = "p"\nkind = "printer"\nprotocol = "icmp"\nhost = "10.0.0.9"\nline = "man"\n'
    [problem] = told(tmp_path, WARD + text)
    assert problem.startswith("10: ")
    assert "not for devices of kind printer" in problem
    assert "uplink" in problem


def test_a_source_that_is_no_address_is_refused(tmp_path: Path) -> None:
    [problem] = told(tmp_path, WARD + MAN + 'source = "eth0"\n')
    assert problem.startswith("11: ")


@pytest.mark.parametrize(
    ("device", "reading", "raised"),
    [
        ("uplink-man", Reading("line_up", 0), [("line_down", Severity.FAILURE)]),
        ("uplink-4g", Reading("line_up", 0), [("line_down", Severity.ATTENTION)]),
        ("uplink-man", Reading("line_active", 1), []),
        ("uplink-4g", Reading("line_active", 1), [("on_backup_line", Severity.ATTENTION)]),
    ],
)
def test_the_back_up_line_is_judged_otherwise_than_the_man_line(
    device: str, reading: Reading, raised: list[tuple[str, Severity]], tmp_path: Path
) -> None:
    engine = devices.engine(read(tmp_path, WARD + MAN + BACKUP))
    found = []
    for second in (0, 3, 6):
        found += engine.observe(device, PollResult(True, [reading]), Moment(second * 1_000_000, float(second)))
    assert [(each.rule, each.severity) for each in found] == raised
