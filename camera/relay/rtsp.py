"""A camera's stream by RTSP over TCP (RFC 2326, RFC 6184): access units as they come, never decoded."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from camera.relay.assemble import AccessUnit, Assembler
from camera.relay.rtp import Depacketizer
from camera.relay.session import RefusedError, Session, StoppedError, make_nonce
from camera.rtsp_login import Login
from camera.rtsp_message import Description, GarbledAnswerError, Video
from telemetry.readings import Reason, ReasonCode

OPEN_SECONDS = 5.0
SILENCE_SECONDS = 5.0
_LOOK_UP_SECONDS = 0.5  # how long `stopped` may go unasked
_MOST_FOREIGN = 1000  # packets without a picture between
_FAILURES = (OSError, GarbledAnswerError, RefusedError)
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})


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


class CameraStream:
    """A stream that plays. Nothing here blocks but `open`; each may raise StreamError, after which only `close` is
    left to call."""

    def __init__(self, session: Session, video: Video) -> None:
        self._session = session
        self._assembler = Assembler(video.parameter_sets, video.clock_rate)
        self._depacketizer = Depacketizer(video.payload_type)

    @classmethod
    def open(cls, address: StreamAddress, stopped: Callable[[], bool]) -> CameraStream | None:
        """Ask the camera for the stream, with the password at most once. None where `stopped()`, which is asked twice
        a second, said so meanwhile."""
        playing = play(address, stopped, _h264, SILENCE_SECONDS)
        return None if playing is None else cls(*playing)

    def fileno(self) -> int:
        """To be watched for something to read."""
        return self._session.fileno()

    def take(self, now: float) -> list[AccessUnit]:
        """What came by now (monotonic seconds)."""
        units: list[AccessUnit] = []
        feed, assemble, view = self._depacketizer.feed, self._assembler.take, self._session.view
        try:
            while packets := self._session.take(now):
                for begin, end in packets:
                    packet = feed(view, begin, end)
                    if packet is not None:
                        unit = assemble(packet)
                        if unit is not None:
                            units.append(unit)
            if self._depacketizer.foreign > _MOST_FOREIGN:
                raise GarbledAnswerError("what comes is not the stream that the camera described")
        except _FAILURES as error:
            raise StreamError(reason_for(error)) from None
        return units

    def tick(self, now: float) -> None:
        """To be called twice in a second or so: a camera that fell silent is told from one that is slow."""
        with told():
            self._session.tick(now)

    def close(self) -> None:
        self._session.close()


def play(
    address: StreamAddress, stopped: Callable[[], bool], choose: Callable[[Description], Video], silence: float
) -> tuple[Session, Video] | None:
    """A session that plays the video which `choose` takes of those offered. `silence`: after so many seconds without a
    packet it is over. Raises StreamError; None where `stopped()` said so meanwhile."""
    login = Login(address.username, address.password, make_nonce) if address.username else None
    session = Session(address.url, login, stopped, open_seconds=OPEN_SECONDS, silence_seconds=silence)
    try:
        with told():
            video = choose(session.open())
            session.play(video)
    except StoppedError:
        session.close()
        return None
    except BaseException:
        session.close()
        raise
    return session, video


def read(address: StreamAddress, stopped: Callable[[], bool]) -> Iterator[AccessUnit]:
    """Access units from now on, until `stopped()`, which is asked twice a second at least. Blocks; for a thread that
    has one stream only. Raises StreamError when it ends otherwise."""
    stream = CameraStream.open(address, stopped)
    if stream is None:
        return
    try:
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLIN)
        while not stopped():
            poll.poll(_LOOK_UP_SECONDS * 1000)
            yield from stream.take(time.monotonic())
            stream.tick(time.monotonic())
    finally:
        stream.close()


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Every way in which a camera fails, as a StreamError."""
    try:
        yield
    except _FAILURES as error:
        raise StreamError(reason_for(error)) from None


def why_not_shown(offered: Description) -> Reason | None:
    """What keeps a browser from showing what a camera describes; None where nothing does."""
    video = offered.h264()
    if video is not None and not video.interleaved:
        return None
    if video is not None:
        return Reason(ReasonCode.UNSUPPORTED, "the camera sends H.264 in packetization mode 2")
    if not offered.videos:
        return Reason(ReasonCode.UNSUPPORTED, "the address offers no video")
    codec = offered.videos[0].codec[:20]
    return Reason(ReasonCode.UNSUPPORTED, f"the camera sends {codec}; set this stream to H.264")


def any_video(offered: Description) -> Video:
    """H.264, else H.265, else whatever it is. Raises StreamError where there is none."""
    video = offered.h264() or offered.h265() or next(iter(offered.videos), None)
    if video is None:
        raise StreamError(Reason(ReasonCode.UNSUPPORTED, "the address offers no video"))
    return video


def _h264(offered: Description) -> Video:
    reason, video = why_not_shown(offered), offered.h264()
    if reason is not None or video is None:
        raise StreamError(reason or Reason(ReasonCode.UNSUPPORTED))
    return video


def reason_for(error: OSError | GarbledAnswerError | RefusedError) -> Reason:
    """What went wrong with a camera, for people; never with an address or a password."""
    if isinstance(error, RefusedError):
        code = ReasonCode.WRONG_CREDENTIALS if error.status in (401, 403) else ReasonCode.UNSUPPORTED
        return Reason(code, str(error))
    if isinstance(error, GarbledAnswerError):
        return Reason(ReasonCode.GARBLED_ANSWER, str(error))
    if isinstance(error, socket.gaierror):
        return Reason(ReasonCode.NAME_UNKNOWN, str(error))
    if isinstance(error, ConnectionRefusedError):
        return Reason(ReasonCode.PORT_CLOSED, str(error))
    return Reason(ReasonCode.HOST_UNREACHABLE if error.errno in _NO_WAY else ReasonCode.NO_ANSWER, str(error))
