"""A condition: something is not as it should be, from the moment it was first seen until it cleared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from telemetry.readings import Reason


class ConditionState(IntEnum):
    """The numbers are those of wire.proto."""

    RAISED = 1
    CHANGED = 2
    CLEARED = 3


class Severity(IntEnum):
    """How much it matters. The numbers are those of wire.proto."""

    INFO = 1
    ATTENTION = 2
    FAILURE = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule found on one device (or one instance of it). Its identity is (device, rule, instance).

    `since_us` is the wall time (µs) at which the cause was first seen, before any hold time. `value` is the
    reading that raised or changed it, `threshold` what it was judged against.
    """

    device: str
    rule: str
    instance: str
    state: ConditionState
    severity: Severity
    since_us: int
    value: float | None = None
    threshold: float | None = None
    reason: Reason | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.device, self.rule, self.instance)
