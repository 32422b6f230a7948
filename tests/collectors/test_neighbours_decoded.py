"""Tables of neighbours as agents write them: MACs in every spelling, LLDP ids of every subtype, holes, odd indexes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import bridge_tables, lldp
from collectors.lldp import Tables
from collectors.neighbours import of_arp_table, of_this_machine
from collectors.protocols.snmp_values import Value, mac
from telemetry.neighbours import Neighbour, Sight

MAC = "00:1b:21:0a:0b:0c"
RAW = bytes.fromhex("001b210a0b0c")
PORTS = {"1": "gi1", "7": "gi7", "24": "gi24"}
values = st.none() | st.integers() | st.floats() | st.binary(max_size=40) | st.text(max_size=40)
indexes = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){0,9}", fullmatch=True) | st.text(max_size=12)
columns = st.dictionaries(indexes, values, max_size=6)


@pytest.mark.parametrize(
    "written",
    [RAW, MAC, "00-1B-21-0A-0B-0C", "0:1b:21:a:b:c", "001b.210a.0b0c", "001b210a0b0c", "0x001B210A0B0C",
     b"00:1b:21:0a:0b:0c", b"00 1B 21 0A 0B 0C", "001B21-0A0B0C"],
)  # fmt: skip
def test_a_mac_is_known_in_every_spelling(written: Value) -> None:
    assert mac(written) == MAC


@pytest.mark.parametrize(
    "written",
    [None, "", b"", b"\x00" * 6, b"\xff" * 6, bytes.fromhex("01005e000001"), "00:1b:21", "gi1", 7, "00:1b:21:0a:0b:0g",
     "001b:210a:0b0c:0d0e", b"\x00\x1b\x21\x0a\x0b", "1.2.3.4"],
)  # fmt: skip
def test_what_is_no_station_s_mac_is_none(written: Value) -> None:
    assert mac(written) == ""


@given(values)
def test_a_mac_is_one_or_nothing(value: Value) -> None:
    assert re.fullmatch(r"|([0-9a-f]{2}:){5}[0-9a-f]{2}", mac(value))


# ---- LLDP ------------------------------------------------------------------------------------------------------


def row(chassis: tuple[Value, Value], port: tuple[Value, Value], name: Value = b"SW2", local: str = "7") -> Neighbour:
    index = f"0.{local}.1"
    remote = dict(zip((4, 5, 6, 7, 9), ({index: value} for value in (*chassis, *port, name)), strict=True))
    [found] = lldp.neighbours(Tables(remote), PORTS)
    return found


def test_a_neighbour_s_mac_is_its_chassis_or_else_its_port() -> None:
    assert row((4, RAW), (5, b"gi8")) == Neighbour(Sight.LLDP, "gi7", MAC, "SW2", (), "gi8")
    assert row((7, b"box"), (3, RAW)) == Neighbour(Sight.LLDP, "gi7", MAC, "SW2", (), MAC)
    assert row((7, b"00:1b:21:0a:0b:0c"), (7, b"41")).mac == MAC  # local, but written as a MAC
    assert row((7, b"switch"), (7, b"41")).mac == ""  # six letters are no MAC
    assert row((4, b"\x00" * 6), (7, b"41"), b"core") == Neighbour(Sight.LLDP, "gi7", "", "core", (), "41")


def test_a_chassis_that_is_an_address_is_one() -> None:
    assert row((5, b"\x01\x0a\x00\x00\x14"), (3, RAW)).addresses == ("10.0.0.20",)
    assert row((5, b"\x02" + bytes(15) + b"\x01"), (3, RAW)).addresses == ("::1",)
    assert row((5, b"\x01\x0a\x00"), (3, RAW)).addresses == ()


def test_management_addresses_stand_in_the_index() -> None:
    remote = {5: {"100.7.1": RAW}, 4: {"100.7.1": 4}}
    management: dict[str, Value] = {"100.7.1.1.4.10.0.0.20": 2, "100.7.1.1.4.10.0.0": 2, "100.7.1.6.6.0.27.33.1.2.3": 2}
    [found] = lldp.neighbours(Tables(remote, management=management), PORTS)
    assert found.addresses == ("10.0.0.20",)


@pytest.mark.parametrize(
    ("local", "port"),
    [
        ({}, "gi7"),  # the number is ifIndex
        ({3: {"7": b"GI24"}}, "gi24"),  # its id is a port's name
        ({3: {"7": b"24"}}, "gi24"),  # its id is an ifIndex in text
        ({3: {"7": RAW}, 4: {"7": b"gi1"}}, "gi1"),  # its id is a MAC, its description a port's name
        ({3: {"7": b"uplink"}}, "gi7"),
    ],
)
def test_the_local_port_is_named_as_in_the_port_readings(local: dict[int, dict[str, Value]], port: str) -> None:
    assert lldp.local_port("7", local, PORTS) == port


def test_a_local_port_without_a_name_keeps_what_it_is_called() -> None:
    assert lldp.local_port("99", {3: {"99": b"lan9"}}, PORTS) == "lan9"
    assert lldp.local_port("99", {}, PORTS) == "99"


@given(st.dictionaries(st.sampled_from([4, 5, 6, 7, 9]), columns), st.dictionaries(st.sampled_from([2, 3, 4]), columns),
       columns)  # fmt: skip
def test_any_lldp_table_gives_clean_neighbours(
    remote: dict[int, dict[str, Value]], local: dict[int, dict[str, Value]], management: dict[str, Value]
) -> None:
    for each in lldp.neighbours(Tables(remote, local, management), PORTS):
        assert each.sight is Sight.LLDP
        assert all(text.isprintable() or text for text in (each.port, each.name, each.remote_port) if text)
        assert re.fullmatch(r"|([0-9a-f]{2}:){5}[0-9a-f]{2}", each.mac)


# ---- forwarding and ARP tables ---------------------------------------------------------------------------------


def test_a_forwarding_table_goes_by_base_ports_to_names() -> None:
    table: dict[str, Value] = {"1.0.27.33.10.11.12": 3, "2.0.27.33.10.11.12": 3, "1.0.27.33.10.11.13": 0,
                               "1.1.0.94.0.0.1": 3, "1.0.27.33": 3, "1.0.27.33.10.11.14": 9}  # fmt: skip
    assert bridge_tables.behind_ports(table, {"3": 7}, PORTS) == [
        Neighbour(Sight.BRIDGE, "gi7", MAC),  # once, though in two VLANs
        Neighbour(Sight.BRIDGE, "9", "00:1b:21:0a:0b:0e"),  # a base port without ifIndex keeps its number
    ]


def test_a_table_that_numbers_ports_otherwise_than_the_base_ports_means_the_nth() -> None:
    table: dict[str, Value] = {"1.0.27.33.10.11.12": 2}
    base: dict[str, Value] = {"49153": 49153, "49154": 49154}
    names = {"49153": "gi1/0/1", "49154": "gi1/0/2"}
    assert bridge_tables.behind_ports(table, base, names) == [Neighbour(Sight.BRIDGE, "gi1/0/2", MAC)]


def test_arp_tables_old_and_new_tell_the_same() -> None:
    told = [Neighbour(Sight.ARP, "gi7", MAC, addresses=("10.0.0.20",))]
    assert bridge_tables.from_arp({"7.10.0.0.20": RAW, "7.10.0.0": RAW, "7.10.0.0.21": b""}, PORTS) == told
    assert bridge_tables.from_cache({"7.1.4.10.0.0.20": RAW, "7.1.4.10.0.0": RAW, "7": RAW}, PORTS) == told


@given(columns, columns)
def test_any_table_gives_clean_neighbours(table: dict[str, Value], base: dict[str, Value]) -> None:
    found = bridge_tables.behind_ports(table, base, PORTS)
    found += bridge_tables.from_arp(table, PORTS) + bridge_tables.from_cache(table, PORTS)
    assert all(re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", each.mac) for each in found)


def test_whom_the_kernel_knows_is_a_neighbour_but_a_group_is_not() -> None:
    lines = f"head\n10.0.0.20 0x1 0x2 {MAC} * eth0\n224.0.0.251 0x1 0x2 01:00:5e:00:00:fb * eth0\n"
    assert of_arp_table(lines) == [Neighbour(Sight.ARP, "eth0", MAC, addresses=("10.0.0.20",))]


@given(st.text(max_size=200))
def test_any_text_is_no_defect_as_an_arp_table(table: str) -> None:
    assert all(each.mac and each.addresses for each in of_arp_table(f"head\n{table}"))


def test_this_machine_knows_its_own_name_where_it_has_no_arp_table(tmp_path: Path) -> None:
    assert all(each.sight is Sight.SELF and each.mac for each in of_this_machine(tmp_path / "none"))
