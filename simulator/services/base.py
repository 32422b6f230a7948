"""What every protocol is given and must offer; the running ward knows of nothing more."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

from simulator.model.machine import Machine
from simulator.model.ward import Ward
from simulator.models.base import Model
from simulator.net.snmp_trap import TrapSink
from simulator.secret_files import SecretFiles
from simulator.wardfile import DevicePart, WardFile
from telemetry.clock import Clock

USER = "wardwatch"  # of whatever asks for a name
LOOPBACK = "127.0.0.1"
Setting = tuple[
    str, str | int | float | bool | list[str] | list[list[float]]
]  # a key of the agent's configuration and its value


class Premises:
    """What the services of one ward have in common."""

    def __init__(self, file: WardFile, ward: Ward, clock: Clock, secrets: SecretFiles) -> None:
        self.trap_sink: TrapSink | None = None
        self.file, self.ward, self.clock, self.secrets = file, ward, clock, secrets
        self.services: dict[str, Service] = {}  # by device
        self._shared: dict[type, Shared] = {}

    def shared(self, kind: type[S]) -> S:
        """The one engine or broker of its kind that several devices answer through; made when first asked for."""
        found = self._shared.get(kind)
        if found is None:
            found = self._shared[kind] = kind(self)
        assert isinstance(found, kind)
        return found

    async def close(self) -> None:
        for one in self._shared.values():
            await one.close()


class Shared(Protocol):
    """Something that many devices share. It is made with the premises alone."""

    def __init__(self, premises: Premises) -> None: ...

    async def close(self) -> None: ...


S = TypeVar("S", bound=Shared)


class Outlet:
    """One device of the ward as a service sees it."""

    def __init__(self, part: DevicePart, model: Model, machine: Machine) -> None:
        self.part, self.model, self.machine = part, model, machine


class Service(Protocol):
    """One device at its port."""

    async def open(self, port: int) -> int | None:
        """Answer at 127.0.0.1:`port` (0: any free one). The result is the port; None for a device that has none.

        Raises OSError where it is taken.
        """

    def show(self) -> None:
        """Let the socket show what the model has become."""

    async def close(self) -> None: ...

    def settings(self, beside: Path) -> list[Setting]:
        """What the agent's configuration says of its address and its secrets; files relative to `beside`."""
