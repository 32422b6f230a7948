"""The presence helper: the real command on one side, the ward's agent's own check on the other."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import usb
from collectors.config import PresenceDevice
from collectors.presence import PresenceCollector
from collectors.protocols import presence
from collectors.protocols.presence import Presence, PresenceError, UsbDevice
from edge_agent.config import load
from edge_agent.presence import Helper
from edge_agent.words import words
from telemetry.clock import SystemClock
from telemetry.configuration.problems import ConfigurationError
from telemetry.kinds import Kind
from telemetry.readings import Fact, PollResult, Reading, ReasonCode
from tests.conftest import ROOT, missing

COMMAND = str(Path(sys.executable).with_name("ward-agent"))
SECRET = "correct-horse-battery"
SCANNER = UsbDevice("04c5:15fc", "fi-7160", "FUJITSU", "A36BC00123")


def plug(folder: Path, name: str, **attributes: str) -> None:
    """A device of sysfs."""
    place = folder / name
    place.mkdir(parents=True)
    for attribute, text in attributes.items():
        (place / attribute).write_text(f"{text}\n", encoding="utf-8")


def plug_scanner(folder: Path) -> None:
    told = {"product": SCANNER.name, "manufacturer": SCANNER.vendor, "serial": SCANNER.serial}
    plug(folder, "1-2", idVendor="04c5", idProduct="15fc", bDeviceClass="00", **told)


# ---- the whole way -------------------------------------------------------------------------------------------------


class Workstation:
    """The real helper, in a mount namespace of its own whose /sys/bus/usb is the test's folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.usb, self.port = folder / "usb", port
        plug(self.usb, "usb1", idVendor="1d6b", idProduct="0002", bDeviceClass="09", product="xHCI Host Controller")
        plug_scanner(self.usb)
        (folder / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
        mount = (
            'mount -t tmpfs none /sys/bus && mkdir -p /sys/bus/usb/devices && mount --bind "$0" /sys/bus/usb/devices'
        )
        command = [COMMAND, "presence", "--listen", f"127.0.0.1:{port}", "--password-file", str(folder / "secret")]
        self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', str(self.usb), *command])


@pytest.fixture
def workstation(peer: Callable[[str], str], tmp_path: Path, free_port: Callable[[int], int]) -> Iterator[Workstation]:
    peer("unshare")
    if os.geteuid() != 0:
        missing("a mount namespace needs root")
    found = Workstation(tmp_path, free_port(socket.SOCK_STREAM))
    yield found
    found.process.terminate()
    found.process.wait()


def check(folder: Path, port: int) -> dict[str, dict[str, Any]]:
    """What `ward-agent check` says of the scanner, of another one and of the workstation itself, by id."""
    asked = f'protocol = "presence"\nhost = "127.0.0.1"\nport = {port}\npassword_file = "secret"\n'
    text = '[ward]\nid = "w"\nname = "W"\ndistrict = "d"\n'
    for name, kind, more in (
        ("scanner-1", "scanner", 'usb = "04C5:15FC"\n'),
        ("scanner-2", "scanner", 'usb = "04b8:014a"\n'),
        ("pc-1", "workstation", ""),
    ):
        text += f'[[device]]\nid = "{name}"\nkind = "{kind}"\n{asked}{more}'
    (folder / "ward.toml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [COMMAND, "check", "-c", str(folder / "ward.toml"), "--json", "--lang", "en"], capture_output=True, text=True
    )
    assert done.stdout, done.stderr
    return {each["id"]: each for each in json.loads(done.stdout)["devices"]}


def test_a_scanner_on_a_workstation_is_there_until_it_is_unplugged(workstation: Workstation, tmp_path: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        found = check(tmp_path, workstation.port)
        if found["pc-1"]["reachable"]:
            break
        assert time.monotonic() < deadline and workstation.process.poll() is None, found
    assert found["scanner-1"]["reachable"]
    assert found["scanner-1"]["facts"] == {"vendor": "FUJITSU", "model": "fi-7160", "serial": "A36BC00123"}
    assert (found["scanner-2"]["reachable"], found["scanner-2"]["reason"]) == (False, "usb_absent")
    assert "04c5:15fc fi-7160" in found["scanner-2"]["error"]  # so that whoever installs it sees the right id
    assert 0 < found["pc-1"]["readings"]["memory_used_percent"] < 100
    assert found["pc-1"]["facts"]["name"] == socket.gethostname()
    for file in (workstation.usb / "1-2").iterdir():
        file.unlink()
    (workstation.usb / "1-2").rmdir()
    while found["scanner-1"]["reachable"]:  # the helper looks again after ten seconds
        assert time.monotonic() < deadline + 30
        found = check(tmp_path, workstation.port)
    assert found["scanner-1"]["reason"] == "usb_absent"
    workstation.process.terminate()
    workstation.process.wait()
    assert {each["reason"] for each in check(tmp_path, workstation.port).values()} == {"port_closed"}


@pytest.mark.parametrize(
    ("listen", "secret", "says"),
    [
        ("0.0.0.0", SECRET, "one address"),
        ("[::]:9480", SECRET, "one address"),
        ("everywhere:1", SECRET, "one address"),
        ("127.0.0.1:70000", SECRET, "one address"),
        ("127.0.0.1", "short", "too short"),
        ("192.0.2.200:9480", SECRET, "Cannot listen"),
    ],
)
def test_what_is_wrong_with_the_command_is_told(tmp_path: Path, listen: str, secret: str, says: str) -> None:
    from edge_agent import presence_command

    (tmp_path / "secret").write_text(secret, encoding="utf-8")
    assert says in presence_command.run(listen, tmp_path / "secret", (), words("en"))


@pytest.mark.parametrize(
    ("kind", "secret", "more", "says"),
    [("scanner", SECRET, "", "“usb” is missing"), ("workstation", "short", "", "password"), ("pc", SECRET, "", "pc"),
     ("scanner", SECRET, 'usb = "fi-7160"', "usb = “fi-7160”")],
)  # fmt: skip
def test_what_is_wrong_in_the_wards_configuration_is_told_without_the_secret(
    tmp_path: Path, kind: str, secret: str, more: str, says: str
) -> None:
    (tmp_path / "secret").write_text(secret, encoding="utf-8")
    device = (
        f'[[device]]\nid = "s"\nkind = "{kind}"\nprotocol = "presence"\nhost = "h"\npassword_file = "secret"\n{more}\n'
    )
    file = tmp_path / "ward.toml"
    file.write_text(f'[ward]\nid = "w"\nname = "W"\ndistrict = "d"\n{device}', encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file, {})
    [told] = caught.value.texts(words("en"))
    assert says in told
    assert secret not in told.replace("secret", "")


# ---- who may ask, and who may answer -------------------------------------------------------------------------------


async def look() -> Presence:
    return Presence([SCANNER], [Reading("cpu_load_percent", 5.0)], [Fact("name", "QUAY-3")])


async def asked(server: asyncio.Server, secret: str = SECRET, timeout: float = 5.0) -> PollResult:
    host, port = server.sockets[0].getsockname()[:2]
    told = {"id": "s", "kind": Kind.SCANNER, "protocol": "presence", "host": host, "port": port, "usb": SCANNER.id}
    device = PresenceDevice.model_validate({**told, "password": secret, "timeout": timeout})
    return await PresenceCollector(device, SystemClock()).poll()


async def raw(server: asyncio.Server, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


def reason(result: PollResult) -> ReasonCode | None:
    return None if result.reason is None else result.reason.code


async def test_another_secret_is_refused_and_strangers_learn_nothing() -> None:
    async with await Helper(SECRET, look).serve("127.0.0.1", 0) as server:
        assert (await asked(server)).reachable
        assert reason(await asked(server, "another-secret-of-16")) is ReasonCode.WRONG_CREDENTIALS
        nonce = "0" * 32
        for target in ("/", presence.PATH, f"{presence.PATH}?nonce={nonce}&mac=", presence.question("no", nonce), "/%"):
            answer = await raw(server, f"GET {target} HTTP/1.1\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"fi-7160" not in answer
        assert (await raw(server, b"x" * 10_000)) == b""
        assert (await asked(server)).reachable


async def test_an_answer_to_an_earlier_question_is_not_believed() -> None:
    async with await Helper(SECRET, look).serve("127.0.0.1", 0) as real:
        recorded = await raw(real, f"GET {presence.question(SECRET, 'a' * 32)} HTTP/1.1\r\n\r\n".encode())
    assert recorded.startswith(b"HTTP/1.1 200 ")
    assert await liar(recorded) is ReasonCode.WRONG_CREDENTIALS


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (b"", ReasonCode.GARBLED_ANSWER),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ReasonCode.GARBLED_ANSWER),
        (b"HTTP/1.1 500 No\r\n\r\n", ReasonCode.GARBLED_ANSWER),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", ReasonCode.WRONG_CREDENTIALS),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000, ReasonCode.GARBLED_ANSWER),
    ],
)
async def test_what_is_no_helper_is_told(answer: bytes, wanted: ReasonCode) -> None:
    assert await liar(answer) is wanted


async def liar(answer: bytes) -> ReasonCode | None:
    """The reason that a poll gives when this is what comes back."""

    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(lie, "127.0.0.1", 0) as server:
        return reason(await asked(server))


async def test_a_helper_that_hangs_costs_one_time_out() -> None:
    async def hang() -> Presence:
        await asyncio.sleep(60)
        return await look()

    async with await Helper(SECRET, hang).serve("127.0.0.1", 0) as server:
        started = time.monotonic()
        assert reason(await asked(server, timeout=0.5)) is ReasonCode.NO_ANSWER
        assert time.monotonic() - started < 5
        server.close()


TEXT = st.text(max_size=20)


@given(
    st.lists(st.builds(UsbDevice, TEXT, TEXT, TEXT, TEXT), max_size=4),
    st.lists(st.builds(Reading, st.just("unit_running"), st.floats(-1e15, 1e15), TEXT), max_size=4),
    st.lists(st.builds(Fact, TEXT, TEXT), max_size=4),
)
def test_what_is_told_arrives(devices: Sequence[UsbDevice], readings: Sequence[Reading], facts: Sequence[Fact]) -> None:
    assert presence.decode(presence.encode(Presence(devices, readings, facts))) == Presence(devices, readings, facts)


ROWS = st.lists(st.lists(st.none() | st.booleans() | st.floats() | st.integers() | TEXT, max_size=4), max_size=3)


@given(st.dictionaries(st.sampled_from(("devices", "readings", "facts")), ROWS | TEXT) | st.binary(max_size=40))
def test_any_body_is_understood_or_refused(told: dict[str, Any] | bytes) -> None:
    try:
        found = presence.decode(told if isinstance(told, bytes) else json.dumps(told).encode())
    except PresenceError:
        return
    assert all(abs(each.value) <= 1e18 for each in found.readings)


# ---- USB on Linux and Windows --------------------------------------------------------------------------------------


def test_sysfs_names_devices_and_leaves_hubs_and_functions_out(tmp_path: Path) -> None:
    plug(tmp_path, "usb1", idVendor="1d6b", idProduct="0002", bDeviceClass="09")
    plug(tmp_path, "1-2:1.0", bInterfaceClass="ff")
    plug(tmp_path, "1-3", idVendor="04B8", idProduct="0202", bDeviceClass="00")
    plug_scanner(tmp_path)
    assert usb.from_sysfs(tmp_path) == [SCANNER, UsbDevice("04b8:0202")]
    assert usb.from_sysfs(tmp_path / "none") == []


# As Windows 10 prints it for a scanner with one function and an office machine with three; written by hand.
WINDOWS = r"""[
{"PNPDeviceID":"USB\\VID_04C5&PID_15FC\\A36BC00123","Name":"fi-7160","Manufacturer":"FUJITSU","PNPClass":"Image"},
{"PNPDeviceID":"USB\\VID_04F9&PID_0397\\E78098","Name":"USB Composite Device","Manufacturer":"(Standard USB Host Controller)","PNPClass":"USB"},
{"PNPDeviceID":"USB\\VID_04F9&PID_0397&MI_00\\6&1A2B3C&0&0000","Name":"USB Printing Support","Manufacturer":"Microsoft","PNPClass":"USB"},
{"PNPDeviceID":"USB\\VID_04F9&PID_0397&MI_01\\6&1A2B3C&0&0001","Name":"Brother DCP-L2540DW LAN","Manufacturer":"Brother","PNPClass":"Image"},
{"PNPDeviceID":"USB\\VID_046D&PID_C31C\\5&3F&0&2","Name":"Thiết bị nhập USB","Manufacturer":null,"PNPClass":"HIDClass"},
{"PNPDeviceID":"USB\\ROOT_HUB30\\4&1","Name":"USB Root Hub","Manufacturer":null,"PNPClass":"USB"}]"""  # noqa: E501


def test_windows_names_devices_once_by_the_function_that_tells_most() -> None:
    assert usb.from_wmi(WINDOWS) == [
        SCANNER,
        UsbDevice("04f9:0397", "Brother DCP-L2540DW LAN", "(Standard USB Host Controller)", "E78098"),
        UsbDevice("046d:c31c", "Thiết bị nhập USB", "", ""),
    ]


def test_windows_with_one_device_or_none() -> None:
    assert usb.from_wmi(json.dumps(json.loads(WINDOWS)[0])) == [SCANNER]
    assert usb.from_wmi("") == []
    with pytest.raises(OSError, match="makes no sense"):
        usb.from_wmi("Get-CimInstance : Access denied")


UNIX_ONLY = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "uvloop"}


def test_nothing_that_windows_lacks_is_imported_for_the_helper() -> None:
    """Of our own modules, those that the helper loads."""
    listing = (
        "import sys, edge_agent.cli, edge_agent.presence_command; print(*(m.__file__ for m in sys.modules.values()"
    )
    listing += " if getattr(m, '__file__', None)), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, cwd=ROOT, check=True)
    ours = [Path(line) for line in done.stdout.splitlines() if Path(line).is_relative_to(ROOT) and ".venv" not in line]
    assert any(file.name == "host_smart.py" for file in ours)
    for file in ours:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:  # what is imported at once
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not UNIX_ONLY & {name.partition(".")[0] for name in names}, file
    heavy = {"pysnmp", "cv2", "av", "zeep", "sqlite3", "paho"}
    loaded = {part for line in done.stdout.splitlines() for part in Path(line).parts}
    assert not heavy & loaded
