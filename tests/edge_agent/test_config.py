"""A ward's configuration: what is right becomes models; what is wrong is told with its line and what is allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from collectors.config import ModbusDevice, SnmpDevice
from collectors.register_map import Register
from edge_agent import opening_hours
from edge_agent.config import Configuration, load
from edge_agent.words import words
from telemetry.configuration.problems import ConfigurationError

WARD = '[ward]\nid = "hai-chau-1"\nname = "Phường Hải Châu 1"\ndistrict = "hai-chau"\n'  # lines 1 to 4
UPS = '[[device]]\nid = "ups-1"\nkind = "ups"\nprotocol = "snmp"\nhost = "192.168.10.20"\n'


def read(folder: Path, text: str, environment: dict[str, str] | None = None) -> Configuration:
    file = folder / "ward.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, environment or {})


def told(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    """The problems in English, without the file's name: "12: …"."""
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, environment)
    return [line.removeprefix(f"{folder / 'ward.toml'}:") for line in caught.value.texts(words("en"))]


def test_the_smallest_configuration_has_every_default(tmp_path: Path) -> None:
    found = read(tmp_path, WARD)
    assert found.ward.opening_hours == opening_hours.DEFAULT
    assert (found.uplink, found.devices, found.rules) == (None, (), ())
    assert found.data_dir == tmp_path / "data"


