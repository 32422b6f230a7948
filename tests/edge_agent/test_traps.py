"""Traps and informs of net-snmp's own commands: who is heard, who is not, and what a flood may cost."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from collectors.config import BaseDevice, TrapListener, device_from
from edge_agent.config import load
from edge_agent.traps import (
    MOST_OF_ONE_SENDER,
    MOST_STRANGERS,
    POLL_SECONDS,
    PollsBrought,
    Senders,
    TrapCounts,
    TrapDoor,
    WithReadings,
)
from telemetry.clock import FakeClock, SystemClock
from telemetry.readings import Reading
from tests.edge_agent.fakes import FakeCollector, run_virtually

ON_BATTERY = "1.3.6.1.2.1.33.2.1"  # upsTrapOnBattery
V3 = ("-v3", "-u", "watch", "-a", "SHA", "-A", "authpass123", "-x", "AES", "-X", "privpass123")


def device(name: str, host: str) -> BaseDevice:
    return device_from({"id": name, "kind": "ups", "protocol": "icmp", "host": host})


def listener(port: int, **more: object) -> TrapListener:
    keys = {"auth_key": SecretStr("authpass123"), "priv_key": SecretStr("privpass123")}
    user = {"user": "watch", "auth": "SHA", "priv": "AES", **keys}
    told = {"listen": "127.0.0.1", "port": port, "community": SecretStr("city"), **user}
    return TrapListener.model_validate({**told, **more})


@dataclass
class Door:
    """A door that runs, and the polls that it brought."""

    door: TrapDoor
    port: int
    polls: list[str] = field(default_factory=list)

    @property
    def counts(self) -> TrapCounts:
        return self.door.counts

    async def until(self, good: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 15
        while not good():
            assert time.monotonic() < deadline, f"{what}: {self.counts}, {self.polls}"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def open_door(port: int, *devices: BaseDevice, **more: object) -> AsyncIterator[Door]:
    polls: list[str] = []
    door = TrapDoor(listener(port, **more), "hai-chau-1", devices, polls.append, SystemClock(), TrapCounts())
    running = asyncio.ensure_future(door.run())
    try:
        await asyncio.sleep(0)
        found = Door(door, port, polls)
        await found.until(lambda: running.done() or _taken(port), "it does not listen")
        yield found
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


async def net_snmp(program: str, *arguments: str) -> int:
    """Run one of net-snmp's commands; its exit status: an inform that is not acknowledged fails."""
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


def send(address: str, data: bytes, times: int = 1) -> None:
    """Datagrams from an address of the loopback network."""
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((host, 0))
        for _ in range(times):
            sender.sendto(data, ("127.0.0.1", int(port)))


INFORM = {
    "v1 trap": ("snmptrap", ("-v1", "-c", "city"), ("1.3.6.1.4.1.318", "127.0.0.1", "6", "5", "")),
    "v2c trap": ("snmptrap", ("-v2c", "-c", "city"), ("", ON_BATTERY)),
    "v2c inform": ("snmpinform", ("-v2c", "-c", "city", "-r0", "-t5"), ("", ON_BATTERY)),
    "v3 inform": ("snmpinform", (*V3, "-l", "authPriv", "-r0", "-t5"), ("", ON_BATTERY)),
}


@pytest.mark.peer("snmptrap")
@pytest.mark.parametrize("notification", INFORM)
async def test_a_notification_of_a_configured_device_brings_its_poll_and_is_acknowledged(
    notification: str, peer: Callable[[str], str], free_port: Callable[[int], int]
) -> None:
    program, credentials, rest = INFORM[notification]
    port = free_port(socket.SOCK_DGRAM)
    async with open_door(port, device("ups-1", "127.0.0.1"), device("other", "192.168.10.9")) as door:
        assert await net_snmp(peer(program), *credentials, f"127.0.0.1:{port}", *rest) == 0
        await door.until(lambda: door.polls == ["ups-1"], "no poll came")
        assert (door.counts.taken, door.counts.ignored) == (1, 0)


