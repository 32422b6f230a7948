"""Access units from the packets of a demuxer: whole, with their parameter sets, times that never go back.

Cameras and servers differ: parameter sets only in the SDP, or before each slice; one keyframe as several packets of
one DTS; timestamps that repeat or jump back at a reconnect. What leaves here is always one access unit a picture,
a keyframe always with its parameter sets first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from camera.relay.annexb import PPS, SPS, START_CODE, BitstreamError, ParameterSets, nal_units, parameter_sets
from telemetry.live import MAX_ACCESS_UNIT_BYTES

_LEAST_STEP_US = 1
_LARGEST_STEP_US = 10_000_000  # a jump beyond it is a new clock, not a long pause


@dataclass(frozen=True, slots=True)
class Packet:
    """What a demuxer gives: Annex B bytes, a time in µs (None where it has none), whether it is a keyframe."""

    data: bytes
    time_us: int | None
    keyframe: bool


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture. `sets` is set where the stream's parameter sets are new or changed with this keyframe."""

    data: bytes
    timestamp_us: int
    keyframe: bool
    sets: ParameterSets | None = None


class Assembler:
    """Feed packets, take access units. One per connection to a camera."""

    def __init__(self, from_description: bytes = b"") -> None:
        """`from_description`: parameter sets of the SDP (RFC 6184, sprop-parameter-sets), as Annex B."""
        self._sets = _sets_or_none(from_description)
        self._told: ParameterSets | None = None
        self._held: list[Packet] = []
        self._split = False  # whether this stream gives a keyframe in several packets
        self._first = True
        self._sent_time: int | None = None  # of the newest packet given on
        self._wait_for_keyframe = True
        self._timestamp_us = 0
        self._source_us: int | None = None

    def feed(self, packet: Packet) -> Iterator[AccessUnit]:
        """None, one or two access units that are complete with this packet."""
        if self._held:
            if packet.keyframe and packet.time_us == self._held[0].time_us:
                self._split = True
                self._held.append(packet)
                return
            yield from self._release()
        elif packet.time_us is not None and packet.time_us == self._sent_time and packet.keyframe:
            # The rest of a keyframe whose first part has left: that picture is lost, and the next ones are held.
            self._split = self._wait_for_keyframe = True
            return
        if packet.keyframe and (self._first or self._split):
            self._held.append(packet)
            return
        yield from self._give(packet.data, packet)

    def _release(self) -> Iterator[AccessUnit]:
        parts, self._held = self._held, []
        self._first = False
        data = parts[0].data if len(parts) == 1 else _one_picture(parts)
        yield from self._give(data, parts[0])

    def _give(self, data: bytes, packet: Packet) -> Iterator[AccessUnit]:
        self._sent_time = packet.time_us
        if len(data) > MAX_ACCESS_UNIT_BYTES:
            self._wait_for_keyframe = True
            return
        if not packet.keyframe:
            if not self._wait_for_keyframe:
                yield AccessUnit(data, self._stamp(packet.time_us), keyframe=False)
            return
        own = _sets_or_none(data)
        if own is None and self._sets is None:
            return  # no decoder could begin here
        if own is None and self._sets is not None:
            data = self._sets.annexb + data
        self._sets = own or self._sets
        changed = None if self._sets == self._told else self._sets
        self._told = self._sets
        self._wait_for_keyframe = False
        yield AccessUnit(data, self._stamp(packet.time_us), keyframe=True, sets=changed)

    def _stamp(self, time_us: int | None) -> int:
        """A timestamp that goes forward, by the camera's own steps wherever those make sense."""
        if time_us is not None:
            step = _LEAST_STEP_US if self._source_us is None else time_us - self._source_us
            if not 0 < step <= _LARGEST_STEP_US:
                step = _LEAST_STEP_US
            self._source_us = time_us
        else:
            step = _LEAST_STEP_US
        self._timestamp_us += step
        return self._timestamp_us


def _one_picture(parts: list[Packet]) -> bytes:
    """The parts of one picture as one access unit; parameter sets repeated between its slices are left out."""
    kept = [parts[0].data]
    for part in parts[1:]:
        kept.extend(START_CODE + unit for kind, unit in nal_units(part.data) if kind not in (SPS, PPS))
    return b"".join(kept)


def _sets_or_none(data: bytes) -> ParameterSets | None:
    try:
        return parameter_sets(data)
    except BitstreamError:
        return None
