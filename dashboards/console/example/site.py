"""A `Site` in memory that lives: its numbers move, its faults come and go."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence

from dashboards.console.example import evidence as proven
from dashboards.console.example.devices import ExampleDevice
from dashboards.console.example.faults import UNREACHABLE, Effect
from dashboards.console.example.wards import ExampleWard, wards
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
    ThumbnailName,
    Topic,
    UnknownPlaceError,
    WardState,
)
from telemetry.clock import Clock
from telemetry.readings import Reason

_MOST_SAMPLES = 2000


class ExampleSite:
    """Twelve wards. Every state is a function of the clock; `tick()` tells listeners what it changed."""

    label = "Quận Hải Châu"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.wall_us() / 1e6
        self._ticked = self._started
        self._wards = {ward.id: ward for ward in wards()}
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def now_us(self) -> int:
        return self._clock.wall_us()

    def wards(self) -> Sequence[WardState]:
        return [self.ward(ward) for ward in self._wards]

    def ward(self, ward: str) -> WardState:
        found = self._ward(ward)
        heard = self._heard(found)
        return WardState(
            id=found.id,
            name=found.name,
            presence=found.presence,
            last_word_us=None if found.presence is Presence.NEVER else round(heard * 1e6),
            offline_since_us=round(heard * 1e6) if found.presence is Presence.OFFLINE else None,
            missing_positions=found.missing_positions,
            named_losses=found.named_losses,
            agent_version="" if found.presence is Presence.NEVER else "0.1.0",
        )

    def devices(self, ward: str) -> Sequence[DeviceState]:
        found = self._ward(ward)
        return [self._state(found, device) for device in found.devices]

    def device(self, ward: str, device: str) -> DeviceState:
        found = self._ward(ward)
        return self._state(found, self._device(found, device))

    def open_conditions(self, ward: str | None = None) -> Sequence[OpenCondition]:
        now = self._clock.wall_us() / 1e6
        found = []
        for each in self._wards.values() if ward is None else [self._ward(ward)]:
            for fault in each.faults:
                began = fault.began(now, self._started)
                if began is not None:
                    found.append(fault.opened(each.id, began, now))
        return sorted(found, key=lambda each: (-each.condition.severity, each.condition.since_us))

    def condition_spans(self, ward: str, device: str, start_us: int, end_us: int) -> Sequence[ConditionSpan]:
        found, now = self._ward(ward), self._clock.wall_us() / 1e6
        spans = [
            span
            for fault in found.faults
            if fault.device == device
            for span in fault.spans(start_us / 1e6, end_us / 1e6, now, self._started)
        ]
        return sorted(spans, key=lambda span: span.start_us)

    def history(
        self, ward: str, device: str, metric: str, instance: str, start_us: int, end_us: int, points: int
    ) -> History:
        found = self._ward(ward)
        itself = self._device(found, device)
        history = History([], [])
        if not itself.polled:
            return history
        step = max(itself.info.interval_seconds, (end_us - start_us) / 1e6 / _MOST_SAMPLES)
        seconds = start_us / 1e6 - (start_us / 1e6) % step + step
        while seconds < min(end_us / 1e6, self._heard(found)):
            value = self._value(found, itself, metric, instance, seconds)
            if value is not None:
                history.times_us.append(round(seconds * 1e6))
                history.values.append(value)
            seconds += step
        return history

    def evidence(self, ward: str, device: str) -> CameraEvidence:
        self._device(self._ward(ward), device)
        camera = proven.camera_of(device)
        return CameraEvidence() if camera is None else proven.evidence(camera, self._clock.wall_us())

    def picture(self, ward: str, sha256: bytes) -> bytes | None:
        self._ward(ward)
        found = (proven.pictures(each).get(sha256) for each in proven.CAMERAS)
        return next((each for each in found if each is not None), None)

    def thumbnail(self, ward: str, device: str) -> Thumbnail | None:
        self._device(self._ward(ward), device)
        camera = proven.camera_of(device)
        return None if camera is None else proven.thumbnail(camera, self._clock.wall_us())

    def listen(self, listener: Listener) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return stop

    def poll_now(self, ward: str, device: str) -> None:
        self._device(self._ward(ward), device)
        self._tell(Change(Topic.DEVICE, ward, device))

    def tick(self) -> None:
        """Tell what changed since the last call. Every interval of a device is a poll of it."""
        now, before = self._clock.wall_us() / 1e6, self._ticked
        self._ticked = now
        for ward in self._wards.values():
            for fault in ward.faults:
                if fault.began(now, self._started) != fault.began(before, self._started):
                    self._tell(Change(Topic.CONDITION, ward.id, fault.device))
            if ward.presence is not Presence.ONLINE or ward.silent_seconds:
                continue
            for device in ward.devices:
                if self._polls(ward, device, now) != self._polls(ward, device, before):
                    self._tell(Change(Topic.DEVICE, ward.id, device.info.id))

    def _tell(self, change: Change) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(change)

    def _ward(self, ward: str) -> ExampleWard:
        if ward not in self._wards:
            raise UnknownPlaceError(ward)
        return self._wards[ward]

    def _device(self, ward: ExampleWard, device: str) -> ExampleDevice:
        for each in ward.devices:
            if each.info.id == device:
                return each
        raise UnknownPlaceError(f"{ward.id}/{device}")

    def _heard(self, ward: ExampleWard) -> float:
        """When the ward was last heard, in seconds since 1970."""
        if ward.presence is Presence.ONLINE and not ward.silent_seconds:
            return self._clock.wall_us() / 1e6
        return self._started - ward.silent_seconds

    def _polls(self, ward: ExampleWard, device: ExampleDevice, now: float) -> int:
        """How many times it was polled by now; devices take turns."""
        phase = _seed(ward.id, device.info.id, "", "") % 1000 / 1000
        return int(now / device.info.interval_seconds + phase)

    def _last_poll(self, ward: ExampleWard, device: ExampleDevice) -> float:
        phase = _seed(ward.id, device.info.id, "", "") % 1000 / 1000
        return (self._polls(ward, device, self._heard(ward)) - phase) * device.info.interval_seconds

    def _outage(self, ward: ExampleWard, device: str, seconds: float) -> tuple[float, Reason | None] | None:
        for fault in ward.faults:
            if fault.device == device and fault.rule == UNREACHABLE:
                began = fault.began(seconds, self._started)
                if began is not None:
                    return began, fault.reason
        return None

    def _state(self, ward: ExampleWard, device: ExampleDevice) -> DeviceState:
        if not device.polled:
            return DeviceState(device.info, None, None, None, None)
        polled = self._last_poll(ward, device)
        outage = self._outage(ward, device.info.id, polled)
        read = polled if outage is None else outage[0] - 1
        readings = []
        for signal in device.signals:
            value = self._value(ward, device, signal.metric, signal.instance, read)
            if value is not None:
                readings.append(LatestReading(signal.metric, signal.instance, value, round(read * 1e6)))
        return DeviceState(
            info=device.info,
            reachable=outage is None,
            reachable_since_us=round((self._started - 2 * 86_400 if outage is None else outage[0]) * 1e6),
            reason=device.partly if outage is None else outage[1],
            last_reading_us=round(read * 1e6),
            readings=readings,
            facts=device.facts,
            thumbnail=self._thumbnail_name(device.info.id),
        )

    def _thumbnail_name(self, device: str) -> ThumbnailName | None:
        camera = proven.camera_of(device)
        return None if camera is None else proven.thumbnail(camera, self._clock.wall_us()).name

    def _value(
        self, ward: ExampleWard, device: ExampleDevice, metric: str, instance: str, seconds: float
    ) -> float | None:
        outage = self._outage(ward, device.info.id, seconds)
        if metric == "reachable":
            return float(outage is None)
        if outage is not None:
            return None
        effect = self._effect(ward, device.info.id, metric, instance, seconds)
        if effect is not None:
            return round(effect[0].at(effect[1]), 1)
        for signal in device.signals:
            if signal.metric == metric and signal.instance == instance:
                return signal.value(seconds, self._started, _seed(ward.id, device.info.id, metric, instance))
        return None

    def _effect(
        self, ward: ExampleWard, device: str, metric: str, instance: str, seconds: float
    ) -> tuple[Effect, float] | None:
        for fault in ward.faults:
            if fault.device != device:
                continue
            for effect in fault.effects:
                if effect.metric == metric and effect.instance == instance:
                    began = fault.began(seconds, self._started)
                    if began is not None:
                        return effect, seconds - began
        return None


def _seed(*parts: str) -> int:
    return zlib.crc32("\0".join(parts).encode())
