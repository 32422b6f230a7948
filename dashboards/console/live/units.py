"""Access units as the hub keeps them, and the messages that viewers get: each built once, whoever asks first.

A viewer gets records as telemetry.live tells, or, by `?mode=mse`, messages that begin with

    uint32  sequence of the newest frame in the message, big-endian; the one to acknowledge
    uint32  flags: bit 0 init segment, bit 1 a keyframe comes first

and go on with an init segment or with a fragment (moof, mdat) for each frame.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboards.console.live import fmp4, wsframe
from dashboards.console.live.h264 import ParameterSets
from telemetry.live import DROPPED_BEFORE, HEADER_BYTES

_FLAGS_AT = 5  # in a record: uint32 length, uint8 version, uint8 flags
_RECORD_HEADER_BYTES = 4 + HEADER_BYTES
_MSE_HEAD = struct.Struct(">II")
MSE_INIT, MSE_KEYFRAME = 1, 2


class Mode(StrEnum):
    """How a viewer wants its frames."""

    RECORDS = "records"  # as telemetry.live tells, for WebCodecs
    MSE = "mse"  # fragmented MP4


@dataclass(frozen=True, slots=True)
class Setup:
    """What a decoder must know before a keyframe. Sizes in pixels, of the publisher's note."""

    sets: ParameterSets
    width: int
    height: int

    def init_message(self, sequence: int) -> bytes:
        """The init segment for an MSE viewer. Raises BitstreamError."""
        segment = fmp4.init_segment(self.sets, self.width, self.height)
        return wsframe.binary(_MSE_HEAD.pack(sequence, MSE_INIT), segment)


@dataclass(slots=True)
class Unit:
    """One access unit. `index` counts the channel's units, `time` and `duration` are of the channel's own timeline."""

    index: int
    sequence: int
    keyframe: bool
    setup: Setup
    message: bytes  # the whole record, as a WebSocket frame
    time: int  # in units of fmp4.TIMESCALE
    duration: int
    _fragment: bytes | None = None

    @property
    def record(self) -> memoryview:
        return memoryview(self.message)[wsframe.payload_at(self.message) :]

    def fragment(self) -> bytes:
        """This unit as moof and mdat; muxed when the first MSE viewer needs it."""
        if self._fragment is None:
            sample = fmp4.sample_of(self.message, wsframe.payload_at(self.message) + _RECORD_HEADER_BYTES)
            self._fragment = fmp4.fragment(
                self.index + 1, self.time, self.duration, keyframe=self.keyframe, sample=sample
            )
        return self._fragment


class Batch:
    """Consecutive units of one setup that go out together."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        keyframes = [at for at, unit in enumerate(units) if unit.keyframe]
        self.newest_keyframe = keyframes[-1] if keyframes else None  # where among the units
        self._messages: dict[tuple[Mode, int, bool], bytes] = {}

    def sequences(self, start: int = 0) -> list[int]:
        """Of the units from `start` on."""
        return [unit.sequence for unit in self.units[start:]]

    def message(self, mode: Mode, start: int, *, dropped_before: bool) -> bytes:
        """The units from `start` on. `dropped_before`: for one who did not get what came before them."""
        key = (mode, start, dropped_before)
        found = self._messages.get(key)
        if found is None:
            units = self.units[start:]
            found = self._mse(units) if mode is Mode.MSE else _records(units, dropped_before=dropped_before)
            self._messages[key] = found
        return found

    @staticmethod
    def _mse(units: Sequence[Unit]) -> bytes:
        head = _MSE_HEAD.pack(units[-1].sequence, MSE_KEYFRAME if units[0].keyframe else 0)
        return wsframe.binary(head, *(unit.fragment() for unit in units))


def _records(units: Sequence[Unit], *, dropped_before: bool) -> bytes:
    if not dropped_before:
        return units[0].message if len(units) == 1 else wsframe.binary(*(unit.record for unit in units))
    first = bytearray(units[0].record)
    first[_FLAGS_AT] |= DROPPED_BEFORE
    return wsframe.binary(bytes(first), *(unit.record for unit in units[1:]))
