"""The agent's own machine: nothing of it is simulated but its plug and its cable."""

from __future__ import annotations

from pathlib import Path

from simulator.services.base import Outlet, Premises, Setting


class HostService:
    """Answers nothing: the agent reads its own machine."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        pass

    async def open(self, port: int) -> None:
        return None

    def show(self) -> None:
        """There is nothing to be seen from outside."""

    async def close(self) -> None:
        """There is nothing to close."""

    def settings(self, beside: Path) -> list[Setting]:
        return []
