"""What ONVIF's first media service has no word for, H.265 above all: the encoders of each profile by Media2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from camera.faults import DeviceFault
from camera.onvif import faults
from camera.onvif.library import Service
from camera.onvif.session import OnvifSession

_MOST_PROFILES = 256


@dataclass(frozen=True, slots=True)
class Encoder:
    """As VideoEncoder2Configuration has it (Media 2 Service Specification); 0 where it does not say."""

    codec: str
    width: int
    height: int
    frame_rate_hz: float
    kbps: int


async def encoders(session: OnvifSession) -> Mapping[str, Encoder]:
    """By the profiles' tokens; empty where the device has no such service, or does not tell. Raises DeviceFault where
    it cannot be asked."""
    if not session.offers(Service.MEDIA2):
        return {}
    try:
        told = await session.call(Service.MEDIA2, "GetProfiles", {"Type": ["VideoEncoder"]})
        return faults.reading(lambda: dict(_encoder(each) for each in _listed(told) if _video(each) is not None))
    except DeviceFault as fault:
        if fault.reason.code not in faults.NOT_OFFERED:
            raise
        return {}


def _listed(told: Any) -> list[Any]:
    found = told if isinstance(told, list) else getattr(told, "_value_1", None) or []
    return [each for each in found if hasattr(each, "iterfind")][:_MOST_PROFILES]


def _video(profile: Any) -> Any:
    return profile.find("{*}Configurations/{*}VideoEncoder")


def _encoder(profile: Any) -> tuple[str, Encoder]:
    video = _video(profile)

    def of(path: str) -> str:
        return str(video.findtext(path) or "").strip()

    return str(profile.get("token")), Encoder(
        of("{*}Encoding"),
        int(of("{*}Resolution/{*}Width") or 0),
        int(of("{*}Resolution/{*}Height") or 0),
        float(of("{*}RateControl/{*}FrameRateLimit") or 0),
        int(of("{*}RateControl/{*}BitrateLimit") or 0),
    )
