"""UPS units tell unasked that the mains are gone: net-snmp's snmptrapd hears them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulator import faults
from tests.simulator.conftest import Lived

ON_BATTERY, RESTORED = ".1.3.6.1.4.1.318.0.5", ".1.3.6.1.4.1.318.0.9"
UPS_ON_BATTERY, UPS_ALARM_REMOVED = ".1.3.6.1.2.1.33.2.1", ".1.3.6.1.2.1.33.2.4"


@pytest.mark.peer("snmptrapd")
async def test_snmptrapd_hears_that_the_mains_went_and_came(
    start: Callable[..., Awaitable[Lived]],
    peer: Callable[[str], str],
    free_port: Callable[[int], int],
    tmp_path: Path,
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    told = tmp_path / "traps.conf"
    told.write_text("authCommunity log public\n", encoding="ascii")
    arguments = ("-f", "-n", "-Lo", "-On", "-C", "-c", str(told), "-m", "", f"127.0.0.1:{port}")
    daemon = await asyncio.create_subprocess_exec(
        peer("snmptrapd"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    heard = ""

    async def until(*words: str) -> None:
        nonlocal heard
        assert daemon.stdout is not None
        async with asyncio.timeout(20.0):
            while not all(word in heard for word in words):
                heard += (await daemon.stdout.readline()).decode(errors="replace")

    try:
        await until("NET-SNMP version")
        lived = await start(traps=f"127.0.0.1:{port}")
        assert f'[traps]\nlisten = "127.0.0.1"\nport = {port}\n' in lived.running.config_path.read_text("utf-8")
        lived.pass_time(5.0)
        faults.switch(lived.ward, "power-cut", "ward", True)
        lived.pass_time(2.0)
        await until(UPS_ON_BATTERY, ON_BATTERY)
        faults.switch(lived.ward, "power-cut", "ward", False)
        lived.pass_time(2.0)
        await until(UPS_ALARM_REMOVED, RESTORED)
        assert heard.count(UPS_ON_BATTERY) == heard.count(ON_BATTERY) == 1, "once each, not at every tick"
    finally:
        daemon.terminate()
        await daemon.wait()
