"""What a recorder keeps of each of its cameras: index read, clock corrected, verdict made, moments replayed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from camera.faults import DeviceFault
from camera.recorders.client import Channel, Disk, RecorderClient, Told, assigned
from camera.recorders.means import Means
from camera.recorders.proving import Proof, Prover, with_proofs
from camera.retention.age import Traces, deletes
from camera.retention.forecast import Disks, Forecast, daily_bytes, forecast
from camera.retention.index import Index, zone_of, zone_shift_seconds
from camera.retention.judge import Circumstances, Judged, judge, oldest_continuous_us, unknown
from camera.retention.office import Office
from camera.retention.spans import DAY_US, HOUR_US, US
from telemetry.evidence import Verdict
from telemetry.readings import ReasonCode

log = logging.getLogger(__name__)

_LOOK_BACK_DAYS = 400  # for the oldest recording of all; what is found there need not be complete
_AHEAD_US = 15 * HOUR_US  # local times called UTC lie ahead of now
_MEASURED_SECONDS = 1.5  # a clock that is told in whole seconds is known no better
_FULL_SHARE = 0.05  # recorders keep some room free when they overwrite


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as the ward has configured it. `address`: its host. `since_us`: recorded since, as the ward says."""

    id: str
    channel: str | None = None
    address: str = ""
    since_us: int | None = None


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One camera. `earliest_us`: of its index, be it a locked clip."""

    camera: str
    channel: str
    judged: Judged
    proofs: tuple[Proof, ...] = ()
    earliest_us: int | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """One recorder at one time (`at_us`). `clock_offset_seconds`: its clock less ours, a zone that it lies about left
    out; None where it does not tell."""

    at_us: int
    cameras: Sequence[Surveyed]
    clock_offset_seconds: float | None = None
    forecast: Forecast | None = None
    asked_days: int = 30


@dataclass(slots=True)
class _Read:
    """A camera on its way to a verdict. `index` is corrected in the end, and judged by the moment at which it was read
    (`at_us`): what was recorded since, while other cameras' moments were replayed, is not in it."""

    camera: Camera
    channel: Channel | None = None
    index: Index | None = None
    reason: str = ""
    at_us: int = 0


Progress = Callable[[str, str], None]  # camera, step: "index", "replay", "done"
Found = Callable[["Survey", Surveyed], None]  # the survey so far, and one camera that is done


