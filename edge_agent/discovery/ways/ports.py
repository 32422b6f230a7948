"""A few telling TCP ports: whether they accept a connection. Nothing is sent over it."""

from __future__ import annotations

import asyncio
import contextlib

from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import Host

# SSH, web, SMB, RTSP, IPP, Modbus, MQTT, RDP, NUT, Hikvision's SDK, JetDirect, Dahua's SDK, ADB of tablets and kiosks.
TELLING = (22, 80, 443, 445, 502, 554, 631, 1883, 3389, 3493, 5555, 8000, 8080, 8443, 8554, 9100, 37777)
NUDGE = (80, 443)  # tried where neither ping nor ARP can tell whether a host is there
_TIMEOUT = 1.0


async def look(host: Host, asking: Asking) -> None:
    """Try all telling ports of one host."""
    await asyncio.gather(*(_try(host, port, asking) for port in TELLING))


async def nudge(asking: Asking) -> None:
    """A connection attempt to every address: an answer, even a refusal, shows the host; on our own network the kernel
    asks by ARP for it."""
    lock = asyncio.Semaphore(200)

    async def knock(address: str, port: int) -> None:
        async with lock:
            if address in asking.findings.hosts:
                return
            await asking.pace.packet()
            answer = await connects(address, port)
            if answer is not None and (host := asking.host(address)) is not None:
                host.add("tcp", "answers", str(port))

    await asyncio.gather(*(knock(address, port) for address in asking.scope.addresses() for port in NUDGE))


async def _try(host: Host, port: int, asking: Asking) -> None:
    await asking.pace.packet()
    if await connects(host.address, port):
        host.add("port", str(port))


async def connects(address: str, port: int) -> bool | None:
    """True when it accepts, False when it refuses, None when nothing comes back."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return False
    except (TimeoutError, OSError):
        return None
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
