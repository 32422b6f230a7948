"""The machine's own clock, disks and services: the real chronyd and smartctl, and what they say of others."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import host_smart, programs
from collectors.config import PsutilDevice
from collectors.host import HostCollector
from collectors.host_clock import HostClock, tracking
from collectors.host_smart import Disk, HostSmart, disks, health
from collectors.host_units import HostUnits, units_of
from telemetry.clock import ClockState, FakeClock, SystemClock
from telemetry.kinds import Kind
from telemetry.readings import Reading, ReasonCode

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the peers are Linux programs")


def by_name(readings: Sequence[Reading]) -> dict[str, float]:
    return {f"{each.metric}/{each.instance}" if each.instance else each.metric: each.value for each in readings}


# ---- the clock -----------------------------------------------------------------------------------------------------


class Chronyd:
    """A real chronyd that leaves the machine's clock alone (-x) and hears the time from the test (refclock SOCK)."""

    def __init__(self, program: str, folder: Path, port: int) -> None:
        folder.chmod(0o700)
        self._socket = folder / "time.sock"
        file = folder / "chrony.conf"
        file.write_text(
            f"refclock SOCK {self._socket} refid TEST poll 0 filter 1\nport 0\ncmdport {port}\n"
            f"bindcmdaddress 127.0.0.1\nbindcmdaddress {folder / 'chronyd.sock'}\npidfile {folder / 'pid'}\n",
            encoding="utf-8",
        )
        self.chronyc = ("-h", "127.0.0.1", "-p", str(port))
        self._log = (folder / "log").open("w")
        user = ["-u", "root"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen([program, "-x", "-d", "-f", str(file), *user], stderr=self._log)

    def tell(self, offset: float) -> None:
        """One sample of a clock that is `offset` seconds ahead of this machine's (chrony's struct sock_sample)."""
        now = time.time_ns() // 1000
        sample = struct.pack("@qqdiiii", now // 1_000_000, now % 1_000_000, offset, 0, 0, 0, 0x534F434B)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(sample, str(self._socket))

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


@pytest.fixture
def chronyd(peer: Callable[[str], str], tmp_path: Path, free_port: Callable[[int], int]) -> Iterator[Chronyd]:
    program = peer("chronyd")
    peer("chronyc")
    daemon = Chronyd(program, tmp_path, free_port(socket.SOCK_DGRAM))
    yield daemon
    daemon.end()


async def _until_answered(
    part: HostClock, wanted: Callable[[dict[str, float]], bool], step: Callable[[], None]
) -> None:
    deadline = time.monotonic() + 30
    while True:
        step()
        found = by_name((await part.read()).readings)
        if wanted(found):
            return
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)


async def test_a_clock_behind_its_time_server_is_told_with_its_offset(chronyd: Chronyd) -> None:
    clock = FakeClock()
    clock.clock_state = ClockState.UNKNOWN  # so that what is told comes from chrony
    part = HostClock(clock, 5.0, chronyd.chronyc)
    await _until_answered(part, lambda found: found == {"clock_synchronised": 0.0}, lambda: None)

    def tell() -> None:
        try:
            chronyd.tell(2.5)
        except OSError as error:
            raise AssertionError("chronyd does not listen") from error

    def follows(found: dict[str, float]) -> bool:
        return found.get("clock_synchronised") == 1 and found["clock_offset_seconds"] == pytest.approx(-2.5, abs=0.01)

    await _until_answered(part, follows, tell)


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (ClockState.SYNCHRONISED, {"clock_synchronised": 1.0}),
        (ClockState.FREE_RUNNING, {"clock_synchronised": 0.0}),
        (ClockState.UNKNOWN, {}),
    ],
)
async def test_without_chrony_the_kernel_says_whether_the_clock_is_disciplined(
    state: ClockState, wanted: dict[str, float], free_port: Callable[[int], int]
) -> None:
    clock = FakeClock()
    clock.clock_state = state
    nobody = ("-h", "127.0.0.1", "-p", str(free_port(socket.SOCK_DGRAM)))
    assert by_name((await HostClock(clock, 5.0, nobody).read()).readings) == wanted


def test_a_clock_that_only_follows_itself_is_not_synchronised() -> None:
    line = "7F7F0101,,10,1795636718.9,0.000000000,0.0,0.0,0.000,0.000,0.000,0.0,0.000001109,1.0,Normal\n"
    assert by_name(tracking(line) or []) == {"clock_synchronised": 0.0}


@given(st.text(alphabet="0123456789.,-naifNormal\n", max_size=120))
def test_any_text_of_chronyc_is_readings_or_none(text: str) -> None:
    for reading in tracking(text) or []:
        assert reading.value == reading.value