class Surveyor:
    """Surveys one recorder. Never raises: what cannot be read is UNKNOWN, with the reason."""

    def __init__(self, client: RecorderClient, means: Means) -> None:
        self._client = client
        self._means = means
        self._ahead = 0.0  # seconds; the recorder's times less true ones
        self._offset: float | None = None  # as measured
        self._off = 0.0  # what its times are corrected by
        self._prover: Prover | None = None

    async def run(
        self,
        cameras: Sequence[Camera],
        progress: Progress,
        *,
        skip_replay: frozenset[str] = frozenset(),
        found: Found = lambda survey, camera: None,
    ) -> Survey:
        """All of these cameras, or where none is given all channels of the recorder. `skip_replay`: cameras whose
        moments are not asked (again). `found` is told of each camera when it is done."""
        now = self._means.clock.wall_us()
        try:
            told = await self._client.open()
            channels = await self._client.channels()
            disks = await self._client.disks()
        except DeviceFault as fault:
            unread = [_Read(camera, reason=_why(fault, camera.id)) for camera in cameras]
            return self._survey(now, [self._unknown(each) for each in unread])
        settings = self._means.settings
        zone = zone_of(told.clock_offset_seconds or 0.0, settings.max_clock_offset_seconds)
        self._offset = None if told.clock_offset_seconds is None else told.clock_offset_seconds - zone
        self._off = self._offset if self._offset is not None and abs(self._offset) >= _MEASURED_SECONDS else 0.0
        theirs = assigned(channels, [(camera.channel, camera.address) for camera in cameras])
        reads = [_Read(camera, channel) for camera, channel in zip(cameras, theirs, strict=True)]
        if not cameras:
            reads = [_Read(Camera(f"channel-{each.number}"), each) for each in channels]
        if abs(self._off) > settings.max_clock_offset_seconds:
            for each in reads:
                each.reason = ReasonCode.CLOCK_WRONG
            return self._survey(now, [self._unknown(each) for each in reads])
        await self._read(reads, now, progress)
        self._correct(reads, now, told, zone)
        survey = self._survey(now, [], self._forecast(reads, channels, disks, now))
        surveyed: list[Surveyed] = []
        for each in reads:
            one = await self._judge(each, reads, disks, progress, skip_replay)
            found(survey, one)
            surveyed.append(one)
        return replace(survey, cameras=surveyed)

    def _survey(self, now: int, cameras: Sequence[Surveyed], ahead: Forecast | None = None) -> Survey:
        return Survey(now, cameras, self._offset, ahead, self._means.settings.days)

    async def _read(self, reads: Sequence[_Read], now: int, progress: Progress) -> None:
        here = now + round(self._off * US)
        begin, end = here - (self._means.settings.days + 1) * DAY_US, here + _AHEAD_US
        for each in reads:
            if each.channel is None:
                each.reason = ReasonCode.CHANNEL_UNKNOWN
                continue
            progress(each.camera.id, "index")
            each.at_us = self._means.clock.wall_us()
            try:
                each.index = await self._client.index(each.channel, begin, end)
                older = await self._older(each.channel, here - _LOOK_BACK_DAYS * DAY_US, begin)
                each.index = replace(each.index, recorded=[*older.recorded, *each.index.recorded])
            except DeviceFault as fault:
                each.reason = _why(fault, each.camera.id)
                if fault.ends_all:
                    for other in reads:
                        other.reason = other.reason or ("" if other.index is not None else each.reason)
                    return

    async def _older(self, channel: Channel, begin: int, end: int) -> Index:
        """What lies before the window; that it cannot be had costs nothing but how old the oldest is."""
        try:
            return await self._client.index(channel, begin, end)
        except DeviceFault as fault:
            if fault.ends_all:
                raise
            return Index()

    def _correct(self, reads: Sequence[_Read], now: int, told: Told, zone: float) -> None:
        # Each as if it were read at `now`: where it ends tells the zone.
        indexes = [each.index.shifted(self._off + (each.at_us - now) / US) for each in reads if each.index is not None]
        zones = [each for each in dict.fromkeys((zone, told.zone_seconds, _ward_seconds(self._means.office))) if each]
        shift = zone_shift_seconds(indexes, now, zones, otherwise=zone)
        if shift:
            log.info("the recorder calls times UTC that are %+g h ahead of it", shift / 3600)
        self._ahead = self._off + shift
        for each in reads:
            if each.index is not None:
                each.index = each.index.shifted(self._ahead)

    async def _judge(
        self,
        read: _Read,
        reads: Sequence[_Read],
        disks: Sequence[Disk],
        progress: Progress,
        skip_replay: frozenset[str],
    ) -> Surveyed:
        if read.index is None or read.channel is None:
            return self._unknown(read)
        means, now = self._means, read.at_us
        margin = max(means.settings.margin_seconds, self._client.lag_seconds)
        settings = replace(means.settings, margin_seconds=margin)
        judged = judge(read.index, means.office, settings, self._circumstances(read, reads, disks, now))
        earliest = read.index.until(now).earliest_us()
        proofs: tuple[Proof, ...] = ()
        if read.camera.id not in skip_replay:
            progress(read.camera.id, "replay")
            proofs = await self._prove(read.channel, judged, earliest)
            judged = with_proofs(judged, proofs, all_must=not read.index.has_gaps)
        progress(read.camera.id, "done")
        return Surveyed(read.camera.id, _label(read.channel), judged, proofs, earliest)

    async def _prove(self, channel: Channel, judged: Judged, earliest: int | None) -> tuple[Proof, ...]:
        if self._prover is None:
            self._prover = Prover(self._client, self._means, self._ahead, self._off)
        return await self._prover.prove(channel, judged, earliest)

    def _circumstances(self, read: _Read, reads: Sequence[_Read], disks: Sequence[Disk], now: int) -> Circumstances:
        assert read.index is not None and read.channel is not None
        office = self._means.office
        others = [each.index for each in reads if each is not read and each.index is not None]
        oldest = (oldest_continuous_us(index.until(now).spans(), office) for index in others)
        seen = self._means.seen.get(read.camera.id)
        traces = Traces(
            earliest_us=read.index.until(now).earliest_us(),
            seen_us=seen,
            limit_days=read.channel.limit_days,
            disk_full=_full(disks),
            others_us=tuple(at for at in oldest if at is not None),
        )
        found = deletes(traces, self._means.settings.days)
        return Circumstances(now, read.camera.since_us, seen, found, read.channel.on_motion)

    def _unknown(self, read: _Read) -> Surveyed:
        label = "" if read.channel is None else _label(read.channel)
        now = self._means.clock.wall_us()
        return Surveyed(read.camera.id, label, unknown(self._means.settings, now, read.reason))

    def _forecast(
        self, reads: Sequence[_Read], channels: Sequence[Channel], disks: Sequence[Disk], now: int
    ) -> Forecast | None:
        indexes = [each.index for each in reads if each.index is not None]
        sound = [disk for disk in disks if disk.healthy and disk.total_bytes > 0]
        if not indexes or not sound:
            return None
        oldest = [oldest_continuous_us(index.until(now).spans(), self._means.office) for index in indexes]
        first = min((at for at in oldest if at is not None), default=None)
        all_read = len(indexes) == len(channels)
        rate = daily_bytes(indexes, now) if all_read else None  # the files of channels that were not read count too
        total = sum(disk.total_bytes for disk in sound)
        free = sum(disk.free_bytes for disk in sound)
        return forecast(Disks(total, free), first, now, self._means.settings.days, rate)


def _full(disks: Sequence[Disk]) -> bool | None:
    sound = [disk for disk in disks if disk.healthy and disk.total_bytes > 0]
    if not sound:
        return None
    return sum(disk.free_bytes for disk in sound) <= _FULL_SHARE * sum(disk.total_bytes for disk in sound)


def _ward_seconds(office: Office) -> float:
    return office.utc_offset_minutes * 60.0


def _label(channel: Channel) -> str:
    return str(channel.number) if channel.is_numbered or not channel.names else channel.names[0]


def _why(fault: DeviceFault, camera: str) -> str:
    log.warning("%s: its index: %s: %s", camera, *fault.reason)
    return str(fault.reason.code)


def is_met(survey: Survey) -> bool:
    """Whether all of its cameras are."""
    return bool(survey.cameras) and all(each.judged.verdict is Verdict.MET for each in survey.cameras)
