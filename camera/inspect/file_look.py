"""A film file, at the speed at which it can be read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import av

from camera.bitstream.extradata import parameter_sets
from camera.bitstream.stream_facts import StreamFacts, stream_facts
from camera.inspect.look import Look, NothingToSeeError, StreamReport

_CODECS = {"hevc": "h265"}
_MOST_DAMAGED = 500  # packets in a row that cannot be decoded
_MOST_HZ = 240.0


def look_at_file(path: str, seconds: float) -> tuple[Look, StreamReport]:
    """The first `seconds` of its first video. Raises NothingToSeeError."""
    try:
        with av.open(path, metadata_errors="ignore") as film:
            if not film.streams.video:
                raise NothingToSeeError("no_video", path)
            stream = film.streams.video[0]
            stream.codec_context.thread_count = 1
            look = Look()
            facts = _read(film, stream, look, seconds)
            codec = _CODECS.get(stream.codec_context.name, stream.codec_context.name)
            rate = float(stream.average_rate) if stream.average_rate else 0.0
            return look, look.report(facts, codec, rate if 0 < rate <= _MOST_HZ else None)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise NothingToSeeError("no_film", f"{path}: {type(error).__name__}") from error


def _read(film: Any, stream: Any, look: Look, seconds: float) -> StreamFacts | None:
    codec = _CODECS.get(stream.codec_context.name, stream.codec_context.name)
    facts = stream_facts(parameter_sets(bytes(stream.codec_context.extradata or b""), codec), codec)
    damaged = 0
    step = 1 / float(stream.average_rate) if stream.average_rate else 1 / 25
    for packet in _packets(film, stream):
        moment = packet.pts if packet.pts is not None else packet.dts
        at = look.last + step if moment is None else float(moment * packet.time_base)
        if look.first is not None and at - look.first > seconds:
            break
        if packet.size:
            look.packet(packet.size, at, keyframe=packet.is_keyframe)
            facts = facts or stream_facts(bytes(packet), codec)
        try:
            for frame in stream.decode(packet):
                look.frame(frame, at if frame.time is None else frame.time)
            damaged = 0
        except av.FFmpegError:
            damaged += 1
            if damaged > _MOST_DAMAGED:
                break
    with contextlib.suppress(av.FFmpegError, EOFError):  # what the decoder still holds
        for frame in stream.decode(None):
            look.frame(frame, look.last if frame.time is None else frame.time)
    return facts


def _packets(film: Any, stream: Any) -> Iterator[Any]:
    """Until the file ends, or cannot be read any further."""
    with contextlib.suppress(av.FFmpegError):
        for packet in film.demux(stream):
            if packet.size:
                yield packet
