"""`ward-agent presence`: the helper on a workstation (docs/presence-helper.md). It answers the ward's agent, nobody
else, and keeps nothing. Runs on Windows and Linux."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from collectors import usb
from collectors.config import PsutilDevice
from collectors.host import HostCollector
from collectors.protocols import presence
from collectors.protocols.presence import Presence
from telemetry.clock import Clock
from telemetry.kinds import Kind

log = logging.getLogger(__name__)

_HEAD_BYTES = 4096
_HEAD_SECONDS = 3.0
_MOST_CALLERS = 16  # at once
_FRESH_SECONDS = 10.0  # what was just looked up serves several devices of the same machine
_LOOK_SECONDS = 15.0  # PowerShell takes its time to start


@dataclass(slots=True)
class Looks:
    """Looks at this machine, at most every few seconds."""

    clock: Clock
    units: Sequence[str] = ()
    _host: HostCollector = field(init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _last: Presence | None = None
    _until: float = 0.0

    def __post_init__(self) -> None:
        told = PsutilDevice(id="workstation", kind=Kind.WORKSTATION, protocol="psutil", units=tuple(self.units))
        self._host = HostCollector(told, self.clock)

    async def __call__(self) -> Presence:
        async with self._lock:
            if self._last is None or self.clock.monotonic() >= self._until:
                devices, host = await asyncio.gather(usb.devices(_LOOK_SECONDS), self._host.poll())
                if host.reason is not None:
                    log.warning("this machine was read in part only: %s", host.reason.detail)
                self._last = Presence(devices, host.readings, host.facts)
                self._until = self.clock.monotonic() + _FRESH_SECONDS
            return self._last


class Helper:
    """Answers one request a connection."""

    def __init__(self, secret: str, look: Callable[[], Awaitable[Presence]]) -> None:
        self._secret = secret
        self._look = look
        self._callers = 0

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen at this one address. Raises OSError."""
        return await asyncio.start_server(self._answer, host, port, limit=_HEAD_BYTES)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            if self._callers <= _MOST_CALLERS:
                await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            log.debug("a caller was given up: %r", error)
        finally:
            self._callers -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.decode("latin-1").partition(" ")
        nonce = presence.nonce_of(self._secret, rest.partition(" ")[0]) if method == "GET" else None
        status, body, mac = HTTPStatus.FORBIDDEN, b"", ""
        if nonce is not None:
            try:
                body = presence.encode(await self._look())
                status, mac = HTTPStatus.OK, presence.answer_mac(self._secret, nonce, body)
            except OSError as error:
                log.error("this machine's USB cannot be read: %s", error)
                status = HTTPStatus.SERVICE_UNAVAILABLE
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: application/json", "Connection: close"]
        lines += [f"Content-Length: {len(body)}", *([f"{presence.MAC_HEADER}: {mac}"] if mac else [])]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        async with asyncio.timeout(_HEAD_SECONDS):
            await writer.drain()


async def run(host: str, port: int, secret: str, units: Sequence[str], clock: Clock) -> None:
    """Until cancelled. Raises OSError when it cannot listen there."""
    server = await Helper(secret, Looks(clock, units)).serve(host, port)
    log.info("answering at %s:%d", *server.sockets[0].getsockname()[:2])
    async with server:
        await server.serve_forever()
