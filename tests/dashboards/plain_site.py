"""A Site whose state a test sets by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from dashboards.console.site import (
    CameraEvidence,
    Change,
    ConditionSpan,
    DeviceState,
    History,
    LatestReading,
    Listener,
    OpenCondition,
    Presence,
    Thumbnail,
    Topic,
    UnknownPlaceError,
    WardState,
)
from telemetry.clock import Clock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.readings import DeviceInfo, Fact, Reason, ReasonCode

METRICS = ("battery_charge_percent", "output_load_percent", "input_voltage_volts", "temperature_celsius")


def device_state(device: str, value: float, *, parent: str = "", kind: str = "ups", readings: int = 1) -> DeviceState:
    return DeviceState(
        info=DeviceInfo(device, kind, f"Thiết bị {device}", "Tầng 1", parent, "snmp", "192.168.10.20", 30.0),
        reachable=True,
        reachable_since_us=1,
        reason=None,
        last_reading_us=1_790_000_000_000_000,
        readings=[
            LatestReading(METRICS[n % len(METRICS)], f"{n}" if n else "", value, 1_790_000_000_000_000)
            for n in range(readings)
        ],
        facts=[Fact("vendor", "APC")],
    )


def condition(
    device: str,
    rule: str = "unreachable",
    *,
    severity: Severity = Severity.FAILURE,
    since_us: int = 1_790_000_000_000_000,
) -> Condition:
    reason = Reason(ReasonCode.NO_ANSWER, "no answer within 5 s")
    return Condition(device, rule, "", ConditionState.RAISED, severity, since_us, reason=reason)


@dataclass
class PlainSite:
    """Safe from several threads: what is set is whole before anyone is told."""

    clock: Clock
    label: str = "Quận Hải Châu"
    ward_states: dict[str, WardState] = field(default_factory=dict)
    device_states: dict[str, dict[str, DeviceState]] = field(default_factory=dict)
    conditions: dict[str, list[Condition]] = field(default_factory=dict)
    series: History = field(default_factory=lambda: History([], []))
    polled: list[tuple[str, str]] = field(default_factory=list)
    proven: dict[tuple[str, str], CameraEvidence] = field(default_factory=dict)
    pictures: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    thumbnails: dict[tuple[str, str], Thumbnail] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    broken: Exception | None = None
    reads: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add_ward(self, ward: str, devices: Sequence[DeviceState], presence: Presence = Presence.ONLINE) -> None:
        self.ward_states[ward] = WardState(ward, f"Phường {ward}", presence, self.clock.wall_us())
        self.device_states[ward] = {device.info.id: device for device in devices}

    def put(self, ward: str, device: DeviceState) -> None:
        """A device's state changes, and all are told."""
        with self.lock:
            self.device_states[ward] = {**self.device_states[ward], device.info.id: device}
        self.tell(Change(Topic.DEVICE, ward, device.info.id))

    def say(self, ward: str, **changes: object) -> None:
        """A ward's own state changes, and all are told."""
        self.ward_states[ward] = replace(self.ward_states[ward], **changes)  # type: ignore[arg-type]
        self.tell(Change(Topic.WARD, ward))

    def raise_condition(self, ward: str, raised: Condition) -> None:
        self.conditions[ward] = [*self.conditions.get(ward, []), raised]
        self.tell(Change(Topic.CONDITION, ward, raised.device))

    def tell(self, change: Change) -> None:
        for listener in list(self.listeners):
            listener(change)

    # ---- Site ----

    def now_us(self) -> int:
        return self.clock.wall_us()

    def wards(self) -> Sequence[WardState]:
        return list(self.ward_states.values())

    def ward(self, ward: str) -> WardState:
        if self.broken is not None:
            raise self.broken
        if ward not in self.ward_states:
            raise UnknownPlaceError(ward)
        return self.ward_states[ward]

    def devices(self, ward: str) -> Sequence[DeviceState]:
        self.reads += 1
        self.ward(ward)
        return list(self.device_states[ward].values())

    def device(self, ward: str, device: str) -> DeviceState:
        self.ward(ward)
        if device not in self.device_states[ward]:
            raise UnknownPlaceError(device)
        return self.device_states[ward][device]

    def open_conditions(self, ward: str | None = None) -> Sequence[OpenCondition]:
        wards = self.ward_states if ward is None else [ward]
        return [
            OpenCondition(each, opened, opened.since_us) for each in wards for opened in self.conditions.get(each, [])
        ]

    def condition_spans(self, ward: str, device: str, start_us: int, end_us: int) -> Sequence[ConditionSpan]:
        return [
            ConditionSpan(each, each.since_us, None) for each in self.conditions.get(ward, []) if each.device == device
        ]

    def history(
        self, ward: str, device: str, metric: str, instance: str, start_us: int, end_us: int, points: int
    ) -> History:
        self.device(ward, device)
        return self.series

    def evidence(self, ward: str, device: str) -> CameraEvidence:
        self.device(ward, device)
        return self.proven.get((ward, device), CameraEvidence())

    def picture(self, ward: str, sha256: bytes) -> bytes | None:
        return self.pictures.get((ward, sha256))

    def thumbnail(self, ward: str, device: str) -> Thumbnail | None:
        self.device(ward, device)
        return self.thumbnails.get((ward, device))

    def listen(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def poll_now(self, ward: str, device: str) -> None:
        self.polled.append((ward, device))
