"""NUT's protocol against Debian's upsd with its dummy-ups driver, and against servers that nobody should meet."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.protocols.nut import MAX_LINE, MAX_VARIABLES
from simulator.net.ports import free_port
from telemetry.readings import Fact, PollResult, ReasonCode
from tests.collectors.nut_peers import OFFICE_UPS, PASSWORD, USER, NutServer, collecting, nut_device, saying
from tests.collectors.peers import value_of
from tests.conftest import missing


@pytest.fixture(scope="module")
def upsd(
    peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, free_port_of_session: int
) -> Iterator[NutServer]:
    peer("upsd")  # Debian's is a script that looks at /etc/nut; the program itself is beside the drivers
    server, driver = (shutil.which(name, path="/lib/nut:/usr/lib/nut") for name in ("upsd", "dummy-ups"))
    if server is None or driver is None or os.geteuid() != 0:
        missing("NUT's upsd and dummy-ups driver, which run as root")
        return
    running = NutServer(tmp_path_factory.mktemp("nut"), free_port_of_session, driver, server)
    running.tell(OFFICE_UPS)
    running.start_driver()
    running.start_server()
    try:
        running.wait_until(lambda said: "OL" in said)
        yield running
    finally:
        running.stop("server")
        running.stop("driver")


@pytest.mark.peer("upsd")
async def test_a_ups_on_usb_is_read_whole(upsd: NutServer) -> None:
    async with collecting(nut_device(upsd.port)) as ups:
        result = await ups.poll()
    assert result.reachable
    assert result.reason is None
    told = {
        "battery_charge_percent": 100.0,
        "battery_runtime_seconds": 1320.0,
        "battery_voltage_volts": 27.1,
        "input_voltage_volts": 228.4,
        "output_voltage_volts": 229.8,
        "output_load_percent": 31.0,
        "on_battery": 0.0,
        "on_battery_seconds": 0.0,
        "battery_charging": 1.0,
        "battery_low": 0.0,
        "battery_needs_replacing": 0.0,
        "battery_test_failed": 0.0,
        "output_overloaded": 0.0,
        "alarms_present": 0.0,
    }
    assert {metric: value_of(result, metric) for metric in told} == told
    age = value_of(result, "battery_age_days")
    assert age is not None
    assert age > 900  # made in March 2024
    assert {Fact("vendor", "Santak"), Fact("model", "TG1000"), Fact("battery_made", "2024-03-10")} <= set(result.facts)


@pytest.mark.peer("upsd")
async def test_a_power_cut_shows_in_the_vital_poll_and_its_duration_is_counted(upsd: NutServer) -> None:
    async with collecting(nut_device(upsd.port)) as ups:
        await ups.poll()
        upsd.tell({**OFFICE_UPS, "ups.status": "OB DISCHRG LB RB OVER", "battery.charge": "18", "input.voltage": "0"})
        upsd.wait_until(lambda said: "OB" in said)
        first = await ups.poll_vital()
        await asyncio.sleep(0.05)
        second = await ups.poll_vital()
        upsd.tell(OFFICE_UPS)
        upsd.wait_until(lambda said: "OL" in said)
        back = await ups.poll_vital()
    told = ("on_battery", "battery_low", "battery_needs_replacing", "output_overloaded", "battery_charging")
    assert [value_of(first, metric) for metric in told] == [1.0, 1.0, 1.0, 1.0, 0.0]
    assert (value_of(first, "battery_charge_percent"), value_of(first, "input_voltage_volts")) == (18.0, 0.0)
    since_first, since_second = value_of(first, "on_battery_seconds"), value_of(second, "on_battery_seconds")
    assert since_first == 0.0
    assert since_second is not None
    assert since_second >= 0.05
    assert (value_of(back, "on_battery"), value_of(back, "on_battery_seconds")) == (0.0, 0.0)


@pytest.mark.peer("upsd")
async def test_who_logs_in_is_known_to_the_server_but_does_not_count_as_fed_by_the_ups(upsd: NutServer) -> None:
    async with collecting(nut_device(upsd.port, username=USER, password=PASSWORD)) as ups:
        result = await ups.poll()
        assert result.reachable
        assert upsd.ask("GET NUMLOGINS ups") == ["NUMLOGINS ups 0"]
    # The same words, as upsd takes them, are enough for what it lets only its own users do.
    name, word = f"USERNAME {USER}", 'PASSWORD "a \\"quoted\\" \\\\ word"'
    assert upsd.ask(name, word, "LOGIN ups", "GET NUMLOGINS ups") == ["OK", "OK", "OK", "NUMLOGINS ups 1"]
    assert upsd.ask(name, "PASSWORD wrong", "LOGIN ups")[2] == "ERR ACCESS-DENIED"


@pytest.mark.peer("upsd")
async def test_a_name_that_the_server_does_not_know_is_said_to_be_one(upsd: NutServer) -> None:
    async with collecting(nut_device(upsd.port, ups_name="cellar")) as ups:
        assert _why(await ups.poll()) == (False, ReasonCode.UNKNOWN_UPS)


@pytest.mark.peer("upsd")
async def test_a_server_that_was_started_anew_is_asked_again_at_once(upsd: NutServer) -> None:
    async with collecting(nut_device(upsd.port)) as ups:
        assert (await ups.poll()).reachable
        upsd.stop("server")
        assert _why(await ups.poll_vital()) == (False, ReasonCode.PORT_CLOSED)
        upsd.start_server()
        upsd.wait_until(lambda said: "OL" in said)
        assert (await ups.poll()).reachable
        upsd.stop("server")
        upsd.start_server()
        upsd.wait_until(lambda said: "OL" in said)
        assert (await ups.poll_vital()).reachable  # though the connection that was kept is dead


@pytest.mark.peer("upsd")
async def test_a_driver_that_stopped_is_told_apart_from_a_server_that_did(upsd: NutServer) -> None:
    async with collecting(nut_device(upsd.port)) as ups:
        assert (await ups.poll()).reachable
        upsd.stop("driver")
        upsd.wait_until(lambda said: "ERR" in said)
        reachable, code = _why(await ups.poll_vital())
        assert not reachable
        assert code in (ReasonCode.DRIVER_LOST, ReasonCode.STALE_DATA)
        upsd.start_driver()
        upsd.wait_until(lambda said: "OL" in said)
        assert (await ups.poll()).reachable


BEGIN, END = b"BEGIN LIST VAR ups\n", b"END LIST VAR ups\n"
STATUS = b'VAR ups ups.status "OL"\n'
ENDLESS = b"".join(b'VAR ups battery.v%d "1"\n' % number for number in range(MAX_VARIABLES + 5))


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (b"ERR DATA-STALE\n", ReasonCode.STALE_DATA),
        (b"ERR DRIVER-NOT-CONNECTED\n", ReasonCode.DRIVER_LOST),
        (b"ERR ACCESS-DENIED\n", ReasonCode.WRONG_CREDENTIALS),
        (b"ERR USERNAME-REQUIRED\n", ReasonCode.WRONG_CREDENTIALS),
        (b"ERR TOO-HOT-TODAY\n", ReasonCode.GARBLED_ANSWER),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ReasonCode.GARBLED_ANSWER),
        (b"BEGIN LIST VAR other\n" + STATUS, ReasonCode.GARBLED_ANSWER),
        (BEGIN + ENDLESS, ReasonCode.GARBLED_ANSWER),
        (BEGIN + b'VAR ups x "' + b"9" * 3 * MAX_LINE + b'"\n' + END, ReasonCode.GARBLED_ANSWER),
        (BEGIN + b"\x00\xff\xfe\n" + END, ReasonCode.GARBLED_ANSWER),
        (BEGIN + b'VAR ups a "never closed\n' + END, ReasonCode.GARBLED_ANSWER),
        (BEGIN + STATUS, ReasonCode.NO_ANSWER),  # and then nothing
    ],
)
async def test_whatever_a_server_answers_the_poll_ends_with_a_reason(reply: bytes, code: ReasonCode) -> None:
    async with saying(lambda _: reply) as port, collecting(nut_device(port, timeout=0.5)) as ups:
        started = time.monotonic()
        assert _why(await ups.poll()) == (False, code)
        assert time.monotonic() - started < 1.5


async def test_a_server_that_drips_for_ever_is_given_up_in_time() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(BEGIN)
            while True:
                writer.write(b'VAR ups a.b "1"\n')
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with collecting(nut_device(port, timeout=0.3)) as ups:
            assert _why(await ups.poll()) == (False, ReasonCode.NO_ANSWER)


async def test_a_silent_server_and_none_at_all(free_port: Callable[[], int]) -> None:
    async with saying(lambda _: None) as port, collecting(nut_device(port, timeout=0.2)) as ups:
        assert _why(await ups.poll()) == (False, ReasonCode.NO_ANSWER)
    async with collecting(nut_device(free_port(), timeout=0.5)) as ups:
        assert _why(await ups.poll()) == (False, ReasonCode.PORT_CLOSED)


async def test_names_that_are_not_utf_8_and_escapes_are_read(seed: int) -> None:
    lines = b'VAR ups device.mfr "Caf\xe9 \\"12\\" \\\\ V"\nVAR ups device.model "Ph\xc6\xb0\xe1\xbb\x9dng"\n' + STATUS
    async with saying(lambda _: BEGIN + lines + END) as port, collecting(nut_device(port)) as ups:
        result = await ups.poll()
    assert {Fact("vendor", 'Café "12" \\ V'), Fact("model", "Phường")} <= set(result.facts)


async def test_a_variable_that_is_gone_is_not_asked_for_to_death_and_alarms_end() -> None:
    status = ["OL ALARM BYPASS", "OL ALARM BYPASS", "OL"]

    def answer(line: bytes) -> bytes:
        if line.startswith(b"LIST"):
            alarm = b'VAR ups ups.alarm "[Replace battery!] [Fan failure]"\n'
            return BEGIN + b'VAR ups ups.status "OL ALARM BYPASS"\nVAR ups battery.charge "97"\n' + alarm + END
        if line.endswith(b"ups.status"):
            return f'VAR ups ups.status "{status.pop(0)}"\n'.encode()
        return b"ERR VAR-NOT-SUPPORTED\n"

    async with saying(answer) as port, collecting(nut_device(port)) as ups:
        whole = await ups.poll()
        few = await ups.poll_vital()
        status[:] = ["OL"]
        over = await ups.poll_vital()
    assert Fact("alarms", "[Replace battery!] [Fan failure]") in whole.facts
    assert value_of(whole, "alarms_present") == 2.0
    assert few.reachable
    assert value_of(few, "battery_charge_percent") is None
    assert value_of(few, "alarm_active", "on_bypass") == 1.0
    assert value_of(over, "alarm_active", "on_bypass") == 0.0


async def test_secrets_are_told_first_and_a_server_that_refuses_them_is_believed() -> None:
    heard: list[bytes] = []

    def answer(line: bytes) -> bytes:
        heard.append(line)
        return b"OK\n" if line.startswith(b"USERNAME") else b"ERR ACCESS-DENIED\n"

    async with saying(answer) as port, collecting(nut_device(port, username="me", password='a"b')) as ups:
        result = await ups.poll()
    assert heard == [b'USERNAME "me"', b'PASSWORD "a\\"b"']
    assert _why(result) == (False, ReasonCode.WRONG_CREDENTIALS)
    assert 'a"b' not in str(result)


def _why(result: PollResult) -> tuple[bool, ReasonCode | None]:
    return result.reachable, None if result.reason is None else result.reason.code


@pytest.fixture(scope="module")
def free_port_of_session() -> int:
    return free_port()


def test_the_folder_of_the_test_is_its_own(tmp_path: Path) -> None:
    server = NutServer(tmp_path, 1, "driver", "server")
    server.tell({"ups.status": "OL"})
    assert {path.name for path in tmp_path.iterdir()} >= {"ups.conf", "upsd.conf", "upsd.users", "ups.dev"}