# ---- disks ---------------------------------------------------------------------------------------------------------

# Written by hand from smartctl's documented fields, for a healthy and a failing ATA disk and an NVMe one.
ATA = {
    "device": {"name": "/dev/sda", "info_name": "/dev/sda [SAT]", "type": "sat", "protocol": "ATA"},
    "model_name": "ST4000VX016", "smart_support": {"available": True, "enabled": True},
    "smart_status": {"passed": True}, "temperature": {"current": 41},
    "ata_smart_attributes": {"revision": 10, "table": [
        {"id": 5, "name": "Reallocated_Sector_Ct", "value": 100, "worst": 100, "thresh": 10, "raw": {"value": 0}},
        {"id": 9, "name": "Power_On_Hours", "value": 71, "raw": {"value": 25816, "string": "25816h+12m+05.180s"}},
        {"id": 194, "name": "Temperature_Celsius", "value": 41, "raw": {"value": 103079215145}},
        {"id": 197, "name": "Current_Pending_Sector", "value": 100, "worst": 100, "thresh": 0, "raw": {"value": 8}},
    ]},
}  # fmt: skip
FAILING = {"smart_status": {"passed": False}, "temperature": {"current": 0}}
NVME = {
    "device": {"name": "/dev/nvme0", "info_name": "/dev/nvme0", "type": "nvme", "protocol": "NVMe"},
    "smart_status": {"passed": True, "nvme": {"value": 0}}, "temperature": {"current": 38},
    "nvme_smart_health_information_log": {
        "critical_warning": 0, "temperature": 38, "available_spare": 100, "percentage_used": 3, "media_errors": 0,
    },
}  # fmt: skip


def test_an_ata_disk_tells_its_verdict_temperature_and_bad_sectors() -> None:
    assert by_name(health(ATA, "sda")) == {
        "disk_healthy/sda": 1.0,
        "disk_temperature_celsius/sda": 41.0,
        "disk_reallocated_sectors_count/sda": 0.0,
        "disk_pending_sectors_count/sda": 8.0,
    }


def test_an_nvme_disk_tells_its_wear() -> None:
    assert by_name(health(NVME, "nvme0")) == {
        "disk_healthy/nvme0": 1.0,
        "disk_temperature_celsius/nvme0": 38.0,
        "disk_wear_percent/nvme0": 3.0,
    }


def test_a_disk_that_expects_to_fail_says_so() -> None:
    assert by_name(health(FAILING, "sdb"))["disk_healthy/sdb"] == 0.0


def test_a_raw_value_that_packs_other_figures_is_no_count_of_sectors() -> None:
    packed = {
        "smart_status": {"passed": True},
        "ata_smart_attributes": {"table": [{"id": 5, "raw": {"value": 1 << 40}}]},
    }
    assert by_name(health(packed, "sda")) == {"disk_healthy/sda": 1.0}


def test_a_scan_names_disks_also_behind_a_controller() -> None:
    scan = {"devices": [
        {"name": "/dev/sda", "type": "sat"}, {"name": "/dev/bus/0", "type": "megaraid,3"},
        {"name": "--all", "type": "x"}, {"name": "/dev/sdb"}, "nonsense",
    ]}  # fmt: skip
    assert disks(scan) == [Disk("/dev/sda", "sat"), Disk("/dev/bus/0", "megaraid,3")]
    assert [disk.name for disk in disks(scan)] == ["sda", "bus/0 megaraid,3"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("smart_status", "passed", "raw", "value", "id", "table", "temperature")), inner
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(("smart_status", "temperature", "ata_smart_attributes", "devices")), JSON))
def test_any_json_of_smartctl_is_readings_or_none(document: dict[str, Any]) -> None:
    disks(document)
    for reading in health(document, "sda"):
        assert 0 <= reading.value <= 10_000_000


async def test_the_real_smartctl_of_this_machine_is_understood(peer: Callable[[str], str]) -> None:
    peer("smartctl")
    part = HostSmart(SystemClock(), 10.0)
    found = await part.read()
    scanned = json.loads((await programs.run("smartctl", ["--json=c", "--scan"], timeout=10.0)).output)
    assert found.trouble == ""
    assert {each.instance for each in found.readings} <= {disk.name for disk in disks(scanned)}


