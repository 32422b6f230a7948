"""The machine's clock: how far it is from its time servers, and whether it follows them at all.

chrony says both (chronyc(1), "tracking"; its -c form is made for programs). Where it does not run, the kernel says
whether any time service disciplines the clock, but not how far it is off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from collectors.host_part import Found
from collectors.programs import ProgramFailed, ProgramMissing, run
from telemetry.clock import Clock, ClockState
from telemetry.readings import Reading

_FIELDS = 14
_REFERENCE, _STRATUM, _SYSTEM_TIME, _LEAP = 0, 2, 4, 13
_NO_REFERENCE = "00000000"
_LOCAL = "7F7F0101"  # the machine's own clock, told to others as if it were a time server's ("local" in chrony.conf)


class HostClock:
    """clock_offset_seconds (positive: this clock is ahead), clock_synchronised (0 or 1)."""

    def __init__(self, clock: Clock, timeout: float, chronyc: Sequence[str] = ()) -> None:
        """`chronyc`: more arguments for it, such as which daemon to ask."""
        self._clock = clock
        self._timeout = timeout
        self._chronyc = ("-c", *chronyc, "tracking")

    async def read(self) -> Found:
        try:
            said = await run("chronyc", self._chronyc, timeout=self._timeout)
        except (ProgramMissing, ProgramFailed):
            said = None
        readings = None if said is None or said.status != 0 else tracking(said.output)
        return Found(self._kernel() if readings is None else readings)

    def _kernel(self) -> list[Reading]:
        state = self._clock.state()
        if state is ClockState.UNKNOWN:
            return []
        return [Reading("clock_synchronised", 1.0 if state is ClockState.SYNCHRONISED else 0.0)]


def tracking(text: str) -> list[Reading] | None:
    """The readings in chronyc's CSV; None where it is none. Without a time server there is no offset to tell."""
    fields = text.strip().split(",")
    if len(fields) != _FIELDS:
        return None
    try:
        stratum, slow_by = int(fields[_STRATUM]), float(fields[_SYSTEM_TIME])
    except ValueError:
        return None
    follows = (
        fields[_REFERENCE] not in (_NO_REFERENCE, _LOCAL)
        and 0 < stratum < 16
        and fields[_LEAP] != "Not synchronised"
        and math.isfinite(slow_by)
    )
    if not follows:
        return [Reading("clock_synchronised", 0.0)]
    return [Reading("clock_synchronised", 1.0), Reading("clock_offset_seconds", 0.0 - slow_by)]
