"""RTSP's answers (RFC 2326) and the SDP in them (RFC 8866): bytes to what they say, without any connection."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_HEAD_BYTES = 64 * 1024
MOST_BODY_BYTES = 256 * 1024
_STATUS = re.compile(rb"RTSP/\d\.\d (\d{3})(?: |$)")
_START_CODE = b"\x00\x00\x00\x01"


class GarbledAnswerError(Exception):
    """What came is no RTSP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in their order with names in lower case, and the body."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def body_bytes(self) -> int:
        """How long the body is, as the head says. Raises GarbledAnswerError."""
        said = self.first("content-length") or "0"
        if not said.isascii() or not said.isdecimal() or int(said) > MOST_BODY_BYTES:
            raise GarbledAnswerError(f"a body of {said[:20]!r} bytes")
        return int(said)


def parse_head(head: bytes) -> Answer:
    """An answer's head, without the empty line at its end. Raises GarbledAnswerError."""
    first, *lines = head.split(b"\n")
    found = _STATUS.match(first.strip())
    if found is None:
        raise GarbledAnswerError(f"not RTSP: {first[:40]!r}")
    pairs = (line.decode("utf-8", "replace").partition(":") for line in lines if line.strip())
    return Answer(int(found[1]), [(name.strip().lower(), value.strip()) for name, _, value in pairs])


@dataclass(frozen=True, slots=True)
class Video:
    """One video that an SDP offers. `codec` is its encoding name in capitals, `parameter_sets` Annex B bytes."""

    codec: str
    control: str = ""
    payload_type: int = 96
    clock_rate: int = 90_000
    parameter_sets: bytes = b""
    interleaved: bool = False  # packetization-mode 2 (RFC 6184), which no camera is known to use


@dataclass(frozen=True, slots=True)
class Description:
    """What an SDP offers, and the whole session's own control address, empty where it names none. `range_`: from when
    to when it has something (RFC 2326, C.1.5)."""

    videos: Sequence[Video]
    control: str = ""
    range_: str = ""

    def h264(self) -> Video | None:
        return next((video for video in self.videos if video.codec == "H264"), None)

    def h265(self) -> Video | None:
        return next((video for video in self.videos if video.codec == "H265"), None)


def describe(sdp: bytes) -> Description:
    """Never raises: what cannot be understood is not there."""
    session, *media = re.split(r"(?m)^(?=m=)", sdp.decode("utf-8", "replace").replace("\r\n", "\n"))
    videos = [video for part in media if part.startswith("m=video") for video in _videos(part)]
    ranges = (_attribute(part, "range") for part in (session, *media))
    return Description(videos, _attribute(session, "control"), next(filter(None, ranges), ""))


def resolve(base: str, control: str) -> str:
    """A control address (RFC 2326, C.1.1), which may be absolute, relative to `base`, or empty."""
    if not control or control == "*":
        return base
    if urlsplit(control).scheme in ("rtsp", "rtsps"):
        return control
    return f"{base if base.endswith('/') else base + '/'}{control}"


def _videos(part: str) -> list[Video]:
    offered = [int(word) for word in part.partition("\n")[0].split()[3:] if word.isascii() and word.isdecimal()]
    control = _attribute(part, "control")
    videos = []
    for payload_type in offered:
        mapped = re.search(rf"(?m)^a=rtpmap:{payload_type}\s+([^/\s]+)/(\d{{1,9}})", part)
        if mapped is None:
            if payload_type == 26:  # a static payload type (RFC 3551) needs no rtpmap
                videos.append(Video("JPEG", control, payload_type))
            continue
        said = re.search(rf"(?m)^a=fmtp:{payload_type}\s+(.*)$", part)
        format_ = {} if said is None else _parameters(said[1])
        names = ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps")  # RFC 6184 and RFC 7798
        sets = b"".join(_parameter_sets(format_.get(name, "")) for name in names)
        interleaved = format_.get("packetization-mode") == "2"
        rate = int(mapped[2]) or 90_000
        videos.append(Video(mapped[1].upper(), control, payload_type, rate, sets, interleaved))
    return videos


def _attribute(part: str, name: str) -> str:
    found = re.search(rf"(?m)^a={name}:(.*)$", part)
    return "" if found is None else found[1].strip()


def _parameters(text: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _parameter_sets(text: str) -> bytes:
    """NAL units in base64, between commas."""
    sets = b""
    for each in text.split(","):
        try:
            unit = base64.b64decode(each + "=" * (-len(each) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue  # cameras are seen to send broken ones; the stream has its own, or no picture begins
        sets += _START_CODE + unit if unit else b""
    return sets
