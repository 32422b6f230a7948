"""A device of which only a port is known: a workstation's remote desktop, a kiosk."""

from __future__ import annotations

from pathlib import Path

from simulator.net.stream_door import StreamDoor
from simulator.net.tcp_service import remote_desktop
from simulator.services.base import LOOPBACK, Outlet, Premises, Setting


class TcpPort:
    """One TCP port of one machine."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        self._ward, self._device = premises.ward, outlet.part.id
        self._service = StreamDoor(remote_desktop)

    async def open(self, port: int) -> int:
        return self._service.open(port)

    def show(self) -> None:
        self._service.set_reachable(self._ward.reachable(self._device))

    async def close(self) -> None:
        self._service.close()

    def settings(self, beside: Path) -> list[Setting]:
        return [("host", LOOPBACK), ("port", self._service.port)]