REFUSED = {
    "community": ("snmptrap", ("-v2c", "-c", "other"), True),
    "v3 auth key": ("snmpinform", ("-v3", "-u", "watch", "-a", "SHA", "-A", "another-key", "-l", "authNoPriv"), False),
    "v3 without privacy": (
        "snmpinform",
        ("-v3", "-u", "watch", "-a", "SHA", "-A", "authpass123", "-l", "authNoPriv"),
        False,
    ),
    "v3 user": ("snmpinform", ("-v3", "-u", "nobody", "-l", "noAuthNoPriv"), False),
}


@pytest.mark.peer("snmptrap")
@pytest.mark.parametrize("wrong", REFUSED)
async def test_a_notification_with_wrong_credentials_brings_none(
    wrong: str, peer: Callable[[str], str], free_port: Callable[[int], int]
) -> None:
    program, credentials, is_counted = REFUSED[wrong]
    port = free_port(socket.SOCK_DGRAM)
    async with open_door(port, device("ups-1", "127.0.0.1")) as door:
        await net_snmp(peer(program), "-r0", "-t1", *credentials, f"127.0.0.1:{port}", "", ON_BATTERY)
        await door.until(lambda: door.counts.refused >= is_counted, "it was not counted")
        assert (door.polls, door.counts.taken) == ([], 0)


