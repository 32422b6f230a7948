"""A TCP service: whether it accepts a connection, and how soon. Works for every kind."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from collectors.config import TcpDevice
from telemetry.clock import Clock
from telemetry.network_errors import code_of
from telemetry.readings import PollResult, Reading, ReasonCode, unreachable


class TcpCollector:
    """reachable and rtt_seconds: from SYN to the connection being open."""

    has_vital = True

    def __init__(self, device: TcpDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock

    async def poll(self) -> PollResult:
        device = self._device
        try:
            async with asyncio.timeout(device.timeout):
                loop = asyncio.get_running_loop()
                infos = await loop.getaddrinfo(device.host, device.port, type=socket.SOCK_STREAM)
                started = self._clock.monotonic()
                _, writer = await asyncio.open_connection(str(infos[0][4][0]), device.port)
                taken = self._clock.monotonic() - started
        except TimeoutError:
            return unreachable(ReasonCode.NO_ANSWER, f"no connection within {device.timeout:.1f} s")
        except socket.gaierror as error:
            return unreachable(ReasonCode.NAME_UNKNOWN, f"{device.host}: {error}")
        except OSError as error:
            return unreachable(code_of(error), str(error))
        writer.close()
        with contextlib.suppress(OSError):  # the other end may reset what was already answered
            await writer.wait_closed()
        return PollResult(reachable=True, readings=[Reading("rtt_seconds", taken)])

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        """Nothing is held between polls."""
