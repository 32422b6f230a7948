"""What goes wrong in the example, since when, and what it does to the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboards.console.site import ConditionSpan, OpenCondition
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.readings import Reason, ReasonCode

UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault makes of one metric: starts at `value`, moves by `per_second`, ends at `limit`."""

    metric: str
    value: float
    per_second: float = 0.0
    limit: float = 0.0
    instance: str = ""

    def at(self, age_seconds: float) -> float:
        moved = self.value + self.per_second * age_seconds
        if self.per_second < 0:
            return max(moved, self.limit)
        return min(moved, self.limit) if self.per_second > 0 else moved


@dataclass(frozen=True, slots=True)
class Fault:
    """A condition of a device ("" for the ward). `ago` seconds before the example began it began; with `every`, it
    comes back so often and lasts `lasts` seconds each time."""

    device: str
    rule: str
    severity: Severity
    ago: float
    every: float = 0.0
    lasts: float = 0.0
    instance: str = ""
    shown: str = ""  # the metric whose value the condition tells
    threshold: float | None = None
    reason: Reason | None = None
    effects: Sequence[Effect] = ()

    def began(self, seconds: float, started: float) -> float | None:
        """When it began, if it lasts at this time (seconds since 1970 UTC)."""
        first = started - self.ago
        if seconds < first:
            return None
        if not self.every:
            return first
        begun = first + (seconds - first) // self.every * self.every
        return begun if seconds - begun < self.lasts else None

    def condition(self, began: float, seconds: float) -> Condition:
        value = next((round(each.at(seconds - began), 1) for each in self.effects if each.metric == self.shown), None)
        return Condition(
            self.device, self.rule, self.instance, ConditionState.RAISED, self.severity, round(began * 1e6), value,
            self.threshold, self.reason,
        )  # fmt: skip

    def opened(self, ward: str, began: float, seconds: float) -> OpenCondition:
        return OpenCondition(ward, self.condition(began, seconds), round(began * 1e6) + 2_000_000)

    def spans(self, start: float, end: float, now: float, started: float) -> Iterator[ConditionSpan]:
        """Where it was open between two times."""
        began = started - self.ago
        while began < min(end, now):
            ended = began + self.lasts if self.every else now + 1
            if ended >= start:
                over = round(ended * 1e6) if ended < now else None
                yield ConditionSpan(self.condition(began, min(ended, now)), round(began * 1e6), over)
            if not self.every:
                return
            began += self.every


def dead(device: str, ago: float, code: ReasonCode = ReasonCode.NO_ANSWER, detail: str = "") -> Fault:
    """It does not answer."""
    return Fault(device, UNREACHABLE, Severity.FAILURE, ago, reason=Reason(code, detail))


def power_cut(device: str, ago: float, every: float, lasts: float) -> Fault:
    """Mains gone: the battery falls, and the minutes with it."""
    effects = (
        Effect("on_battery", 1),
        Effect("on_battery_seconds", 0, 1, 1e9),
        Effect("input_voltage_volts", 0),
        Effect("input_frequency_hz", 0),
        Effect("battery_charge_percent", 100, -0.08, 12),
        Effect("battery_runtime_seconds", 2520, -2.1, 180),
        Effect("battery_voltage_volts", 26.1, -0.004, 22.0),
        Effect("alarms_present", 1),
    )
    return Fault(
        device, "ups_on_battery", Severity.ATTENTION, ago, every, lasts, shown="battery_charge_percent", effects=effects
    )


def jam(device: str, ago: float, every: float, lasts: float) -> Fault:
    """Paper stuck."""
    effects = (
        Effect("printer_jammed", 1), Effect("printer_idle", 0), Effect("printer_alerts_critical", 1),
        Effect("printer_state", 5),
    )  # fmt: skip
    return Fault(device, "printer_jam", Severity.FAILURE, ago, every, lasts, shown="printer_jammed", effects=effects)


def low(device: str, rule: str, metric: str, value: float, threshold: float, ago: float, instance: str = "") -> Fault:
    """A number that is beyond its threshold and stays there."""
    effects = (Effect(metric, value, instance=instance),)
    return Fault(
        device, rule, Severity.ATTENTION, ago, instance=instance, shown=metric, threshold=threshold, effects=effects
    )


def port_down(device: str, port: str, ago: float) -> Fault:
    """A port that lost its link."""
    effects = (
        Effect("port_up", 0, instance=port),
        Effect("interfaces_up", 16),
        Effect("port_speed_bits_per_second", 0, instance=port),
        Effect("port_in_bits_per_second", 0, instance=port),
        Effect("port_out_bits_per_second", 0, instance=port),
    )
    return Fault(device, "port_down", Severity.ATTENTION, ago, instance=port, shown="port_up", effects=effects)