async def test_the_real_smartctl_says_of_a_file_that_it_is_no_disk(
    peer: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A virtual machine's disk is answered alike: "Unable to detect device type"."""
    peer("smartctl")
    (tmp_path / "disk").write_bytes(b"")
    monkeypatch.setattr(host_smart, "disks", lambda document: [Disk(str(tmp_path / "disk"), "auto")])
    clock = FakeClock()
    part = HostSmart(clock, 10.0)
    with caplog.at_level("INFO"):
        for _ in range(3):
            assert (await part.read()).readings == []
            clock.advance(host_smart.EVERY_SECONDS)
    assert sum("SMART" in record.message for record in caplog.records) == 1


def fake(folder: Path, name: str, script: str) -> None:
    """Not the real program: stands in for it where the real one cannot run here."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


async def test_what_a_disk_said_last_stands_while_it_sleeps_and_it_is_asked_seldom(on_path: Path) -> None:
    scan = json.dumps({"devices": [{"name": "/dev/sda", "type": "sat"}]})
    (on_path / "answer").write_text(json.dumps(ATA), encoding="utf-8")
    asleep = f"echo x >>{on_path}/asked; [ -e {on_path}/asleep ] && exit 2"
    answer = f"cat {on_path}/answer"
    fake(on_path, "smartctl", f"case \"$*\" in *--scan*) echo '{scan}';; *) {asleep}; {answer};; esac")
    clock = FakeClock()
    part = HostSmart(clock, 10.0)
    awake = (await part.read()).readings
    assert by_name(awake)["disk_healthy/sda"] == 1
    assert (await part.read()).readings == awake
    assert (on_path / "asked").read_text() == "x\n"
    (on_path / "asleep").touch()
    clock.advance(host_smart.EVERY_SECONDS)
    assert (await part.read()).readings == awake
    assert (on_path / "asked").read_text() == "x\nx\n"


# ---- services ------------------------------------------------------------------------------------------------------

SHOWN = """LoadState=loaded
ActiveState=active

LoadState=loaded
ActiveState=failed

LoadState=not-found
ActiveState=inactive

LoadState=loaded
ActiveState=activating
"""


def test_a_unit_that_failed_is_missing_or_only_tries_to_start_does_not_run() -> None:
    units = ("nftables.service", "queue-manager.service", "gone.service", "looping.service")
    assert by_name(units_of(units, SHOWN).readings) == {
        "unit_running/nftables.service": 1.0,
        "unit_running/queue-manager.service": 0.0,
        "unit_running/gone.service": 0.0,
        "unit_running/looping.service": 0.0,
    }


def test_an_answer_for_other_units_than_were_asked_is_none() -> None:
    assert units_of(("a.service",), SHOWN).trouble
    assert units_of(("a.service",), "").trouble


async def test_units_are_asked_in_one_call_and_nothing_is_taken_for_an_option(on_path: Path) -> None:
    # systemd is not the first process where the tests run, so the real systemctl refuses there.
    fake(
        on_path, "systemctl", f'printf "%s\\n" "$@" >{on_path}/asked; printf "LoadState=loaded\\nActiveState=active\\n"'
    )
    found = await HostUnits(("nftables.service",), 5.0).read()
    assert by_name(found.readings) == {"unit_running/nftables.service": 1.0}
    assert (on_path / "asked").read_text().split() == [
        "show", "--property=LoadState,ActiveState", "--", "nftables.service",
    ]  # fmt: skip


async def test_a_machine_whose_units_cannot_be_asked_is_read_in_part_and_says_why(on_path: Path) -> None:
    fake(on_path, "systemctl", "echo 'Failed to connect to bus: Host is down' >&2; exit 1")
    device = PsutilDevice(id="server", kind=Kind.SERVER, protocol="psutil", units=("nftables.service",), smart=False)
    result = await HostCollector(device, SystemClock()).poll()
    assert result.reachable
    assert {"cpu_load_percent", "memory_used_percent"} <= {each.metric for each in result.readings}
    assert result.reason is not None
    assert result.reason.code is ReasonCode.PARTIAL_ANSWER
    assert "Host is down" in result.reason.detail


# ---- other programs ------------------------------------------------------------------------------------------------


async def test_a_program_that_does_not_end_is_ended(on_path: Path) -> None:
    fake(on_path, "hangs", f"echo $$ >{on_path}/pid; exec sleep 60")
    with pytest.raises(programs.ProgramFailed, match="no end within"):
        await programs.run("hangs", [], timeout=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((on_path / "pid").read_text()), 0)


async def test_a_program_that_says_too_much_is_ended(on_path: Path) -> None:
    fake(on_path, "babbles", "exec yes")
    with pytest.raises(programs.ProgramFailed, match="more than"):
        await programs.run("babbles", [], timeout=20.0, max_bytes=10_000)


async def test_a_program_that_is_not_there_is_told_apart() -> None:
    with pytest.raises(programs.ProgramMissing):
        await programs.run("no-such-program", [], timeout=1.0)
