"""A camera's stream, looked at for some seconds: our own RTSP client, every picture decoded."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from typing import Any

import av

from camera.bitstream.stream_facts import StreamFacts, stream_facts
from camera.inspect.look import Look, NothingToSeeError, StreamReport
from camera.relay.rtsp import StreamAddress, StreamError, any_video, play, reason_for, told
from camera.relay.session import Session
from camera.rtsp_message import GarbledAnswerError, Video
from camera.watch.keyframe_group import annexb
from telemetry.clock import Clock

_SILENCE_SECONDS = 5.0
_GATHER_SECONDS = 0.1
_CODECS = {"H264": ("h264", "h264"), "H265": ("h265", "hevc")}  # ours, FFmpeg's
_MOST_UNIT_PACKETS = 20_000
_HEADER_BYTES, _MARKER = 12, 0x80
_WRAP, _HALF = 1 << 32, 1 << 31
_LONGEST_STEP_SECONDS = 10.0


def look_at_stream(
    address: StreamAddress, seconds: float, clock: Clock, stopped: Callable[[], bool]
) -> tuple[Look, StreamReport]:
    """From now on for `seconds`. Raises StreamError, NothingToSeeError."""
    playing = play(address, stopped, any_video, _SILENCE_SECONDS)
    if playing is None:
        raise NothingToSeeError("no_picture")
    session, video = playing
    try:
        if video.codec not in _CODECS:
            raise NothingToSeeError("codec_unknown", video.codec[:20])
        return _look(session, video, seconds, clock, stopped)
    finally:
        session.close()


def _look(
    session: Session, video: Video, seconds: float, clock: Clock, stopped: Callable[[], bool]
) -> tuple[Look, StreamReport]:
    ours, theirs = _CODECS[video.codec]
    decoder = av.CodecContext.create(theirs, "r")
    decoder.thread_count = 1
    look, facts, at, before = Look(), stream_facts(video.parameter_sets, ours), 0.0, -1
    first = video.parameter_sets
    deadline = clock.monotonic() + seconds
    for time, data in _units(session, video, clock, lambda: stopped() or clock.monotonic() > deadline):
        step = 0 if before < 0 else (time - before) % _WRAP
        step = step if step < _HALF else step - _WRAP
        before = time
        if abs(step) <= _LONGEST_STEP_SECONDS * video.clock_rate:
            at += step / video.clock_rate
        facts = stream_facts(data, ours) or facts
        packet = av.Packet(first + data)
        first = b""
        look.packet(len(data), at, keyframe=_is_keyframe(data, ours))
        _decode(decoder, packet, look, at)
    return look, look.report(facts, ours, None)


def _decode(decoder: Any, packet: Any, look: Look, at: float) -> None:
    try:
        for frame in decoder.decode(packet):
            if not frame.is_corrupt:
                look.frame(frame, at)
    except av.FFmpegError:
        return  # what is damaged is not judged


def _units(session: Session, video: Video, clock: Clock, over: Callable[[], bool]) -> Iterator[tuple[int, bytes]]:
    """RTP's time of each access unit, and its bytes."""
    packets: list[bytes] = []
    poll = select.poll()
    poll.register(session.fileno(), select.POLLIN)
    try:
        while not over():
            poll.poll(_GATHER_SECONDS * 1000)
            now = clock.monotonic()
            while found := session.take(now):
                for begin, end in found:
                    packet = bytes(session.view[begin:end])
                    if len(packet) < _HEADER_BYTES or packet[1] & 0x7F != video.payload_type:
                        continue
                    if packets and packet[4:8] != packets[0][4:8]:
                        yield from _whole(packets, video.codec)
                        packets = []
                    if len(packets) < _MOST_UNIT_PACKETS:
                        packets.append(packet)
            with told():
                session.tick(now)
    except (OSError, GarbledAnswerError) as error:
        raise StreamError(reason_for(error)) from None


def _whole(packets: list[bytes], codec: str) -> Iterator[tuple[int, bytes]]:
    data = annexb(packets, codec)
    if data:
        yield int.from_bytes(packets[0][4:8], "big"), data


def _is_keyframe(data: bytes, codec: str) -> bool:
    from camera.bitstream.stream_facts import units

    if codec == "h264":
        return any(unit[0] & 0x1F == 5 for unit in units(data))
    return any(16 <= unit[0] >> 1 & 0x3F <= 21 for unit in units(data))


__all__ = ["StreamFacts", "look_at_stream"]
