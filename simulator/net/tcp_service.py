"""A TCP service of a workstation or kiosk: accepts, answers a remote-desktop client's first packet, holds on."""

from __future__ import annotations

import asyncio

# X.224 Connection Confirm in a TPKT header (RFC 1006; MS-RDPBCGR 2.2.1.2): negotiation response, TLS offered.
_CONNECTION_CONFIRM = bytes.fromhex("030000130ed000001234000201080001000000")
_IDLE_SECONDS = 60.0


async def remote_desktop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One conversation (simulator.net.stream_door.Talk)."""
    async with asyncio.timeout(_IDLE_SECONDS):
        while data := await reader.read(4096):
            if data.startswith(b"\x03\x00"):
                writer.write(_CONNECTION_CONFIRM)
                await writer.drain()
