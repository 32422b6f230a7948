"""What each part of the host collector brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from telemetry.readings import Reading


@dataclass(slots=True)
class Found:
    """Readings, and what was owed but did not come, in words for the log ("" when all came)."""

    readings: list[Reading] = field(default_factory=list)
    trouble: str = ""


class Part(Protocol):
    """One thing to ask of the machine. Never raises out."""

    async def read(self) -> Found:
        """Within the device's time-out."""
