"""Polls a recorder: whether it records each camera, its disks, its clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from camera.faults import DeviceFault
from camera.recorders.client import Channel, Disk, RecorderClient, assigned
from camera.recorders.record_settings import RecordSettings
from camera.recorders.survey import Camera
from camera.retention.index import zone_of
from camera.retention.spans import HOUR_US, US
from telemetry.clock import Clock
from telemetry.readings import Fact, PollResult, Reading, Reason

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0  # how often channels and disks are asked; between, only whether it answers
SETTINGS_SECONDS = 600.0  # how often it is asked what it is set to record
INDEX_LOOK_SECONDS = 300.0  # and the index of the last hours, where the recorder does not say what it records
_MOST_ZONE_REST_SECONDS = 300.0
_AHEAD_US = 15 * HOUR_US


class RecorderCollector:
    """A collector (collectors.base.Collector). `figures`: what was found out of its cameras' retention, to be told with
    each poll. `told` is given what it is set to record, by camera, without those of which it does not say."""

    has_vital = False

    def __init__(
        self,
        client: RecorderClient,
        cameras: Sequence[Camera],
        figures: Callable[[], Sequence[Reading]],
        clock: Clock,
    ) -> None:
        self._client = client
        self._cameras = cameras
        self._figures = figures
        self._clock = clock
        self.told: Callable[[Mapping[str, RecordSettings]], None] = lambda _: None
        self._looked_at = self._index_looked_at = self._settings_asked_at = float("-inf")
        self._channels: Sequence[Channel] = ()
        self._has_looked = False  # since the settings were asked for
        self._seen: list[Reading] = []
        self._recording: dict[str, float] = {}

    async def poll(self) -> PollResult:
        try:
            told = await self._client.open()
        except DeviceFault as fault:
            return PollResult(fault.answered and not _is_refusal(fault), reason=fault.reason)
        offset = told.clock_offset_seconds
        readings = [] if offset is None else [Reading("clock_offset_seconds", _without_zone(offset))]
        reason: Reason | None = None
        now = self._clock.monotonic()
        if self._has_looked and now - self._settings_asked_at >= SETTINGS_SECONDS:  # in a poll whose time is its own
            self._has_looked, self._settings_asked_at = False, now
            await self._ask_settings()
        elif now - self._looked_at >= LOOK_SECONDS:
            try:
                self._seen = await self._look(offset or 0.0)
                self._looked_at = now
            except DeviceFault as fault:
                reason = fault.reason
            self._has_looked = bool(self._channels)
        return PollResult(True, [*readings, *self._seen, *self._figures()], _facts(told.facts), reason)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        await self._client.close()

    async def _look(self, offset: float) -> list[Reading]:
        channels = self._channels = await self._client.channels()
        disks = await self._client.disks()
        now = self._clock.monotonic()
        may_search = now - self._index_looked_at >= INDEX_LOOK_SECONDS
        await self._find_recording(channels, offset, may_search=may_search)
        if may_search:
            self._index_looked_at = now
        recording = [Reading("recording", value, camera) for camera, value in self._recording.items()]
        return [*recording, *_disk_readings(disks)]

    async def _ask_settings(self) -> None:
        """An extra: that it is not answered harms nothing else."""
        mine = {camera.id: channel for camera, channel in self._assigned(self._channels) if channel is not None}
        try:
            told = await self._client.record_settings(list(mine.values())) if mine else {}
        except DeviceFault as fault:
            log.info("what it is set to record is not known: %s: %s", *fault.reason)
            return
        self.told({camera: told[channel.number] for camera, channel in mine.items() if channel.number in told})

    async def _find_recording(self, channels: Sequence[Channel], offset: float, *, may_search: bool) -> None:
        before, found = self._recording, dict[str, float]()
        for camera, channel in self._assigned(channels):
            if channel is None:
                continue
            if _tells(channel) or may_search:
                value = await self._records(channel, offset)
                found |= {} if value is None else {camera.id: float(value)}
            elif camera.id in before:
                found[camera.id] = before[camera.id]
        self._recording = found

    def _assigned(self, channels: Sequence[Channel]) -> Iterator[tuple[Camera, Channel | None]]:
        wanted = [(camera.channel, camera.address) for camera in self._cameras]
        return zip(self._cameras, assigned(channels, wanted), strict=True)

    async def _records(self, channel: Channel, offset: float) -> bool | None:
        """What the recorder says, as far as its index bears it out; None where neither tells: perhaps nothing moved."""
        if channel.recording is False:
            return False
        here = self._clock.wall_us() + round(offset * US)
        lag = self._client.lag_seconds
        if channel.recording and channel.latest_us is not None:
            return channel.latest_us > here - round((3600 + lag) * US)
        if _tells(channel):
            return channel.recording
        index = await self._client.index(channel, here - round((3600 + lag) * US), here + _AHEAD_US)
        newest = max((each.end_us for each in index.recorded), default=None)
        return newest is not None and newest > here - round((300 + lag) * US)


def _tells(channel: Channel) -> bool:
    """Whether the recorder itself says what there is to know of this; else its index is searched."""
    return channel.recording is not None or bool(channel.on_motion)


def _is_refusal(fault: DeviceFault) -> bool:
    return fault.reason.code in ("wrong_credentials", "redirected", "unsupported", "garbled_answer")


def _without_zone(offset: float) -> float:
    return round(offset - zone_of(offset, _MOST_ZONE_REST_SECONDS), 1)


def _facts(facts: Sequence[Fact]) -> list[Fact]:
    return [fact for fact in facts if fact.text]


def _disk_readings(disks: Sequence[Disk]) -> Iterator[Reading]:
    for disk in disks:
        if disk.healthy is None:
            continue
        yield Reading("disk_healthy", float(disk.healthy), disk.name)
        if disk.total_bytes > 0:
            used = 100.0 * (1 - min(disk.free_bytes, disk.total_bytes) / disk.total_bytes)
            yield Reading("disk_used_percent", used, disk.name)
            yield Reading("disk_free_bytes", disk.free_bytes, disk.name)
