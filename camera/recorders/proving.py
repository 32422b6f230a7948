"""Moments of a recorder, replayed: what proves that it keeps what its index says, and what does not.

A frame proves only what dates it. What stands at the frame itself does; what the recorder says around it (PLAY's Range,
its description) may be no more than the question said back. So who dates frames by that is asked once for a moment of
which it can have nothing: one that shows a frame of that moment all the same is not believed in the others.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from camera.faults import DeviceFault
from camera.recorders import picture
from camera.recorders.client import Channel, RecorderClient
from camera.recorders.means import Means
from camera.recorders.replay import Replayed
from camera.retention.judge import Judged, with_replay
from camera.retention.sample import moments
from camera.retention.spans import DAY_US, US
from telemetry.evidence import DatedBy
from telemetry.readings import ReasonCode

log = logging.getLogger(__name__)

_LIES = frozenset({ReasonCode.REPLAY_EMPTY, ReasonCode.REPLAY_ELSEWHEN, ReasonCode.REPLAY_UNREADABLE})
_SAID = frozenset({DatedBy.RANGE, DatedBy.DESCRIPTION})  # by the recorder, about what it plays
_ENDS = frozenset({ReasonCode.WRONG_CREDENTIALS, ReasonCode.PORT_CLOSED, ReasonCode.HOST_UNREACHABLE})
_MOST_LATER = 2  # entries of the index that are asked for after an oldest that is gone
_BEFORE_DAYS = (1, 4)  # how long before all that it has the moment lies of which it can have nothing


@dataclass(frozen=True, slots=True)
class Proof:
    """A moment asked (true time) and what came. `proves`: decoded, and of the moment asked by what is believed."""

    asked_us: int
    is_oldest: bool
    shown_us: int | None = None
    decoded: bool = False
    proves: bool = False
    sha256: str = ""
    jpeg: bytes = b""
    reason: str = ""
    dated_by: DatedBy = DatedBy.NOTHING


class Prover:
    """One recorder in one survey. `ahead`: its times less true ones, in seconds; `off`: its clock's part of that."""

    def __init__(self, client: RecorderClient, means: Means, ahead: float, off: float) -> None:
        self._client = client
        self._means = means
        self._ahead = ahead
        self._off = off
        self._echoes: bool | None = None  # whether it says back whatever moment it is asked for

    async def prove(self, channel: Channel, judged: Judged, earliest_us: int | None) -> tuple[Proof, ...]:
        """`earliest_us`: before it the recorder has nothing of this channel, as its index says."""
        settings = self._means.settings
        asked = moments(judged, settings.samples, self._means.chance)
        found: list[Proof] = []
        for number, at in enumerate(asked):
            proof = await self._one(channel, at, is_oldest=number == 0)
            if number > 0 and proof.reason in _LIES:
                proof = await self._one(channel, at, is_oldest=False)  # it may have been busy; twice is no accident
            found.append(proof)
            if number == 0 and not proof.proves and proof.reason in _LIES:
                found += await self._a_little_later(channel, judged, at)
            if found[-1].reason in _ENDS:
                break  # the others would come to the same
        if earliest_us is not None and any(proof.proves and proof.dated_by in _SAID for proof in found):
            found = await self._without_echoes(channel, found, earliest_us)
        return tuple(found)

    async def _a_little_later(self, channel: Channel, judged: Judged, at_us: int) -> list[Proof]:
        """The oldest may be deleted while it is asked for, alone or with all of its file, and one may be many minutes
        long: what is kept then begins a little later, or where the index says now. Not within what is asked for."""
        most = round(self._means.settings.max_gap_seconds * US)
        found: list[Proof] = []
        if any(span.begin_us <= at_us + most < span.end_us for span in judged.covered):
            found.append(await self._one(channel, at_us + most, is_oldest=True))
        if found and found[-1].reason not in _LIES:
            return found
        for begin in await self._next_begins(channel, at_us, judged.window.begin_us + most):
            found.append(await self._one(channel, begin, is_oldest=True))
            if found[-1].reason not in _LIES:
                break
        return found

    async def _next_begins(self, channel: Channel, after_us: int, until_us: int) -> list[int]:
        """Where the next entries of its index begin, read again."""
        if after_us >= until_us:
            return []
        here = round(self._ahead * US)
        try:
            channels = await self._client.channels()  # ONVIF tells with these from when on it has data
            same = next((each for each in channels if each.number == channel.number), channel)
            index = await self._client.index(same, after_us + here, until_us + here)
        except DeviceFault as fault:
            log.info("its index could not be read again: %s: %s", *fault.reason)
            return []
        begins = {each.begin_us for each in index.shifted(self._ahead).recorded}
        return sorted(begin for begin in begins if after_us < begin <= until_us)[:_MOST_LATER]

    async def _one(self, channel: Channel, at_us: int, *, is_oldest: bool) -> Proof:
        proof = Proof(at_us, is_oldest)
        try:
            replayed = await self._replayed(channel, at_us)
            proof = replace(proof, sha256=hashlib.sha256(replayed.keyframe.data).hexdigest())
            shown = None if replayed.shown_us is None else self._true_us(replayed.shown_us, at_us)
            proof = replace(proof, shown_us=shown, dated_by=replayed.dated_by)
            decoded = await asyncio.to_thread(picture.decode, replayed.keyframe)
        except DeviceFault as fault:
            log.info("no proof: %s: %s", *fault.reason)
            return replace(proof, reason=str(fault.reason.code))
        proof = replace(proof, decoded=True, jpeg=decoded.jpeg)
        if shown is None:
            return replace(proof, reason=str(ReasonCode.REPLAY_UNDATED))
        if abs(shown - at_us) > self._means.settings.tolerance_seconds * US:
            return replace(proof, reason=str(ReasonCode.REPLAY_ELSEWHEN))
        return replace(proof, proves=True)

    async def _without_echoes(self, channel: Channel, found: Sequence[Proof], earliest_us: int) -> list[Proof]:
        if self._echoes is None:
            days = self._means.chance.uniform(*_BEFORE_DAYS)
            self._echoes = await self._says_back(channel, earliest_us - round(days * DAY_US))
        if not self._echoes:
            return list(found)
        reason = str(ReasonCode.REPLAY_ECHOED)
        return [
            replace(proof, proves=False, reason=reason) if proof.proves and proof.dated_by in _SAID else proof
            for proof in found
        ]

    async def _says_back(self, channel: Channel, at_us: int) -> bool:
        """Whether it shows a frame of a moment of which it can have none. That nothing comes is as it should be."""
        try:
            replayed = await self._replayed(channel, at_us)
        except DeviceFault as fault:
            log.debug("of a moment that it cannot have: %s: %s", *fault.reason)
            return False
        if replayed.shown_us is None or replayed.dated_by not in _SAID:
            return False
        shown = self._true_us(replayed.shown_us, at_us)
        echoes = abs(shown - at_us) <= self._means.settings.tolerance_seconds * US
        if echoes:
            log.warning("the recorder says back whatever moment it is asked for: its replies date nothing")
        return echoes

    async def _replayed(self, channel: Channel, at_us: int) -> Replayed:
        means = self._means
        here = means.clock.wall_us() + round(self._ahead * US)
        moment = await self._client.moment(channel, at_us + round(self._ahead * US))
        return await asyncio.to_thread(means.replay, moment, means.refusals, here)

    def _true_us(self, shown_us: int, asked_us: int) -> int:
        """A recorder that calls local times UTC in its index may date its frames rightly, or not: the nearer counts."""
        both = (shown_us - round(self._ahead * US), shown_us - round(self._off * US))
        return min(both, key=lambda true: abs(true - asked_us))


def with_proofs(judged: Judged, proofs: Sequence[Proof], *, all_must: bool) -> Judged:
    """The oldest moment must replay, and of no other may the index have said what is not there. `all_must`: of an index
    that would not show a gap, every moment must replay."""
    oldest = [proof for proof in proofs if proof.is_oldest]
    if not oldest:
        return judged
    decisive = next((proof for proof in oldest if proof.proves), oldest[-1])
    others = [proof for proof in proofs if not proof.is_oldest and (all_must or proof.reason in _LIES)]
    failed = sorted(
        (proof for proof in (decisive, *others) if not proof.proves), key=lambda proof: proof.reason not in _LIES
    )
    if not failed:
        return with_replay(judged, True)
    return with_replay(judged, False if failed[0].reason in _LIES else None, failed[0].reason)
