"""A UPS that NUT serves: most of a ward's hang on a computer's USB, and NUT is what reads them there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping

from collectors import nut_variables
from collectors.alarm_memory import METRIC as ALARM
from collectors.alarm_memory import AlarmMemory
from collectors.config import NutDevice
from collectors.dates import today
from collectors.protocols.nut import NutClient, NutFault
from telemetry.clock import Clock
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode, unreachable

_LOG = logging.getLogger(__name__)
_VITAL = (nut_variables.STATUS, "battery.charge", "battery.runtime", "ups.load", "input.voltage", "ups.alarm")


class NutCollector:
    """All variables in a whole poll; ups.status and the few others that this UPS has in a vital one."""

    has_vital = True

    def __init__(self, device: NutDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._client = NutClient(device)
        self._alarms = AlarmMemory()
        self._vital: tuple[str, ...] = ()  # which of _VITAL this UPS has
        self._on_battery_since: float | None = None  # monotonic

    async def poll(self) -> PollResult:
        return await self._told(self._whole())

    async def poll_vital(self) -> PollResult:
        return await self._told(self._few() if self._vital else self._whole())

    async def close(self) -> None:
        await self._client.close()

    async def _told(self, poll: Awaitable[PollResult]) -> PollResult:
        try:
            return await poll
        except NutFault as fault:
            _LOG.info("%s (%s): %s", self._device.id, self._device.address(), fault)
            return unreachable(fault.code, fault.detail)
        except Exception as error:  # noqa: BLE001 - a collector never raises out; the log has the trace
            _LOG.exception("%s: a defect of ours", self._device.id)
            return unreachable(ReasonCode.AGENT_FAULT, type(error).__name__)

    async def _whole(self) -> PollResult:
        variables = await self._client.variables()
        self._vital = tuple(name for name in _VITAL if name in variables)
        found = self._readings(variables)
        reason = None if found else Reason(ReasonCode.UNSUPPORTED, f"{len(variables)} variables, none that we know")
        # Told also when empty, so that an alarm that is over does not stay on people's pages.
        facts = [*nut_variables.facts(variables), Fact("alarms", variables.get("ups.alarm", ""))]
        return PollResult(True, found, facts, reason)

    async def _few(self) -> PollResult:
        variables: dict[str, str] = {}
        for name in self._vital:
            try:
                variables[name] = await self._client.variable(name)
            except NutFault as fault:
                if fault.code is not ReasonCode.UNSUPPORTED:  # a driver may cease to tell of a variable
                    raise
        return PollResult(True, self._readings(variables))

    def _readings(self, variables: Mapping[str, str]) -> list[Reading]:
        found = nut_variables.readings(variables, today(self._clock))
        active = [reading.instance for reading in found if reading.metric == ALARM]
        found = [reading for reading in found if reading.metric != ALARM] + self._alarms.readings(active)
        on_battery = next((reading.value for reading in found if reading.metric == "on_battery"), None)
        if on_battery is not None:
            found.append(Reading("on_battery_seconds", self._seconds_on_battery(bool(on_battery))))
        return found

    def _seconds_on_battery(self, is_on_battery: bool) -> float:
        """NUT does not tell: counted from when we first saw it, so at least so long."""
        now = self._clock.monotonic()
        if not is_on_battery:
            self._on_battery_since = None
            return 0.0
        if self._on_battery_since is None:
            self._on_battery_since = now
        return now - self._on_battery_since
