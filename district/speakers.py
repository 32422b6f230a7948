"""Which agents speak as one ward: nearly always one. When two do, which of them the ward is taken to be.

The rule (docs/durability.md, "Two agents, one ward"): the one that is shown stays shown while it speaks. Another takes
its place at once where its journal holds the shown one's entries (the same agent, started again) or where the shown one
took leave; else only when that has been silent for SILENCE_SECONDS. So two that both speak never take turns. Only
what is said live counts: replays speak for the past, a retained status for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from district.holdings import MOST_INCARNATIONS
from district.records import WardRecord
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock

SILENCE_SECONDS = 45.0  # three heartbeats
TOGETHER_SECONDS = 20.0  # so long both must be heard: what a dead one left in a slow line is heard sooner
APART_SECONDS = 60.0  # after so much silence of one, there is only the other
MOST_SPEAKERS = 50  # of one ward that are remembered

WhoseTurn = Callable[[str, bytes], bytes]  # ward, incarnation: the agent to ask for it; empty: whoever is there


@dataclass(slots=True)
class Speaker:
    """One incarnation that spoke in this run of the hub. Times are monotonic seconds."""

    incarnation: bytes
    first_at: float
    last_at: float
    left: bool = False
    beside: bool = False  # found to speak beside the shown one, until it is forgotten
    machine: str = ""
    holds: set[bytes] = field(default_factory=set)  # the incarnations that its journal holds, too


@dataclass(slots=True)
class _Ward:
    shown: bytes = b""
    speakers: dict[bytes, Speaker] = field(default_factory=dict)
    contested: bool = False


class Speakers:
    """Written by the ingest's thread; `shown` and `to` may be asked by any."""

    def __init__(self, clock: Clock, wards: Iterable[str], records: Iterable[WardRecord] = ()) -> None:
        """`records`: as it was before the hub's last stop; who was there has the time of a silence to speak again."""
        self._clock = clock
        now = clock.monotonic()
        self._wards = {ward: _Ward() for ward in wards}
        for record in records:
            if record.incarnation and record.id in self._wards:
                speaker = Speaker(record.incarnation, now, now, left=not record.online)
                self._wards[record.id] = _Ward(record.incarnation, {record.incarnation: speaker})

    # ---- what is heard ------------------------------------------------------------------------------------------

    def heard(self, ward: str, incarnation: bytes, status: wire.Status | None = None) -> bytes:
        """It said something live just now. Returns who is shown from now on."""
        state, now = self._wards[ward], self._clock.monotonic()
        speaker = state.speakers.get(incarnation)
        if speaker is None or now - speaker.last_at >= APART_SECONDS:
            known = speaker or Speaker(incarnation, now, now)
            speaker = state.speakers[incarnation] = Speaker(
                incarnation, now, now, machine=known.machine, holds=known.holds
            )
        speaker.last_at, speaker.left = now, False
        if len(state.speakers) > MOST_SPEAKERS:
            self._forget_one(state)
        if status is not None:
            speaker.machine = status.machine[:64]
            held = {each.incarnation for each in status.held}
            together = len(held) + len(speaker.holds)
            if not status.held_in_part or together > MOST_INCARNATIONS:  # beyond any honest count: begin anew
                speaker.holds = held
            else:
                speaker.holds |= held
        if self._takes_over(state, speaker, now):
            state.shown = incarnation
        return state.shown

    @staticmethod
    def _forget_one(state: _Ward) -> None:
        """The longest silent but the shown one: whoever makes up incarnations must not fill the memory."""
        others = [each for each in state.speakers.values() if each.incarnation != state.shown]
        del state.speakers[min(others, key=lambda each: each.last_at).incarnation]

    def left(self, ward: str, incarnation: bytes) -> bool:
        """It took leave, or its connection broke. Whether the ward is without a voice now."""
        state = self._wards[ward]
        if incarnation in state.speakers:
            state.speakers[incarnation].left = True
        return not any(self._speaks(each) for each in state.speakers.values())

    def follows(self, ward: str, incarnation: bytes, previous: bytes) -> None:
        """Its first entry names `previous`: its journal goes on where that one's ended."""
        state = self._wards[ward]
        speaker = state.speakers.get(incarnation)
        if speaker is not None and previous:
            speaker.holds.add(previous)
            if self._takes_over(state, speaker, self._clock.monotonic()):
                state.shown = incarnation

    def remembered(self, ward: str, status: wire.Status) -> bytes:
        """A retained status: said some time ago. It tells who the ward is only where nobody is known, or where it is
        that one, started again."""
        state = self._wards[ward]
        if not state.shown or state.shown in {held.incarnation for held in status.held}:
            state.shown = status.incarnation
        return state.shown

    # ---- what is asked ------------------------------------------------------------------------------------------

    def shown(self, ward: str) -> bytes:
        """The incarnation that is taken for the ward; empty before any spoke."""
        return self._wards[ward].shown

    def is_alone(self, ward: str) -> bool:
        """Whether what the ward says is all there is to know: nobody else spoke as it of late."""
        state = self._wards[ward]
        shown = state.speakers.get(state.shown)
        return not any(self._rivals(each, shown) for each in state.speakers.values())

    def is_other(self, ward: str, incarnation: bytes) -> bool:
        """Whether this is one that speaks beside the shown one: its entries are kept, not shown."""
        state = self._wards[ward]
        speaker = state.speakers.get(incarnation)
        return speaker is not None and self._rivals(speaker, state.speakers.get(state.shown))

    def to(self, ward: str, incarnation: bytes = b"") -> bytes:
        """Which agent a request is for: the one that has the incarnation, the shown one before others. Also where
        nobody else was heard: after a start of the hub a second agent may be there, whose word is not the ward's.
        Empty before any spoke."""
        state = self._wards[ward]
        if self.is_alone(ward):
            return state.shown
        spoken = sorted(state.speakers.values(), key=lambda each: each.incarnation != state.shown)
        for speaker in spoken:
            if self._speaks(speaker) and incarnation in (speaker.incarnation, *speaker.holds):
                return speaker.incarnation
        return state.shown

    def together(self, ward: str) -> list[Speaker]:
        """Two or more that have been speaking as this ward side by side; the shown one first. Else none."""
        state = self._wards[ward]
        now = self._clock.monotonic()
        for each in [one for one in state.speakers.values() if now - one.last_at >= APART_SECONDS]:
            if each.incarnation != state.shown:
                del state.speakers[each.incarnation]
        shown = state.speakers.get(state.shown)
        if shown is None or now - shown.last_at >= APART_SECONDS or len(state.speakers) < 2:
            state.contested = False
            return []
        for each in state.speakers.values():
            each.beside |= each is not shown and _overlap(each, shown) >= TOGETHER_SECONDS
        others = [each for each in state.speakers.values() if each is not shown and each.beside]
        state.contested = bool(others)
        return [shown, *others] if others else []

    # ---- the rule -----------------------------------------------------------------------------------------------

    def _takes_over(self, state: _Ward, speaker: Speaker, now: float) -> bool:
        before = state.speakers.get(state.shown)
        if before is None or before is speaker:
            return True
        if now - before.last_at >= SILENCE_SECONDS:
            return True
        if before.left and not state.contested:
            return True
        # Its own past speaks no more; if it does after all, the two are found together, and stay as they are.
        return state.shown in speaker.holds and before.last_at <= speaker.first_at

    def _speaks(self, speaker: Speaker) -> bool:
        return not speaker.left and self._clock.monotonic() - speaker.last_at < APART_SECONDS

    def _rivals(self, speaker: Speaker, shown: Speaker | None) -> bool:
        if shown is None or speaker is shown or not self._speaks(speaker):
            return False
        followed = speaker.incarnation in shown.holds and speaker.last_at <= shown.first_at
        return not followed


def _overlap(one: Speaker, other: Speaker) -> float:
    """For how long both were heard (seconds)."""
    return min(one.last_at, other.last_at) - max(one.first_at, other.first_at)
