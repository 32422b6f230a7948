"""One line to the city, as the router tells of it: the agent asks the router's WAN port by SNMP.

A loopback answers every echo request, whatever the line does; the router's port tells the truth.
"""

from __future__ import annotations

from pathlib import Path

from simulator.model.city import Uplink
from simulator.services.base import Outlet, Premises, Setting


class UplinkService:
    """Has no port of its own."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        assert isinstance(outlet.machine, Uplink)
        self._line, self._premises = outlet.machine.line, premises

    async def open(self, port: int) -> None:
        return None

    def show(self) -> None:
        """The router shows it."""

    async def close(self) -> None:
        """There is nothing to close."""

    def settings(self, beside: Path) -> list[Setting]:
        router = self._premises.ward.router
        if router is None:
            return []
        asked = self._premises.services[router.id].settings(beside)
        return [*asked, ("line", self._line), ("interface", router.interface(self._line))]
