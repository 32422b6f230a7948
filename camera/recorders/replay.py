"""Footage of one moment, as the recorder plays it: its first keyframe, and what the recorder says of its time.

What dates a frame, the strongest first: ONVIF's RTP header extension, which stands at the frame itself (Streaming
Specification 6.3); the Range with which PLAY is answered; a sender report that tells another time than now; the range
that the description names. A recorder that gives none of them plays something of no known time.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from camera.faults import DeviceFault
from camera.recorders.client import Moment
from camera.recorders.keyframe import CODECS, Keyframe, KeyframeFinder, SenderReport, sender_report
from camera.refusals import Refusals
from camera.relay.rtsp import reason_for
from camera.relay.session import RefusedError, Session, StoppedError, make_nonce
from camera.rtsp_login import Login
from camera.rtsp_message import Answer, Description, GarbledAnswerError, Video
from telemetry.evidence import DatedBy
from telemetry.readings import ReasonCode

OPEN_SECONDS = 8.0
FRAME_SECONDS = 12.0  # until the first keyframe: disks that slept take their time
_LOOK_UP_SECONDS = 0.5
_REQUIRE = "Require: onvif-replay"
_UNPACED = ("Rate-Control: no", "Frames: intra")
_UNKNOWN_OPTION = frozenset({400, 405, 451, 501, 551})  # to a server that does not know ONVIF's replay
_NO_RANGE = frozenset({400, 451, 456, 457, 501, 551})
_NOW_SECONDS = 120.0  # a report within it of now tells when it was sent
_NEAR_SECONDS = 60.0  # RTP-Info is believed this far
_CLOCK = re.compile(r"clock\s*=\s*(\d{8})T(\d{6})(\.\d{1,6})?\d*Z?", re.ASCII)
_RTP_TIME = re.compile(r"rtptime=(\d{1,10})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Replayed:
    """`shown_us`: by the recorder's clock; None where it does not say."""

    keyframe: Keyframe
    shown_us: int | None
    dated_by: DatedBy


def replay(moment: Moment, refusals: Refusals, now_us: int, stopped: Callable[[], bool] = lambda: False) -> Replayed:
    """Blocks, for some seconds at most. Raises DeviceFault: REPLAY_EMPTY where the recorder has nothing of that moment.

    `now_us`: by the recorder's clock. The password is tried once, and not at all where it was refused before.
    """
    address = moment.address
    wait = refusals.wait(address)
    if wait:
        raise DeviceFault(ReasonCode.WRONG_CREDENTIALS, f"refused before; not tried again for {wait:.0f} s")
    try:
        found = _with_fallbacks(moment, now_us, stopped)
        refusals.accepted(address)
        return found
    except RefusedError as error:
        if error.status == 401:
            refusals.refused(address)
        if error.status in (401, 403):
            raise DeviceFault(ReasonCode.WRONG_CREDENTIALS, str(error), answered=True) from error
        raise DeviceFault(ReasonCode.REPLAY_EMPTY, str(error), answered=True) from error
    except StoppedError as error:
        raise DeviceFault(ReasonCode.NO_ANSWER, "stopped") from error
    except (OSError, GarbledAnswerError) as error:
        raise DeviceFault(*reason_for(error)) from error
    finally:
        refusals.not_told(address)


def _with_fallbacks(moment: Moment, now_us: int, stopped: Callable[[], bool]) -> Replayed:
    """As ONVIF has it; for a server that does not know that, without its options; and where the address says the moment
    itself, without a Range of another kind than the server knows."""
    try:
        return _play(moment, moment.range_, (_REQUIRE,), (_REQUIRE, *_UNPACED), now_us, stopped)
    except RefusedError as error:
        if error.status not in _UNKNOWN_OPTION | (_NO_RANGE if moment.dated else frozenset()):
            raise
    try:
        return _play(moment, moment.range_, (), (), now_us, stopped)
    except RefusedError as error:
        if not moment.dated or error.status not in _NO_RANGE:
            raise
    return _play(moment, "npt=0.000-", (), (), now_us, stopped)


def _play(
    moment: Moment,
    range_: str,
    setup: Sequence[str],
    play: Sequence[str],
    now_us: int,
    stopped: Callable[[], bool],
) -> Replayed:
    address = moment.address
    login = Login(address.username, address.password, make_nonce) if address.username else None
    session = Session(address.url, login, stopped, open_seconds=OPEN_SECONDS, silence_seconds=FRAME_SECONDS)
    reports: list[SenderReport] = []

    def note(packet: bytes) -> None:
        report = sender_report(packet)
        if report is not None and not reports:
            reports.append(report)

    session.on_report = note
    try:
        described = session.open()
        video = next((each for each in described.videos if each.codec in CODECS), None)
        if video is None:
            codec = described.videos[0].codec[:20] if described.videos else "no video"
            raise DeviceFault(ReasonCode.REPLAY_UNREADABLE, f"the recorder plays {codec}", answered=True)
        answer = session.play(video, range_=range_, with_setup=setup, with_play=play)
        keyframe = _keyframe(session, KeyframeFinder(video), stopped)
    finally:
        session.close()
    shown, by = _dated(keyframe, answer, reports, described, video, now_us)
    return Replayed(keyframe, shown, by)


def _keyframe(session: Session, finder: KeyframeFinder, stopped: Callable[[], bool]) -> Keyframe:
    deadline = time.monotonic() + FRAME_SECONDS
    poll = select.poll()
    poll.register(session.fileno(), select.POLLIN)
    while time.monotonic() < deadline:
        if stopped():
            raise StoppedError
        try:
            while packets := session.take(time.monotonic()):
                for begin, end in packets:
                    found = finder.feed(bytes(session.view[begin:end]))
                    if found is not None:
                        return found
        except ConnectionResetError as error:
            raise DeviceFault(ReasonCode.REPLAY_EMPTY, "it ends without a keyframe", answered=True) from error
        poll.poll(_LOOK_UP_SECONDS * 1000)
    raise DeviceFault(ReasonCode.REPLAY_EMPTY, f"no keyframe within {FRAME_SECONDS:g} s", answered=True)


def _dated(
    keyframe: Keyframe,
    answer: Answer,
    reports: Sequence[SenderReport],
    described: Description,
    video: Video,
    now_us: int,
) -> tuple[int | None, DatedBy]:
    if keyframe.ntp_us is not None:
        return keyframe.ntp_us, DatedBy.EXTENSION
    played = clock_us(answer.first("range"))
    if played is not None:
        told = _RTP_TIME.search(answer.first("rtp-info"))
        if told is not None:
            at = SenderReport(played, int(told[1])).at(keyframe.rtp_time, video.clock_rate)
            played = at if abs(at - played) <= _NEAR_SECONDS * 1e6 else played
        return played, DatedBy.RANGE
    for report in reports:
        at = report.at(keyframe.rtp_time, video.clock_rate)
        if abs(at - now_us) > _NOW_SECONDS * 1e6:
            return at, DatedBy.REPORT
    offered = clock_us(described.range_)
    return (offered, DatedBy.DESCRIPTION) if offered is not None else (None, DatedBy.NOTHING)


def clock_us(range_: str) -> int | None:
    """The begin of a Range in absolute time (RFC 2326, 3.7: "clock=20261125T030000.25Z-"); None where it has none."""
    found = _CLOCK.search(range_)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return round((moment.timestamp() + float(found[3] or 0)) * 1e6)
