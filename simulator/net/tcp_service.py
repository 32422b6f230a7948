"""A TCP service of a workstation or kiosk: accepts, answers a remote-desktop client's first packet, holds on."""

from __future__ import annotations

import asyncio
import socket

from simulator.net.listener import Door, Listener

# X.224 Connection Confirm in a TPKT header (RFC 1006; MS-RDPBCGR 2.2.1.2): negotiation response, TLS offered.
_CONNECTION_CONFIRM = bytes.fromhex("030000130ed000001234000201080001000000")


class TcpService:
    """One port of one device."""

    def __init__(self) -> None:
        self._listener = Listener(self._serve)
        self._talking: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return self._listener.port

    def open(self, port: int = 0) -> int:
        """Raises OSError where the port is taken."""
        return self._listener.open(port)

    def set_reachable(self, reachable: bool) -> None:
        """A device without power or cable is silent; those who were connected hear nothing more."""
        door = Door.OPEN if reachable else Door.SILENT
        if door is self._listener.door:
            return
        self._listener.set(door)
        if not reachable:
            self._hang_up()

    def close(self) -> None:
        self._hang_up()
        self._listener.close()

    def _hang_up(self) -> None:
        for task in self._talking:
            task.cancel()

    def _serve(self, connection: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._talk(connection))
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)

    async def _talk(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with connection:
            try:
                async with asyncio.timeout(60.0):
                    while data := await loop.sock_recv(connection, 4096):
                        if data.startswith(b"\x03\x00"):
                            await loop.sock_sendall(connection, _CONNECTION_CONFIRM)
            except (OSError, TimeoutError):
                return
