"""What hosts answer, good and hostile: read into evidence, or nothing; the draft stays TOML that the agent accepts."""

from __future__ import annotations

import random
import tomllib
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from edge_agent.config import load
from edge_agent.discovery import draft, networks, rules
from edge_agent.discovery.asking import Asking, Pace, Permission
from edge_agent.discovery.evidence import MAX_TEXT, Findings, Host, clean
from edge_agent.discovery.networks import BadNetwork
from edge_agent.discovery.progress import line_of
from edge_agent.discovery.search import Progress, seconds_for
from edge_agent.discovery.ways import gateway, http, mdns, neighbours, nut, rtsp, ws_discovery
from edge_agent.words import words
from telemetry.clock import FakeClock
from telemetry.kinds import Kind
from tests.edge_agent.discovery.hosts import MATCH

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<ProbeMatches><ProbeMatch><Scopes>&c;&c;&c;</Scopes></ProbeMatch></ProbeMatches>"
)


def asking(cidr: str = "10.0.0.0/24") -> Asking:
    clock = FakeClock()
    scope = networks.scope(cidr, (), [])
    return Asking(scope, Permission(), clock, Pace(clock), [IPv4Interface("10.0.0.1/24")])


# ---- WS-Discovery ---------------------------------------------------------------------------------------------------


def test_an_onvif_answer_tells_types_scopes_and_address() -> None:
    (match,) = ws_discovery.parse(MATCH.format(relates_to="x", address="10.0.0.9").encode())
    assert match.types == ["NetworkVideoTransmitter", "Device"]
    assert match.scope("hardware") == "DS-2CD2143G2-I"
    assert match.scope("name") == "Cổng chính"
    assert match.addresses == ["http://10.0.0.9/onvif/device_service"]


def test_an_answer_counts_for_the_address_it_came_from_and_not_for_the_one_it_names() -> None:
    search = asking()
    ws_discovery.hear(search, MATCH.format(relates_to="x", address="10.0.0.66").encode(), "10.0.0.9")
    assert list(search.findings.hosts) == ["10.0.0.9"]


def test_an_answer_from_outside_of_the_searched_network_is_passed_over() -> None:
    search = asking()
    ws_discovery.hear(search, MATCH.format(relates_to="x", address="10.0.0.9").encode(), "192.168.1.9")
    assert not search.findings.hosts


def test_xml_with_a_document_type_is_refused_whatever_it_holds() -> None:
    assert ws_discovery.parse(BOMB) == []
    assert ws_discovery.parse(b"<a>" * 100_000) == []
    assert ws_discovery.parse(b"<ProbeMatch>" * 5000) == []


@given(st.binary(max_size=2000))
def test_any_datagram_is_read_without_harm(data: bytes) -> None:
    assert ws_discovery.parse(data) == []
    cut = MATCH.format(relates_to="x", address="10.0.0.9").encode()
    at = len(data) % len(cut)
    ws_discovery.parse(cut[:at] + data + cut[at:])


# ---- the other ways -------------------------------------------------------------------------------------------------


def test_nut_lists_units_and_unescapes_their_words() -> None:
    told = 'BEGIN LIST UPS\nUPS santak "Quầy \\"1\\""\nUPS b "x"\nEND LIST UPS\n'
    assert nut.parse(told) == [("santak", 'Quầy "1"'), ("b", "x")]
    assert nut.parse('UPS a; rm -rf "x"\n' + 'UPS c "\n') == []


@given(st.text(max_size=500))
def test_text_services_take_any_answer(told: str) -> None:
    assert all(name for name, _ in nut.parse(told))
    assert len(http.parse(told)) <= 5
    assert all(address.count(".") == 3 for address in gateway.parse(told))


def test_who_answers_the_kernel_is_there_with_the_maker_of_its_card() -> None:
    arp = (
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "10.0.0.5         0x1         0x2         44:19:b6:00:00:01     *        eth0\n"
        "10.0.0.6         0x1         0x0         00:00:00:00:00:00     *        eth0\n"
        "192.168.1.5      0x1         0x2         44:19:b6:00:00:02     *        eth1\n"
    )
    search = asking()
    neighbours.look(search, arp)
    assert {address: (host.mac, host.vendor) for address, host in search.findings.hosts.items()} == {
        "10.0.0.5": ("44:19:b6:00:00:01", "Hikvision")
    }
    assert neighbours.maker_of("44:19:B6:00:00:01") == "Hikvision"


