"""Access units as the hub may have them: from a keyframe on, keyframes with their parameter sets, times that go on.

Cameras differ: parameter sets only in the SDP, or before each keyframe; timestamps that repeat, jump or wrap.
"""

from __future__ import annotations

from typing import NamedTuple

from camera.relay.annexb import BitstreamError, ParameterSets, parameter_sets
from camera.relay.rtp import Packet

_LEAST_STEP_US = 1
_LARGEST_STEP_US = 10_000_000  # a jump beyond it is a new clock, not a long pause
_WRAP, _HALF = 1 << 32, 1 << 31


class AccessUnit(NamedTuple):
    """One picture. `sets` is set where the stream's parameter sets are new or changed with this keyframe. The
    timestamp is the camera's clock from the connection's first picture on; it always goes forward."""

    data: bytes
    timestamp_us: int
    keyframe: bool
    sets: ParameterSets | None = None


class Assembler:
    """One per connection to a camera."""

    def __init__(self, from_description: bytes = b"", clock_rate: int = 90_000) -> None:
        """`from_description`: parameter sets of the SDP, as Annex B. `clock_rate`: of RTP's time, per second."""
        self._unit_us = 1e6 / clock_rate
        self._sets = _sets_or_none(from_description)
        self._told: ParameterSets | None = None
        self._source_time: int | None = None
        self._timestamp_us = 0
        self._wait_for_keyframe = True

    def take(self, packet: Packet) -> AccessUnit | None:
        """The picture to be sent; None for one that nobody could decode."""
        if packet.keyframe:
            return self._keyframe(packet)
        if packet.lost_before:
            self._wait_for_keyframe = True
        if self._wait_for_keyframe:
            return None
        return AccessUnit(packet.data, self._stamp(packet.time), False)

    def _keyframe(self, packet: Packet) -> AccessUnit | None:
        data = packet.data
        own = _sets_or_none(data)
        if own is None:
            if self._sets is None:
                return None  # no decoder could begin here
            data = self._sets.annexb + data
        self._sets = own or self._sets
        changed = None if self._sets == self._told else self._sets
        self._told = self._sets
        self._wait_for_keyframe = False
        return AccessUnit(data, self._stamp(packet.time), True, changed)

    def _stamp(self, time: int) -> int:
        """By the camera's own steps wherever those make sense."""
        before, self._source_time = self._source_time, time
        step = _LEAST_STEP_US
        if before is not None:
            ticks = (time - before) % _WRAP
            step = round(ticks * self._unit_us) if ticks < _HALF else 0
            if not 0 < step <= _LARGEST_STEP_US:
                step = _LEAST_STEP_US
        self._timestamp_us += step
        return self._timestamp_us


def _sets_or_none(data: bytes) -> ParameterSets | None:
    try:
        return parameter_sets(data)
    except BitstreamError:
        return None
