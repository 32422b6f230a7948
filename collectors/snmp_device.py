"""What every collector over SNMP does: reach the device, run the features of its kind, say what is missing and why."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from collectors.config import SnmpDevice
from collectors.dates import today
from collectors.protocols import snmp_values
from collectors.protocols.snmp import SYS_OBJECT_ID, SnmpClient
from collectors.protocols.snmp_socket import SnmpFault
from collectors.protocols.snmp_values import Value
from telemetry.clock import Clock
from telemetry.neighbours import Neighbour
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class System:
    """The system group of this poll and when it was asked."""

    values: Mapping[str, Value]
    now: float  # monotonic seconds
    today: date

    @property
    def object_id(self) -> str:
        return snmp_values.oid(self.values.get(SYS_OBJECT_ID))


@dataclass(slots=True)
class Findings:
    """What one feature found. Facts of earlier features win over the same ones of later features."""

    readings: list[Reading] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    neighbours: list[Neighbour] | None = None  # None: not looked for


class Feature(Protocol):
    """One thing that devices of a kind may offer (a MIB, a table). Holds what it learned of the device."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        """Ask the device. SnmpFault passes through; what the device does not offer is simply not there."""


class VitalFeature(Feature, Protocol):
    """A feature that knows the few values which must be known within seconds."""

    async def read_vital(self, client: SnmpClient) -> list[Reading]:
        """One GET of them; [] before the first full read."""


class SnmpCollector:
    """Polls one SNMP device by the features of its kind, in order."""

    def __init__(
        self, device: SnmpDevice, clock: Clock, features: Sequence[Feature], vital: VitalFeature | None = None
    ) -> None:
        self._device = device
        self._clock = clock
        self._client = SnmpClient(device, clock)
        self._features = features
        self._vital = vital
        self.has_vital = vital is not None

    def turn(self) -> AbstractAsyncContextManager[None]:
        """collectors.base.TakesTurns."""
        return self._client.place()

    async def poll(self) -> PollResult:
        """Everything; one turn with the device, bounded by two and a half of its time-outs."""
        try:
            async with self._client.turn():
                return await self._poll()
        except SnmpFault as fault:
            return await self._silent(fault)
        except Exception as error:  # noqa: BLE001 - a collector never raises out; the log has the trace
            _LOG.exception("%s: a defect of ours", self._device.id)
            return self._broken(error)

    async def poll_vital(self) -> PollResult:
        """One GET of the vital values."""
        if self._vital is None:
            return await self.poll()
        try:
            async with self._client.turn():
                found = await self._vital.read_vital(self._client)
                return PollResult(True, found) if found else await self._poll()
        except SnmpFault as fault:
            return await self._silent(fault)
        except Exception as error:  # noqa: BLE001 - a collector never raises out; the log has the trace
            _LOG.exception("%s: a defect of ours", self._device.id)
            return self._broken(error)

    async def close(self) -> None:
        await self._client.close()

    async def _poll(self) -> PollResult:
        system = System(await self._client.system(), self._clock.monotonic(), today(self._clock))
        readings: dict[tuple[str, str], Reading] = {}
        facts: dict[str, str] = {}
        neighbours: list[Neighbour] | None = None
        reason: Reason | None = None
        for feature in self._features:
            try:
                found = await feature.read(self._client, system)
            except SnmpFault as fault:
                reason = Reason(ReasonCode.PARTIAL_ANSWER, f"{type(feature).__name__}: {fault}")
                _LOG.info("%s: %s", self._device.id, reason.detail)
                continue
            for reading in found.readings:
                readings.setdefault((reading.metric, reading.instance), reading)
            for fact in found.facts:
                facts.setdefault(fact.name, fact.text)
            if found.neighbours is not None:
                neighbours = found.neighbours
        if not readings and reason is None:
            reason = Reason(ReasonCode.UNSUPPORTED, "none of the MIBs of this kind are answered")
        told = [Fact(name, text) for name, text in facts.items() if text]
        return PollResult(True, list(readings.values()), told, reason, neighbours)

    async def _silent(self, fault: SnmpFault) -> PollResult:
        _LOG.info("%s (%s): %s", self._device.id, self._device.address(), fault)
        if not self._client.answered:
            await self._client.close()  # a new session next time: the address may have changed, the engine restarted
        return PollResult(reachable=self._client.answered, reason=Reason(fault.code, fault.detail))

    def _broken(self, error: Exception) -> PollResult:
        return PollResult(reachable=self._client.answered, reason=Reason(ReasonCode.AGENT_FAULT, type(error).__name__))
