"""What an ONVIF camera is and sends: device information, profiles, addresses of streams and snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from camera.faults import DeviceFault
from camera.onvif import faults, media2
from camera.onvif.library import Service
from camera.onvif.session import OnvifSession
from telemetry.readings import Fact, ReasonCode

MOST_PROFILES = 256  # a recorder has several for each of its channels
_MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class MediaProfile:
    """A stream that the device offers; its figures are what it is set to, 0 where it does not say. `source`: the
    video source, which a recorder has one of for each channel."""

    token: str
    name: str
    source: str
    codec: str = ""
    width: int = 0
    height: int = 0
    frame_rate_hz: float = 0.0
    kbps: int = 0


async def device_facts(session: OnvifSession) -> list[Fact]:
    """vendor, model, serial, firmware."""
    told = await session.call(Service.DEVICE, "GetDeviceInformation")
    named = {"vendor": "Manufacturer", "model": "Model", "serial": "SerialNumber", "firmware": "FirmwareVersion"}
    texts = {name: str(getattr(told, theirs, None) or "").strip()[:_MOST_TEXT] for name, theirs in named.items()}
    return [Fact(name, text) for name, text in texts.items() if text]


async def profiles(session: OnvifSession) -> list[MediaProfile]:
    """In the device's order; those without a picture are left out. What they are set to is Media2's word where the
    device has that service: this one calls H.265 nothing, or H264."""
    told = await session.call(Service.MEDIA, "GetProfiles")
    found = faults.reading(lambda: [_profile(each) for each in list(told or ())[:MOST_PROFILES] if _has_picture(each)])
    encoders = await media2.encoders(session)
    return [_with(each, encoders.get(each.token)) for each in found]


async def stream_url(session: OnvifSession, profile: str) -> str:
    """RTSP over TCP, at the host that the device is configured with."""
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    told = await session.call(Service.MEDIA, "GetStreamUri", {"StreamSetup": setup, "ProfileToken": profile})
    return faults.reading(lambda: session.address.here(str(told.Uri)))


async def snapshot_url(session: OnvifSession, profile: str) -> str:
    """Where the device gives a JPEG; empty where it has none."""
    try:
        told = await session.call(Service.MEDIA, "GetSnapshotUri", {"ProfileToken": profile})
    except DeviceFault as fault:
        if fault.reason.code in (ReasonCode.UNSUPPORTED, ReasonCode.ERROR_ANSWER, ReasonCode.NO_PERMISSION):
            return ""
        raise
    return faults.reading(lambda: session.address.here(str(told.Uri)))


def of_source(found: Sequence[MediaProfile], number: int) -> list[MediaProfile]:
    """Those of the device's `number`th video source (from 1: a recorder's channel), largest picture first."""
    sources = list(dict.fromkeys(each.source for each in found))
    if not 1 <= number <= len(sources):
        return []
    mine = [each for each in found if each.source == sources[number - 1]]
    return sorted(mine, key=lambda each: -each.width * each.height)


def _with(profile: MediaProfile, encoder: media2.Encoder | None) -> MediaProfile:
    return profile if encoder is None else replace(profile, **asdict(encoder))


def _has_picture(told: Any) -> bool:
    return told.VideoSourceConfiguration is not None or told.VideoEncoderConfiguration is not None


def _profile(told: Any) -> MediaProfile:
    source, encoder = told.VideoSourceConfiguration, told.VideoEncoderConfiguration
    place = "" if source is None else str(source.SourceToken)
    if encoder is None:
        return MediaProfile(str(told.token), str(told.Name), place)
    size, rate = encoder.Resolution, encoder.RateControl
    return MediaProfile(
        *(str(told.token), str(told.Name), place, str(encoder.Encoding)),
        width=0 if size is None else int(size.Width),
        height=0 if size is None else int(size.Height),
        frame_rate_hz=0.0 if rate is None else float(rate.FrameRateLimit) / max(1, int(rate.EncodingInterval or 1)),
        kbps=0 if rate is None else int(rate.BitrateLimit),
    )
