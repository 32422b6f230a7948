"""What DESCRIBE tells of a stream (RFC 4566; RFC 6184, 8.2.1; RFC 7798, 7.2)."""

from __future__ import annotations

import base64

from simulator.rtsp.rtp import CLOCK_HZ, PAYLOAD_TYPE
from simulator.video.film import Quality
from simulator.video.x264 import FRAMES_PER_SECOND

TRACK = "trackID=1"


def description(name: str, quality: Quality, parameter_sets: list[bytes], *, hevc: bool = False) -> bytes:
    """`parameter_sets`: SPS and PPS as NAL units; of H.265 VPS, SPS and PPS."""
    codec, told = ("H265", _hevc(parameter_sets)) if hevc else ("H264", _h264(parameter_sets))
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        f"s={name}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"b=AS:{quality.bits // 1000}",
        f"a=rtpmap:{PAYLOAD_TYPE} {codec}/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} {told}",
        f"a=framerate:{FRAMES_PER_SECOND}",
        f"a=control:{TRACK}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


def _h264(sets: list[bytes]) -> str:
    profile = sets[0][1:4].hex().upper()
    told = ",".join(base64.b64encode(unit).decode("ascii") for unit in sets)
    return f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={told}"


def _hevc(sets: list[bytes]) -> str:
    """RFC 7798, 7.1."""
    names = zip(("vps", "sps", "pps"), sets, strict=True)
    return ";".join(f"sprop-{name}={base64.b64encode(unit).decode('ascii')}" for name, unit in names)
