"""A camera's stream by RTSP over TCP (RFC 2326, RFC 6184), demuxed by PyAV, never decoded.

`read` blocks and belongs in a thread of its own, one per stream. PyAV's exceptions end here, without their text:
FFmpeg puts the address, password included, into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from camera.relay.assemble import AccessUnit, Assembler, Packet
from telemetry.readings import Reason, ReasonCode

if TYPE_CHECKING:
    from av.container import InputContainer

OPEN_SECONDS = 5.0
SILENCE_SECONDS = 5.0
# Without these FFmpeg looks at a second of video before it tells what it found (0.09 s instead of 1.14 s here). Not
# fflags=nobuffer: it throws away what was looked at, the first keyframe too, and saves nothing from glass to glass.
_OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    "probesize": "32",
    "analyzeduration": "0",
}
_HTTP_UNAUTHORIZED = "HTTPUnauthorizedError"
_BY_ERROR = {
    _HTTP_UNAUTHORIZED: ReasonCode.WRONG_CREDENTIALS,
    "HTTPForbiddenError": ReasonCode.WRONG_CREDENTIALS,
    "HTTPNotFoundError": ReasonCode.UNSUPPORTED,
    "HTTPOtherClientError": ReasonCode.UNSUPPORTED,
    "ConnectionRefusedError": ReasonCode.PORT_CLOSED,
    "TimeoutError": ReasonCode.NO_ANSWER,
    "ExitError": ReasonCode.NO_ANSWER,
    "InvalidDataError": ReasonCode.GARBLED_ANSWER,
    "ProtocolNotFoundError": ReasonCode.GARBLED_ANSWER,
}
_BY_ERRNO = {110: ReasonCode.NO_ANSWER, 111: ReasonCode.PORT_CLOSED, 113: ReasonCode.HOST_UNREACHABLE}
_NETWORK_UNREACHABLE = 101


class StreamError(Exception):
    """There is no (more) picture, and `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"{reason.code}: {reason.detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a stream is and who asks for it. `url` carries no credentials; `repr` shows no password."""

    url: str
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"StreamAddress({self.url!r}, {self.username!r})"

    def for_library(self) -> str:
        """The address with its credentials, for FFmpeg alone."""
        if not self.username:
            return self.url
        parts = urlsplit(self.url)
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@"
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, login + host, parts.path, parts.query, ""))


def read(address: StreamAddress, stopped: Callable[[], bool]) -> Iterator[AccessUnit]:
    """Access units from now on, until `stopped()` (asked at each packet). Raises StreamError when it ends otherwise.

    A camera that refuses the password is asked once; FFmpeg answers its digest challenge and gives up at the second
    401. Whether and when to try again is the caller's to decide.
    """
    container = _open(address)
    try:
        yield from _units(container, stopped)
    finally:
        container.close()


def _open(address: StreamAddress) -> InputContainer:
    import av

    try:
        return av.open(address.for_library(), options=_OPTIONS, timeout=(OPEN_SECONDS, SILENCE_SECONDS))
    except (OSError, av.FFmpegError, ValueError) as error:
        raise StreamError(_reason(error)) from None


def _units(container: InputContainer, stopped: Callable[[], bool]) -> Iterator[AccessUnit]:
    import av

    if not container.streams.video:
        raise StreamError(Reason(ReasonCode.UNSUPPORTED, "the address offers no video"))
    video = container.streams.video[0]
    codec = video.codec_context.name
    if codec != "h264":
        raise StreamError(Reason(ReasonCode.UNSUPPORTED, f"the camera sends {codec}; set this stream to H.264"))
    assembler = Assembler(video.codec_context.extradata or b"")
    unit_us = float(video.time_base or 0) * 1e6
    try:
        for packet in container.demux(video):
            if stopped():
                return
            if packet.size:
                time_us = None if packet.pts is None else round(packet.pts * unit_us)
                yield from assembler.feed(Packet(bytes(packet), time_us, packet.is_keyframe))
    except (OSError, av.FFmpegError) as error:
        raise StreamError(_reason(error)) from None
    raise StreamError(Reason(ReasonCode.NO_ANSWER, "the camera ended the stream"))


def _reason(error: BaseException) -> Reason:
    name = type(error).__name__
    code = _BY_ERROR.get(name)
    number = getattr(error, "errno", None)
    if code is None and isinstance(number, int):
        code = ReasonCode.HOST_UNREACHABLE if number == _NETWORK_UNREACHABLE else _BY_ERRNO.get(number)
    return Reason(code or ReasonCode.GARBLED_ANSWER, f"{name} ({number})")