def test_durations_sizes_paths_and_secrets_arrive_as_the_models_want_them(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ups").write_text("s3cret\n", encoding="utf-8")
    found = read(
        tmp_path,
        WARD
        + '[uplink]\nbroker = "mqtts://hub.example:8883"\nca_file = "ca.pem"\nusername = "w"\n'
        + 'password_env = "MQTT_PW"\n'
        + '[agent]\ndata_dir = "state"\n[journal]\ncommit_interval = "500ms"\nmax_bytes = "2GB"\n'
        + UPS
        + 'interval = "5m"\nfast_interval = 2\nuser = "u"\nauth = "SHA"\nauth_file = "secrets/ups"\ntimeout = "1.5s"\n'
        + '[[rule]]\nid = "toner_low"\nthreshold = 15\nhold = "1m"\n',
        {"MQTT_PW": "geheim"},
    )
    [device] = found.devices
    assert isinstance(device, SnmpDevice)
    assert (device.interval, device.fast_interval, device.timeout) == (300, 2, 1.5)
    assert device.auth_key is not None
    assert device.auth_key.get_secret_value() == "s3cret"
    assert found.uplink is not None
    assert found.uplink.ca_file == tmp_path / "ca.pem"
    assert found.uplink.password is not None
    assert found.uplink.password.get_secret_value() == "geheim"
    assert found.data_dir == tmp_path / "state"
    assert (found.journal.commit_interval, found.journal.max_bytes) == (0.5, 2_000_000_000)
    assert (found.rules[0].threshold, found.rules[0].hold) == (15, 60)
    assert "s3cret" not in repr(found)
    assert "geheim" not in repr(found)


@dataclass(frozen=True)
class Case:
    """A wrong file, and how the one problem in it is told (a pattern)."""

    name: str
    text: str
    says: str


CASES = [
    Case(
        "unknown key",
        WARD + UPS + 'comunity = "x"\n',
        r"10: .*ups-1: unknown key “comunity”.*“community”.*Allowed: id,",
    ),
    Case("unknown table", WARD + "[[devices]]\n", r"5: unknown key “devices”.*“device”.*Allowed: ward, uplink"),
    Case("missing key", WARD + '[[device]]\nid = "a"\nkind = "ups"\nprotocol = "snmp"\n', r"5: .*a: the key “host”"),
    Case("missing table", UPS, r"1: the table \[ward\] is missing.*id, name, district"),
    Case("no table", "ward = 3\n", r"1: “ward” must be written as a table \[ward\]"),
    Case("no array", WARD + "[device]\n", r"5: “device” must be written as a table \[\[device\]\]"),
    Case("kind", WARD + UPS.replace('"ups"', '"upss"'), r"7: .*kind = “upss”.*mean “ups”.*Allowed: camera, recorder"),
    Case("protocol", WARD + UPS.replace('"snmp"', '"smtp"'), r"8: .*protocol = “smtp”.*“snmp”.*Allowed: snmp, "),
    Case(
        "traps everywhere",
        WARD + '[traps]\nlisten = "0.0.0.0"\n',
        r"6: \[traps\]: listen = “0.0.0.0” would listen on every line",
    ),
    Case("traps on every address of six", WARD + '[traps]\nlisten = "::"\n', r"6: .*would listen on every line"),
    Case("traps at a name", WARD + '[traps]\nlisten = "ward-pc"\n', r"6: .*“ward-pc” is not an IP address"),
    Case("traps without an address", WARD + "[traps]\nport = 162\n", r"5: .*“listen” is missing"),
    Case("no protocol", WARD + '[[device]]\nid = "a"\n', r"5: .*“protocol” is missing.*snmp, "),
    Case(
        "kind and protocol",
        WARD + '[[device]]\nid = "p"\nkind = "printer"\nprotocol = "psutil"\n',
        r"8: .*psutil.*printer.*Allowed: snmp, .*\.",
    ),
    Case("port", WARD + UPS + "port = 70000\n", r"10: .*port = 70000 is out of range.*≤ 65535"),
    Case("port text", WARD + UPS + 'port = "snmp"\n', r"10: .*port must be a number, not “snmp”"),
    Case("host number", WARD + UPS.replace('"192.168.10.20"', "7"), r"9: .*host must be a text"),
    Case("empty host", WARD + UPS.replace('"192.168.10.20"', '" "'), r"9: .*host is empty"),
    Case("id", WARD + UPS.replace("ups-1", "UPS 1"), r"6: .*id = “UPS 1”: only lower-case"),
    Case("duration", WARD + UPS + 'interval = "5 minutes"\n', r'10: .*interval = “5 minutes” is no duration.*"30s"'),
    Case("no time", WARD + UPS + "interval = 0\n", r"10: .*interval = 0 is out of range.*> 0"),
    Case("duplicate", WARD + UPS + UPS, r"11: .*“ups-1” is already on line 6"),
    Case("parent", WARD + UPS + 'parent = "ups-2"\n', r"10: .*parent = “ups-2”: there is no such device.*“ups-1”"),
    Case("own parent", WARD + UPS + 'parent = "ups-1"\n', r"10: .*circle: ups-1 → ups-1"),
    Case("version", WARD + UPS + 'version = "2"\n', r"10: .*version = “2”.*Allowed: 1, 2c, 3"),
    Case(
        "inline secret",
        WARD + UPS + 'auth_key = "geheim99"\n',
        r"10: .*auth_key: a secret does not.*auth_file, auth_env",
    ),
    Case("broker", WARD + '[uplink]\nbroker = "hub:1883"\n', r"6: .*broker = “hub:1883”.*mqtt://host:port, mqtts"),
    Case("broker with password", WARD + '[uplink]\nbroker = "mqtt://u:p@hub"\n', r"6: .*no user or password"),
    Case("hub", WARD + '[uplink]\nbroker = "mqtt://h"\nhub = "h"\n', r"7: .*hub = “h”.*https://host:port"),
    Case("opening hours", WARD + 'opening_hours = "Mon-Fri 07:30-11:30,11:00-17:00"\n', r"5: .*“11:00-17:00”"),
    Case("rule", WARD + '[[rule]]\nid = "toner_lo"\n', r"6: .*toner_lo.*mean “toner_low”.*Allowed: unreachable"),
    Case("clause", WARD + '[[rule]]\nid = "toner_low"\nwhen = "lo"\n', r"7: .*when = “lo”.*“low”.*Allowed: low, empty"),
    Case(
        "rule's device", WARD + UPS + '[[rule]]\nid = "toner_low"\ndevice = "p"\n', r"12: .*device = “p”: there is no"
    ),
    Case(
        "threshold",
        WARD + '[[rule]]\nid = "toner_low"\nthreshold = "low"\n',
        r"7: .*threshold must be a number, not “low”",
    ),
    Case("boolean", WARD + '[[rule]]\nid = "toner_low"\nenabled = "perhaps"\n', r"7: .*enabled must be true or false"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_problem_is_told_with_its_line_and_what_is_allowed(case: Case, tmp_path: Path) -> None:
    [found] = told(tmp_path, case.text)
    assert re.match(case.says, found), found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_problem_has_words_in_vietnamese_too(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "ward.toml"
    file.write_text(case.text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file, {})
    for problem in caught.value.problems:
        assert problem.text(words("vi")) != problem.text(words("en"))


def test_all_problems_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = (
        '[ward]\nid = "Hải Châu"\ndistrict = "hai-chau"\ncounters = -1\n'
        '[[device]]\nid = "a"\nkind = "ups"\nprotocol = "snmp"\nhost = "h"\nparent = "b"\nprot = 161\n'
        '[[device]]\nid = "b"\nkind = "tv"\nprotocol = "icmp"\nparent = "a"\n'
    )
    found = told(tmp_path, text)
    assert [int(line.partition(":")[0]) for line in found] == [1, 2, 4, 10, 11, 12, 14, 16]


def test_a_secret_with_a_wrong_type_is_never_shown(tmp_path: Path) -> None:
    found = told(tmp_path, WARD + UPS + "community = 12345\nauth_key = 67890\n")
    assert len(found) == 2
    assert "12345" not in str(found)
    assert "67890" not in str(found)


def test_a_password_in_an_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    camera = '[[device]]\nid = "c"\nkind = "camera"\nprotocol = "rtsp"\nurl = "rtsp://u:geheim@10.0.0.1/main"\n'
    found = told(tmp_path, WARD + '[uplink]\nbroker = "mqtt://u:geheim@hub"\n' + camera)
    assert [line[:2] for line in found] == ["6:", "11"]
    assert all("no user or password" in line for line in found)
    assert "eim" not in str(found)


@pytest.mark.parametrize("text", ["Mon-Fri 07:30-11:30,13:30-17:00", "Mon,Wed 08:00-24:00; Sat 07:30-11:30"])
def test_opening_hours_are_understood(text: str) -> None:
    opening_hours.check(text)


@pytest.mark.parametrize("text", ["", "Mo 08:00-09:00", "Mon", "Mon 9:00-10:00", "Mon 10:00-09:00", "Mon 08:00-24:01"])
def test_opening_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        opening_hours.check(text)


MODBUS = '[[device]]\nid = "ac-1"\nkind = "aircon"\nprotocol = "modbus"\nhost = "192.168.10.40"\n'  # lines 5 to 9


def test_a_wards_own_register_map_is_found_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    own = tmp_path / "maps" / "own.toml"
    own.write_text('[map]\nsource = "x"\n[[register]]\nmetric = "temperature_celsius"\naddress = 1\n', encoding="utf-8")
    found = read(tmp_path, WARD + MODBUS + 'map = "maps/own.toml"\ntarget_celsius = 26\n')
    [device] = found.devices
    assert isinstance(device, ModbusDevice)
    assert (device.map, device.port, device.unit, device.target_celsius) == (str(own), 502, 1, 26.0)


def test_a_register_maps_problems_are_told_with_their_own_file_and_line(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[map]\nsource = "x"\n[[register]]\nmetric = "temperature_celsius"\nadress = 1\n', encoding="utf-8")
    lines = told(tmp_path, WARD + MODBUS + 'map = "own.toml"\n' + "interval = 0\n")
    assert lines[0].startswith("11: [[device]] ac-1: interval = 0 is out of range.")
    lines = told(tmp_path, WARD + MODBUS + 'map = "own.toml"\n')
    assert [line.partition(": ")[2] for line in lines] == [
        "[[register]] 1: the key “address” is missing.",
        f"[[register]] 1: unknown key “adress”. Did you mean “address”? Allowed: {', '.join(Register.model_fields)}.",
    ]
    assert lines[1].startswith(f"{own}:5:")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('map = "daikin-intesis"\n', "10: [[device]] ac-1: map = “daikin-intesis” is not possible."),
        ('map = "none.toml"\n', "cannot read"),
        ('map = "xy-md02"\ntarget_celsius = 60\n', "11: [[device]] ac-1: target_celsius = 60 is out of range."),
        ('map = "xy-md02"\ntarget_celsius = "cool"\n', "11: [[device]] ac-1: target_celsius must be a number"),
        ('map = "xy-md02"\nunit = 300\n', "11: [[device]] ac-1: unit = 300 is out of range."),
    ],
)
def test_what_is_wrong_with_a_modbus_device_is_told(tmp_path: Path, more: str, says: str) -> None:
    [line] = told(tmp_path, WARD + MODBUS + more)
    assert says in line


def test_only_a_room_has_a_target_and_only_one_topic_is_a_sensors(tmp_path: Path) -> None:
    [line] = told(tmp_path, WARD + UPS + "target_celsius = 26\n")
    assert line.startswith('10: [[device]] ups-1: the key "target_celsius" is not for devices of kind ups.')
    mqtt = '[[device]]\nid = "t-1"\nkind = "sensor"\nprotocol = "mqtt"\ntopic = "tele/#"\n'
    [line] = told(tmp_path, WARD + mqtt)
    assert line.startswith("9: [[device]] t-1: topic = “tele/#” is not possible.")


NVR = '[[device]]\nid = "nvr-1"\nkind = "recorder"\nprotocol = "isapi"\nhost = "192.168.10.60"\n'
CAMERA = '[[device]]\nid = "cam-1"\nkind = "camera"\nprotocol = "onvif"\nhost = "192.168.10.31"\n'


def test_a_camera_names_its_recorder_and_its_channel_there(tmp_path: Path) -> None:
    found = read(tmp_path, WARD + NVR + CAMERA + 'recorder = "nvr-1"\nchannel = 3\nrecorded_since = 2026-11-01\n')
    camera = found.devices[1]
    assert (camera.recorder, camera.channel, camera.watch) == ("nvr-1", "3", "full")
    assert str(camera.recorded_since) == "2026-11-01"


def test_a_recorder_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    assert told(tmp_path, WARD + NVR + CAMERA + 'recorder = "cam-1"\n')[0].startswith("15: ")
    assert told(tmp_path, WARD + NVR + "channel = 1\n")[0].startswith("10: ")


@pytest.mark.parametrize(("first", "second"), [("1", "1"), ('"01"', "1"), ('"Sảnh"', '"sảnh"')])
def test_two_cameras_on_one_channel_of_a_recorder_are_refused(tmp_path: Path, first: str, second: str) -> None:
    on = 'recorder = "nvr-1"\nchannel = '
    cameras = CAMERA + on + first + "\n" + CAMERA.replace("cam-1", "cam-2") + on + second + "\n"
    [line] = told(tmp_path, WARD + NVR + cameras)
    assert line.startswith("23: [[device]] cam-2: channel = ") and "camera's on line 16" in line
    other = NVR.replace("nvr-1", "nvr-2") + cameras.replace("nvr-1", "nvr-2", 1)
    assert len(read(tmp_path, WARD + NVR + other).devices) == 4  # the same channel of another recorder
