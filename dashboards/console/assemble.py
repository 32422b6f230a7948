"""From what a Site says to what the API answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from dashboards.console.causes import Causes
from dashboards.console.models import (
    ConditionOut,
    ConditionSpanOut,
    DeviceOut,
    FactOut,
    ReadingOut,
    ReasonOut,
    SeverityName,
    ThumbnailOut,
    WardOut,
)
from dashboards.console.site import ConditionSpan, DeviceState, OpenCondition, WardState
from telemetry.conditions import Severity
from telemetry.readings import Reason

_SEVERITY: Mapping[Severity, SeverityName] = {
    Severity.INFO: "info",
    Severity.ATTENTION: "attention",
    Severity.FAILURE: "failure",
}


def ward_out(state: WardState, devices: Sequence[DeviceState], conditions: Iterable[OpenCondition]) -> WardOut:
    """A ward with its open conditions, worst and oldest first."""
    by_id = {device.info.id: device for device in devices}
    parents = {device: state.info.parent for device, state in by_id.items()}
    ordered = sorted(conditions, key=lambda each: (-each.condition.severity, each.condition.since_us))
    causes = Causes(parents, [each.condition for each in ordered])
    return WardOut(
        id=state.id,
        name=state.name,
        presence=state.presence.value,
        last_word_ms=_ms_or_none(state.last_word_us),
        offline_since_ms=_ms_or_none(state.offline_since_us),
        agent_version=state.agent_version,
        missing_positions=state.missing_positions,
        named_losses=state.named_losses,
        device_count=len(devices),
        devices_answering=sum(device.reachable is True for device in devices),
        worst=_SEVERITY[ordered[0].condition.severity] if ordered else None,
        conditions=[_condition_out(each, state, by_id, causes.of(each.condition)) for each in ordered],
    )


def device_out(state: DeviceState) -> DeviceOut:
    """A device with its last readings and facts."""
    info = state.info
    return DeviceOut(
        id=info.id,
        kind=info.kind,
        name=info.name or info.id,
        location=info.location,
        parent=info.parent or None,
        port=info.port or None,
        protocol=info.protocol,
        address=info.address,
        interval_seconds=info.interval_seconds,
        reachable=state.reachable,
        reachable_since_ms=_ms_or_none(state.reachable_since_us),
        reason=reason_out(state.reason),
        last_reading_ms=_ms_or_none(state.last_reading_us),
        readings=[
            ReadingOut(metric=each.metric, instance=each.instance, value=each.value, time_ms=each.time_us // 1000)
            for each in state.readings
            if math.isfinite(each.value)  # JSON has no other numbers
        ],
        facts=[FactOut(name=each.name, text=each.text) for each in state.facts],
        thumbnail=_thumbnail_out(state),
    )


def _thumbnail_out(state: DeviceState) -> ThumbnailOut | None:
    name = state.thumbnail
    return None if name is None else ThumbnailOut(sha256=name.sha256.hex(), taken_ms=name.taken_us // 1000)


def span_out(span: ConditionSpan) -> ConditionSpanOut:
    """A condition on a time axis."""
    return ConditionSpanOut(
        rule=span.condition.rule,
        instance=span.condition.instance,
        severity=_SEVERITY[span.condition.severity],
        start_ms=span.start_us // 1000,
        end_ms=_ms_or_none(span.end_us),
    )


def reason_out(reason: Reason | None) -> ReasonOut | None:
    return None if reason is None else ReasonOut(code=str(reason.code), detail=reason.detail)


def _condition_out(
    opened: OpenCondition, ward: WardState, devices: Mapping[str, DeviceState], cause: str | None
) -> ConditionOut:
    condition = opened.condition
    device = devices.get(condition.device)
    return ConditionOut(
        ward=ward.id,
        device=condition.device,
        device_name=_name(condition.device, device, ward),
        device_kind=device.info.kind if device else "",
        rule=condition.rule,
        instance=condition.instance,
        instance_name=devices[condition.instance].info.name if condition.instance in devices else "",
        severity=_SEVERITY[condition.severity],
        since_ms=condition.since_us // 1000,
        value=_finite(condition.value),
        threshold=_finite(condition.threshold),
        reason=reason_out(condition.reason),
        cause_device=cause,
    )


def _name(device_id: str, device: DeviceState | None, ward: WardState) -> str:
    if not device_id:
        return ward.name
    return (device.info.name if device else "") or device_id


def _ms_or_none(time_us: int | None) -> int | None:
    return None if time_us is None else time_us // 1000


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