def test_the_kernels_routes_tell_the_gateway() -> None:
    route = "Iface\tDestination\tGateway\tFlags\neth0\t00000000\t0100000A\t0003\neth0\t0000000A\t00000000\t0001\n"
    assert gateway.parse(route) == ["10.0.0.1"]


def test_txt_records_are_read_without_regard_to_case_or_encoding() -> None:
    assert mdns.text_records({b"Usb_MDL": b"M\xff\x001", b"rp": None}) == {"usb_mdl": "M\ufffd 1", "rp": ""}


def test_stream_paths_start_with_the_unknown_makers_and_hold_each_once() -> None:
    assert rtsp.paths()[0] == "/"
    assert len(set(rtsp.paths())) == len(rtsp.paths())


# ---- who may be sent what -------------------------------------------------------------------------------------------


def test_other_communities_are_for_named_hosts_only() -> None:
    allowed = Permission(True, (SecretStr("sesame"),), frozenset({"10.0.0.5"}))
    assert [each.get_secret_value() for _, each in allowed.communities_for("10.0.0.5")] == ["sesame", "public"]
    assert [each.get_secret_value() for _, each in allowed.communities_for("10.0.0.6")] == ["public"]
    assert Permission(False, allowed.communities, allowed.named).communities_for("10.0.0.5") == []


@pytest.mark.parametrize(
    ("cidr", "why"),
    [
        ("8.8.8.0/24", "public"),
        ("0.0.0.0/0", "public"),
        ("10.0.0.0/21", "too_large"),
        ("10.0.0.0/8", "too_large"),
        ("ten", "no_cidr"),
        ("fe80::/64", "no_cidr"),
    ],
)
def test_public_large_and_senseless_networks_are_refused(cidr: str, why: str) -> None:
    with pytest.raises(BadNetwork) as refused:
        networks.scope(cidr, (), [])
    assert refused.value.key == f"discover.wrong.{why}"
    assert words("vi").say(refused.value.key, **refused.value.values)


def test_without_a_network_the_machines_private_ones_are_searched() -> None:
    own = [IPv4Interface(each) for each in ("192.168.1.7/24", "8.8.8.8/24", "10.1.2.3/22")]
    assert [str(each) for each in networks.scope(None, (), own, 2000).networks] == ["192.168.1.0/24", "10.1.0.0/22"]
    with pytest.raises(BadNetwork):
        networks.scope(None, (), own[1:2])


def test_a_host_named_alone_is_all_that_is_asked() -> None:
    assert networks.scope(None, ["10.0.0.5"], []).addresses() == ["10.0.0.5"]
    assert networks.scope("10.0.0.5", (), []).named == ("10.0.0.5",)
    with pytest.raises(BadNetwork):
        networks.scope(None, ["8.8.8.8"], [])


# ---- what it is -----------------------------------------------------------------------------------------------------


def host(*tokens: str, address: str = "10.0.0.5") -> Host:
    found = Host(address)
    for token in tokens:
        found.add(*token.split(":", 1))
    return found


def kinds(found: Host) -> list[tuple[Kind, str, bool]]:
    return [(each.kind, each.protocol, each.commented) for each in rules.verdicts(found, lambda protocol, kind: True)]


@pytest.mark.parametrize(
    ("tokens", "kind", "protocol"),
    [
        (("snmp:answers", "snmp-mib:ups"), "ups", "snmp"),
        (("snmp:answers", "snmp-mib:printer", "snmp-mib:computer", "port:9100"), "printer", "snmp"),
        (("snmp:answers", "snmp-mib:bridge", "snmp-services:bridge"), "switch", "snmp"),
        (("gateway:default", "port:80"), "router", "icmp"),
        (("snmp:answers", "snmp-mib:environment"), "sensor", "snmp"),
        (("onvif:answers", "onvif:NetworkVideoTransmitter", "rtsp:answers"), "camera", "onvif"),
        (("onvif:answers", "onvif:NetworkVideoTransmitter", "onvif-scope:hardware/NVR-104H"), "recorder", "onvif"),
        (("vendor:Hikvision", "text:DS-7608NI NVR", "rtsp:answers"), "recorder", "isapi"),
        (("rtsp:answers", "port:554"), "camera", "rtsp"),
        (("mdns:_ipp._tcp", "port:631"), "printer", "ipp"),
        (("mdns:_uscan._tcp",), "scanner", "escl"),
        (("port:3389", "port:445", "icmp:answers"), "workstation", "icmp"),
        (("self:this-machine", "snmp:answers", "snmp-mib:computer", "port:631"), "server", "psutil"),
    ],
)
def test_what_was_seen_tells_the_kind_and_the_protocol(tokens: tuple[str, ...], kind: str, protocol: str) -> None:
    assert kinds(host(*tokens))[0] == (Kind(kind), protocol, False)


