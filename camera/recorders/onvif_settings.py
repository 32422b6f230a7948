"""What an ONVIF recorder is set to record: the encoder settings of the media profile that a recording takes.

Recording Control says which profile that is (RecordingJobConfiguration, SourceToken); where it does not, or names a
receiver, it is the largest picture of the channel's own video source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from camera.faults import DeviceFault
from camera.interfaces.told import codec_name
from camera.onvif import faults, media
from camera.onvif.library import Service
from camera.onvif.media import MediaProfile
from camera.onvif.session import OnvifSession
from camera.recorders.client import Channel
from camera.recorders.record_settings import RecordSettings


async def record_settings(session: OnvifSession, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
    """By the channels' numbers; empty where the recorder does not tell. Raises DeviceFault where it cannot be asked."""
    if not session.offers(Service.MEDIA):
        return {}
    try:
        offered = await media.profiles(session)
    except DeviceFault as fault:
        if fault.reason.code not in faults.NOT_OFFERED:
            raise
        return {}
    by_token = {each.token: each for each in offered}
    jobs = await _jobs(session)
    found = {}
    for channel in channels:
        taken = [by_token[token] for name in channel.tokens for token in jobs.get(name, ()) if token in by_token]
        profile = max(taken, key=_pixels, default=None) or _largest(offered, channel.number)
        if profile is not None:
            found[channel.number] = _settings(profile)
    return found


async def _jobs(session: OnvifSession) -> Mapping[str, Sequence[str]]:
    """The sources of each recording that is active, by its token."""
    if not session.offers(Service.RECORDING):
        return {}
    try:
        told = await session.call(Service.RECORDING, "GetRecordingJobs")
        return faults.reading(lambda: dict(_sources(each.JobConfiguration) for each in told or () if _runs(each)))
    except DeviceFault as fault:
        if fault.reason.code not in faults.NOT_OFFERED:
            raise
        return {}


def _runs(job: Any) -> bool:
    return job.JobConfiguration is not None and str(job.JobConfiguration.Mode) == "Active"


def _sources(job: Any) -> tuple[str, Sequence[str]]:
    tokens = [str(each.SourceToken.Token) for each in job.Source or () if each.SourceToken is not None]
    return str(job.RecordingToken), tokens


def _largest(offered: Sequence[MediaProfile], number: int) -> MediaProfile | None:
    return next(iter(media.of_source(offered, number)), None)


def _pixels(profile: MediaProfile) -> int:
    return profile.width * profile.height


def _settings(profile: MediaProfile) -> RecordSettings:
    codec = codec_name(profile.codec) if profile.codec else ""
    return RecordSettings(codec, profile.width, profile.height, profile.frame_rate_hz, profile.kbps)
