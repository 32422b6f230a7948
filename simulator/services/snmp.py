"""A device by SNMP: v1 and v2c by community, v3 at authPriv."""

from __future__ import annotations

from pathlib import Path

from simulator.mibs.values import Objects, Oid
from simulator.model.machine import Machine
from simulator.model.network import Counters
from simulator.model.ward import Ward
from simulator.models.base import Seen
from simulator.net.snmp_agent import SnmpAgents
from simulator.net.snmp_device import Agent, V3User
from simulator.services.base import LOOPBACK, USER, Outlet, Premises, Setting


class SnmpEngines(SnmpAgents):
    """The engines behind all SNMP devices of a ward: one costs 0.2 s to build."""

    def __init__(self, premises: Premises) -> None:
        super().__init__()

    async def close(self) -> None:
        self.close_engines()


class SnmpService:
    """The objects of one machine at one port."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        self._premises, self._outlet = premises, outlet
        self._port: int | None = None
        self._told: Oid | None = None
        self._view: tuple[int, Objects] | None = None
        self.user = self._v3_user() if outlet.part.version == "3" else None

    async def open(self, port: int) -> int:
        self._port = await self._premises.shared(SnmpEngines).open(self._agent(), port)
        return self._port

    def show(self) -> None:
        """Each request is answered from the model itself; what changed is told where traps are wanted."""
        sink, make = self._premises.trap_sink, self._outlet.model.trap
        if sink is None or make is None or not self._premises.ward.reachable(self._outlet.part.id):
            return
        trap = make(self._outlet.machine)
        before, self._told = self._told, trap.name if trap is not None else None
        if trap is not None and before not in (None, trap.name):
            sink.send(trap, self._outlet.part.community, self._outlet.machine.uptime_seconds)

    async def close(self) -> None:
        """The engines close together."""

    def settings(self, beside: Path) -> list[Setting]:
        part, secrets = self._outlet.part, self._premises.secrets
        found: list[Setting] = [("host", LOOPBACK), ("port", self._port or 0)]
        if self.user is None:
            version: list[Setting] = [("version", "1")] if part.version == "1" else []
            return [*found, *version, ("community", part.community)]
        found += [("user", USER), ("auth", "SHA"), ("auth_file", secrets.named(part.id, "auth", beside))]
        return [*found, ("priv", "AES"), ("priv_file", secrets.named(part.id, "priv", beside))]

    def objects(self) -> Objects:
        """The objects as they are now."""
        version = self._premises.ward.version
        if self._view is not None and self._view[0] == version:
            return self._view[1]
        objects = Objects()
        make, machine = self._outlet.model.objects, self._outlet.machine
        assert make is not None
        make(Seen(machine, own_counters(self._premises.ward, machine), self._premises.ward), objects)
        self._view = (version, objects.done())
        return objects

    def _v3_user(self) -> V3User:
        secrets, device = self._premises.secrets, self._outlet.part.id
        return V3User(USER, secrets.read(device, "auth"), secrets.read(device, "priv"))

    def _agent(self) -> Agent:
        device = self._outlet.part.id
        return Agent(
            device=device,
            community=self._outlet.part.community,
            user=self.user,
            objects=self.objects,
            answers=lambda: self._premises.ward.reachable(device),
        )


def own_counters(ward: Ward, machine: Machine) -> Counters:
    """What the device's own socket counted: the mirror image of the switch's port."""
    port = ward.switch.port_of(machine.id) if ward.switch is not None else None
    if port is None:
        return Counters()
    there = port.counters
    return Counters(there.out_octets, there.in_octets, there.out_packets, there.in_packets)
