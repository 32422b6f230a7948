"""`ward-agent discover` in a ward network of namespaces, against real peers; what it sends to whom."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.edge_agent.discovery.conftest import AGENT, BROKER, EAR, MFP, ONVIF, PRINTER, SERVER, UPS, Ward
from tests.edge_agent.discovery.ward_network import PREFIX, seen_by

pytestmark = pytest.mark.peer("ip")
NETWORK = f"{PREFIX}.0/24"


@pytest.fixture(scope="module")
def found(ward: Ward) -> dict[str, Any]:
    """One search of the whole network, with a community for one host that is named."""
    status, out, err = ward.discover(NETWORK, "--community", "sesame", "--host", f"{PREFIX}.{SERVER}", "--json")
    assert status == 0, err
    return dict(json.loads(out))


def device_at(found: dict[str, Any], number: int, kind: str) -> dict[str, Any]:
    return next(each for each in found["devices"] if (each["address"], each["kind"]) == (f"{PREFIX}.{number}", kind))


def test_a_slash_24_is_searched_within_twenty_seconds(found: dict[str, Any]) -> None:
    assert found["networks"] == [NETWORK]
    assert found["seconds"] <= 20
    assert not found["interrupted"]


def test_each_real_peer_is_known_for_what_it_is(found: dict[str, Any]) -> None:
    server = device_at(found, SERVER, "server")
    assert (server["protocol"], server["vendor"], server["sure"]) == ("snmp", "Net-SNMP", True)
    ups = device_at(found, UPS, "ups")
    assert (ups["protocol"], ups["keys"]["ups_name"], ups["confidence"]) == ("nut", "santak", 95)
    printer = device_at(found, PRINTER, "printer")
    assert (printer["vendor"], printer["name"], printer["sure"]) == ("Kyocera", "Counter 1", True)
    assert "mdns:_ipp._tcp" in printer["why"]
    assert device_at(found, MFP, "printer")["model"] == "LaserJet M428"
    scanner = device_at(found, MFP, "scanner")  # the same machine: one device, the other a comment
    assert scanner["sure"] is False
    camera = device_at(found, ONVIF, "camera")
    assert (camera["model"], camera["name"], camera["sure"]) == ("DS-2CD2143G2-I", "Cổng chính", True)
    assert device_at(found, 1, "server")["protocol"] == "psutil"
    assert device_at(found, BROKER, "server")["sure"] is False


def test_one_host_seen_by_many_ways_is_one_device_and_ids_are_telling(found: dict[str, Any]) -> None:
    sure = [each["address"] for each in found["devices"] if each["sure"]]
    assert len(sure) == len(set(sure))
    ids = {each["id"] for each in found["devices"]}
    assert {"ups-1", "printer-1", "cam-1", "server-1"} <= ids
    assert all(each["mac"] for each in found["devices"] if each["address"] != f"{PREFIX}.1")


@pytest.mark.usefixtures("found")
def test_nothing_but_the_public_community_reaches_a_host_that_was_not_named(ward: Ward) -> None:
    heard = "\n".join(seen_by(ward.heard))
    assert "public" in heard
    assert "sesame" not in heard
    for credential in ("Authorization", "PASSWORD", "USERNAME", "LOGIN"):
        assert credential.lower() not in heard.lower()


def test_the_named_community_reaches_the_named_host(ward: Ward) -> None:
    before = len(seen_by(ward.heard))
    status, _, err = ward.discover("--community", "sesame", "--host", f"{PREFIX}.{EAR}")
    assert status == 0, err
    assert any("sesame" in line for line in seen_by(ward.heard)[before:])


def test_no_snmp_sends_no_community_at_all(ward: Ward) -> None:
    before = len(seen_by(ward.heard))
    status, _, err = ward.discover(f"{PREFIX}.{EAR}", "--no-snmp")
    assert status == 0, err
    heard = seen_by(ward.heard)[before:]
    assert any(line.startswith("tcp 80 ") for line in heard)
    assert not any("udp" in line for line in heard)


def test_a_community_without_a_named_host_is_refused_before_anything_is_sent(ward: Ward) -> None:
    before = len(seen_by(ward.heard))
    status, out, err = ward.discover(NETWORK, "--community", "sesame")
    assert (status, out) == (2, "")
    assert "--host" in err
    assert len(seen_by(ward.heard)) == before


def test_the_draft_is_good_once_passwords_are_filled_in(ward: Ward, tmp_path: Path) -> None:
    draft = tmp_path / "ward.toml"
    status, out, err = ward.discover("--out", draft, "--lang", "vi")
    assert (status, out) == (0, ""), err
    assert "Bản nháp" in err
    assert "ghi mật khẩu vào tệp này" in draft.read_text(encoding="utf-8")
    devices = tomllib.loads(draft.read_text(encoding="utf-8"))["device"]
    (tmp_path / "secrets").mkdir()
    for each in devices:
        if "password_file" in each:
            (tmp_path / each["password_file"]).write_text("secret\n", encoding="ascii")
    real = [each["id"] for each in devices if each["protocol"] == "psutil" or each.get("host") in ANSWERING]
    assert len(real) == 1 + len(ANSWERING)
    for device in real:
        done = ward.network.run(AGENT, "check", "-c", draft, "--device", device, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
    assert ward.discover("--out", draft)[0] == 2  # what is there stays


ANSWERING = {f"{PREFIX}.{number}" for number in (SERVER, UPS, PRINTER)}


def test_of_an_existing_configuration_only_what_is_new_is_drafted(ward: Ward, tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    known.write_text(
        '[ward]\nid = "w"\nname = "W"\ndistrict = "d"\n'
        f'[[device]]\nid = "printer-1"\nkind = "printer"\nprotocol = "icmp"\nhost = "{PREFIX}.{PRINTER}"\n'
        '[[device]]\nid = "ups-1"\nkind = "ups"\nprotocol = "nut"\nups_name = "santak"\n'
        f'host = "{PREFIX}.{UPS}"\n[[device]]\nid = "server-1"\nkind = "server"\nprotocol = "psutil"\n',
        encoding="utf-8",
    )
    status, out, err = ward.discover("-c", known)  # of the machine's own network
    assert status == 0, err
    assert NETWORK in out
    assert "[ward]" not in out
    new = tomllib.loads(out)["device"]
    assert {each["id"] for each in new} == {"cam-1", "cam-2", "server-2", "printer-2"}
    assert tomllib.loads(known.read_text() + out)["device"]


def test_ctrl_c_prints_what_was_found_so_far(ward: Ward) -> None:
    command = ["ip", "netns", "exec", ward.network.agent, str(AGENT), "discover", "--lang", "en"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while ": 0 hosts" in (line := process.stderr.readline()) or ": 1 hosts" in line or not line.startswith("Searching"):
        assert process.poll() is None
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - started < 3
    assert process.returncode == 0, err
    assert "Stopped as asked" in err
    assert tomllib.loads(out)["device"]


def test_progress_is_shown_on_standard_error(ward: Ward) -> None:
    _, out, err = ward.discover(f"{PREFIX}.{SERVER}", "--lang", "en", "--json")
    assert "Searching 1 addresses" in err
    assert json.loads(out)["devices"][0]["address"] == f"{PREFIX}.{SERVER}"


def test_a_network_in_which_every_address_answers_keeps_within_its_time(ward: Ward) -> None:
    """Loopback: 62 hosts, each with every port that this machine serves."""
    status, out, err = ward.discover("127.0.0.0/26", "--json")
    assert status == 0, err
    assert json.loads(out)["seconds"] <= 10
    assert len(json.loads(out)["devices"]) >= 62