@pytest.mark.peer("snmptrap")
async def test_one_of_an_unknown_sender_is_counted_and_ignored(
    peer: Callable[[str], str], free_port: Callable[[int], int]
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    async with open_door(port, device("ups-1", "127.0.0.9")) as door:
        await net_snmp(peer("snmptrap"), "-v2c", "-c", "city", f"127.0.0.1:{port}", "", ON_BATTERY)
        await door.until(lambda: door.counts.unknown == 1, "it was not counted")
        own = ("--clientaddr=127.0.0.9",)
        await net_snmp(peer("snmptrap"), "-v2c", "-c", "city", *own, f"127.0.0.1:{port}", "", ON_BATTERY)
        await door.until(lambda: door.polls == ["ups-1"], "the known one was not heard")
        told = {reading.metric: reading.value for reading in door.counts.readings()}
        assert told == {"traps_taken_total": 1.0, "traps_ignored_total": 1.0}


@pytest.mark.peer("snmpinform")
async def test_a_flood_of_strangers_or_of_one_device_is_bounded_and_others_are_heard_after_it(
    peer: Callable[[str], str], free_port: Callable[[int], int]
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    async with open_door(port, device("ups-1", "127.0.0.2"), device("ups-2", "127.0.0.1")) as door:
        send(f"127.0.0.7:{port}", b"\x30\x82" + bytes(200), times=3000)
        send(f"127.0.0.2:{port}", b"\x30\x82" + bytes(200), times=100)
        slowest, began = 0.0, time.monotonic()
        while time.monotonic() - began < 1.2:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            slowest = max(slowest, time.monotonic() - before)
        assert door.counts.unknown > 0
        assert door.counts.refused <= 3 * MOST_OF_ONE_SENDER
        assert slowest < 0.8, "the flood held up everything else"
        assert door.polls == []
        inform = (peer("snmpinform"), "-v2c", "-c", "city", "-r20", "-t1", f"127.0.0.1:{port}", "", ON_BATTERY)
        assert await net_snmp(*inform) == 0
        assert door.polls == ["ups-2"]


async def test_what_is_no_notification_harms_nobody(free_port: Callable[[int], int], seed: int) -> None:
    chance = random.Random(seed)
    port = free_port(socket.SOCK_DGRAM)
    inform = bytes.fromhex(
        "302a020101040463697479a71f02040101010102010002010030 11300f06082b060102010103004303010203".replace(" ", "")
    )
    async with open_door(port, device("ups-1", "127.0.0.1")) as door:
        pieces = [b"", b"\x30", inform[:20], inform[:-1], bytes(1400)]
        for _ in range(12):
            broken = bytearray(inform)
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
            pieces.append(bytes(broken))
        for piece in pieces:
            send(f"127.0.0.1:{port}", piece)
            await asyncio.sleep(0.1)  # under the bound of one sender
        seen = door.counts
        await door.until(lambda: seen.taken + seen.refused + seen.flooded >= len(pieces) - 3, "some were not seen")
        assert seen.refused > 0


async def test_an_address_that_cannot_be_had_is_tried_again_and_ends_nothing(free_port: Callable[[int], int]) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", port))
        door = TrapDoor(listener(port), "w", [], lambda _: None, SystemClock(), TrapCounts())
        running = asyncio.ensure_future(door.run())
        await asyncio.sleep(0.5)
        assert not running.done()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_key_that_pysnmp_refuses_ends_the_listening_and_nothing_else(
    free_port: Callable[[int], int], caplog: pytest.LogCaptureFixture
) -> None:
    settings = listener(free_port(socket.SOCK_DGRAM), auth_key=SecretStr("short"))
    door = TrapDoor(settings, "w", [], lambda _: None, SystemClock(), TrapCounts())
    await asyncio.wait_for(door.run(), 10)
    assert "nobody listens" in caplog.text


def test_a_device_is_polled_at_once_but_not_twice_a_second_and_the_last_word_is_not_forgotten() -> None:
    polls: list[float] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        brought = PollsBrought(lambda _: polls.append(round(loop.time() - began, 3)))
        for _ in range(100):  # for one second, every 10 ms
            brought.ask("ups-1")
            await asyncio.sleep(0.01)
        await asyncio.sleep(5)
        brought.ask("ups-1")
        await asyncio.sleep(5)

    run_virtually(run())
    assert polls == [0.0, POLL_SECONDS, pytest.approx(6.0, abs=0.02)]


async def test_devices_are_known_by_address_by_name_and_several_at_one() -> None:
    senders = Senders(
        [device("a", "127.0.0.1"), device("b", "localhost"), device("c", "::1"), device("d", "no.invalid")]
    )
    assert dict(senders.by_address) == {"127.0.0.1": ["a"], "::1": ["c"]}
    await senders.look_up()
    assert sorted(name for names in senders.by_address.values() for name in names) == ["a", "b", "c"]


@settings(max_examples=50)
@given(st.lists(st.ip_addresses(), max_size=300))
def test_whoever_knocks_the_memory_is_bounded(addresses: list[ipaddress.IPv4Address]) -> None:
    door = TrapDoor(listener(1), "w", [device("a", "10.0.0.1")], lambda _: None, FakeClock(), TrapCounts())
    for address in addresses:
        assert door.admits(str(address)) == (str(address) == "10.0.0.1")
    assert len(door._strangers) <= MOST_STRANGERS
    assert len(door._rates) <= 1


async def test_the_agent_s_own_machine_tells_the_counts() -> None:
    told = WithReadings(FakeCollector(), TrapCounts(taken=3, unknown=2, flooded=1).readings)
    result = await told.poll()
    assert Reading("traps_taken_total", 3.0) in result.readings
    assert Reading("traps_ignored_total", 3.0) in result.readings
    assert Reading("cpu_load_percent", 5.0) in result.readings


async def test_who_has_no_traps_configured_does_not_load_pysnmp(tmp_path: Path) -> None:
    code = "import sys, edge_agent.agent; sys.exit('pysnmp' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


def test_the_section_is_read_with_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "trap").write_text("s3cret\n", encoding="utf-8")
    (tmp_path / "ward.toml").write_text(
        '[ward]\nid = "w"\nname = "W"\ndistrict = "d"\n[traps]\nlisten = "192.168.10.5"\ncommunity_file = "trap"\n',
        encoding="utf-8",
    )
    found = load(tmp_path / "ward.toml", {}).traps
    assert found is not None
    assert (found.listen, found.port, found.community.get_secret_value()) == ("192.168.10.5", 162, "s3cret")