def test_each_ups_that_nut_lists_is_a_device_beside_the_computer_it_hangs_on() -> None:
    assert kinds(host("nut:a", "nut:b", "self:this-machine")) == [
        (Kind.SERVER, "psutil", False),
        (Kind.UPS, "nut", False),
        (Kind.UPS, "nut", False),
    ]


def test_what_is_not_clear_is_offered_as_a_comment() -> None:
    assert kinds(host("port:502", "arp:answers"))[0] == (Kind.AIRCON, "icmp", True)
    text = draft.text(draft.devices([host("port:502")]), words("en"), "about", whole=True)
    assert "device" not in tomllib.loads(text)
    assert '# kind = "aircon"' in text


def test_hosts_of_one_mac_are_one_device_but_for_a_router_that_answers_for_many() -> None:
    found = Findings()
    for number in range(2, 4):
        found.host(f"10.0.0.{number}").mac = "44:19:b6:00:00:01"
    for number in range(10, 20):
        found.host(f"10.0.0.{number}").mac = "00:50:7f:00:00:02"
    merged = found.merged()
    assert (merged[0].address, merged[0].also_at) == ("10.0.0.2", ["10.0.0.3"])
    assert len(merged) == 11


def test_every_way_has_its_words_and_every_rule_its_kind() -> None:
    ways = {pattern.split(":")[0] for rule in rules.table().rule for pattern in rule.all}
    for language in ("vi", "en"):
        for way in ways:
            assert words(language).say(f"discover.way.{way}", what="x", detail="y")


# ---- the draft ------------------------------------------------------------------------------------------------------

HOSTILE = st.one_of(
    st.text(max_size=60), st.sampled_from(['"""', "a\nb = 1", "]]\r[[device]]", "\x1b[2J", "\u202e", "#"])
)


@given(st.lists(HOSTILE, min_size=4, max_size=4), st.sampled_from(["snmp", "nut", "mdns", "onvif", "rtsp"]))
def test_whatever_hosts_say_of_themselves_the_draft_is_toml_and_their_words_stay_words(
    said: list[str], way: str
) -> None:
    found = Host("10.0.0.5")
    tokens = {"nut": said[0], "mdns": "_ipp._tcp"}
    found.add(way, tokens.get(way, "answers"), said[1])
    found.add("text", said[2])
    found.add("snmp-mib", "printer")
    found.describe(vendor=said[1], model=said[2], name=said[3])
    text = draft.text(draft.devices([found]), words("vi"), said[0], whole=True)
    document = tomllib.loads(text)
    assert set(document) <= {"ward", "device"}
    assert document["ward"]["id"] == "phuong-cua-toi"
    assert len(document["device"]) <= 2
    assert not any(each in text for each in ("\x1b", "\u202e", "\r", "\x7f"))


@given(st.text(max_size=1000))
def test_cleaned_text_is_one_short_printable_line(told: str) -> None:
    cleaned = clean(told)
    assert len(cleaned) <= MAX_TEXT
    assert cleaned.isprintable()
    assert clean(cleaned) == cleaned


def test_the_agent_accepts_a_draft_of_everything_once_secrets_are_there(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    tokens = sorted({pattern for rule in rules.table().rule for pattern in rule.all})
    hosts = []
    for number in range(1, 200):
        several = [token.replace("*", "a").replace("?", "n") for token in chance.sample(tokens, 4)]
        hosts.append(host(*several, address=f"10.0.0.{number}"))
    text = draft.text(draft.devices(hosts, taken=["cam-1"]), words("vi"), "about", whole=True)
    (tmp_path / "ward.toml").write_text(text, encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    for device in tomllib.loads(text)["device"]:
        assert device["id"] != "cam-1"
        (tmp_path / "secrets" / device["id"]).write_text("secret\n", encoding="ascii")
    assert len(load(tmp_path / "ward.toml").devices) > 100


# ---- progress and time ----------------------------------------------------------------------------------------------


def test_a_slash_24_ends_within_twenty_seconds_and_the_line_says_how_far_it_is() -> None:
    assert seconds_for(254) <= 20
    line = line_of(Progress(total=254, deadline=18.0, found=7, asked=3), 8.0, words("en"))
    assert all(figure in line for figure in ("254", "7 hosts", "3 asked", "10 s"))
