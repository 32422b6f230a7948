"""Access units as the hub keeps them, and the messages that viewers get: each built once, whoever asks first."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboards.console.live import fmp4, wsframe
from dashboards.console.live.backlog import Sent
from dashboards.console.live.h264 import ParameterSets
from dashboards.console.live.wsframe import WireMessage
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

    def init_message(self, sequence: int) -> WireMessage:
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
    message: WireMessage  # the whole record
    time: int  # in units of fmp4.TIMESCALE
    duration: int
    _fragment: bytes | None = None

    @property
    def record(self) -> memoryview:
        return memoryview(self.message.framed)[self.message.header_bytes :]

    def fragment(self) -> bytes:
        """This unit as moof and mdat; muxed when the first MSE viewer needs it."""
        if self._fragment is None:
            sample = fmp4.sample_of(self.message.framed, self.message.header_bytes + _RECORD_HEADER_BYTES)
            self._fragment = fmp4.fragment(
                self.index + 1, self.time, self.duration, keyframe=self.keyframe, sample=sample
            )
        return self._fragment


class Batch:
    """Consecutive units of one setup that go out together."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self.first = units[0].index
        self.end = units[-1].index + 1
        self.has_keyframe = any(unit.keyframe for unit in units)
        self._messages: dict[tuple[Mode, int, bool], WireMessage] = {}
        self._whole: dict[Mode, WireMessage] = {}
        self._sent: list[Sent] = []

    def keyframe_from(self, start: int) -> int | None:
        """Where, from `start` on, the newest keyframe is."""
        for at in range(len(self.units) - 1, start - 1, -1):
            if self.units[at].keyframe:
                return at
        return None

    def whole(self, mode: Mode) -> WireMessage:
        """All units, for all who get all: nearly everybody, nearly always."""
        found = self._whole.get(mode)
        if found is None:
            found = self._whole[mode] = self.message(mode, 0, dropped_before=False)
        return found

    def sent(self, now: float) -> list[Sent]:
        """The same list for all viewers: what is remembered as sent to them now."""
        if not self._sent or self._sent[0][1] != now:
            self._sent = [(unit.sequence, now) for unit in self.units]
        return self._sent

    def message(self, mode: Mode, start: int, *, dropped_before: bool) -> WireMessage:
        """The units from `start` on. `dropped_before`: for one who did not get what came before them."""
        key = (mode, start, dropped_before)
        found = self._messages.get(key)
        if found is None:
            units = self.units[start:]
            found = self._mse(units) if mode is Mode.MSE else _records(units, dropped_before=dropped_before)
            self._messages[key] = found
        return found

    @staticmethod
    def _mse(units: Sequence[Unit]) -> WireMessage:
        head = _MSE_HEAD.pack(units[-1].sequence, MSE_KEYFRAME if units[0].keyframe else 0)
        return wsframe.binary(head, *(unit.fragment() for unit in units))


def _records(units: Sequence[Unit], *, dropped_before: bool) -> WireMessage:
    if not dropped_before:
        return units[0].message if len(units) == 1 else wsframe.binary(*(unit.record for unit in units))
    first = bytearray(units[0].record)
    first[_FLAGS_AT] |= DROPPED_BEFORE
    return wsframe.binary(bytes(first), *(unit.record for unit in units[1:]))
