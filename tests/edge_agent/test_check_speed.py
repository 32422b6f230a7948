"""`ward-agent check` of forty devices of which ten do not answer takes at most twice the time-out."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import pytest

from collectors.config import BaseDevice
from edge_agent.check import check
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from tests.collectors.peers import Agent, snmp_device, udp_peer, ups

TIMEOUT = 2.0


class Proxy:
    """Many devices behind one address, told apart by their community, as snmpsim and SNMP proxies serve them; those
    called "nobody" are silent."""

    def __init__(self) -> None:
        self._agent = Agent(ups())

    def __call__(self, data: bytes) -> Any:
        return [] if b"nobody" in data else self._agent(data)


async def seconds_of(devices: list[BaseDevice]) -> float:
    started = time.monotonic()
    found = await check(devices, SystemClock())
    taken = time.monotonic() - started
    assert [each.device.id for each in found if not each.result.reachable] == [f"silent-{n}" for n in range(10)]
    return taken


def device(name: str, port: int, **more: Any) -> BaseDevice:
    return snmp_device(port, Kind.UPS, **{"id": name, "timeout": TIMEOUT, **more})


@pytest.mark.parametrize("behind_one_address", [False, True])
async def test_forty_devices_of_which_ten_are_silent(behind_one_address: bool) -> None:
    with contextlib.ExitStack() as stack:
        async with udp_peer(Proxy()) as port:
            ports = [port] * 10 if behind_one_address else [silent_port(stack) for _ in range(10)]
            devices = [device(f"silent-{n}", ports[n], community="nobody") for n in range(10)]
            devices += [device(f"ups-{n}", port) for n in range(30)]
            assert await seconds_of(devices) <= 2 * TIMEOUT


def silent_port(stack: contextlib.ExitStack) -> int:
    """A UDP port that takes everything and answers nothing."""
    taker = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    taker.bind(("127.0.0.1", 0))
    return int(taker.getsockname()[1])
