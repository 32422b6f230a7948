"""What the wards' devices served beside what the agents journaled. Nothing is read here.

Each number that was served while the agent ran lies within the dead-band of what was journaled of its series before,
or is itself journaled. And each journaled number was served just before. Moments are the machine's monotonic time,
which a ward's wrong clock does not move.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chaos.compare import MOST_TOLD, Journaled
from chaos.ward import Life
from telemetry.catalogue import metrics
from telemetry.entry import Lifecycle, LifecycleEvent, Readings
from telemetry.readings import REACHABLE

POLL_US = 6_000_000  # a poll's time-out is 5 s; what it brought is journaled at once
_ASKED_AGAIN_US = 400_000  # an agent that asks the same again so soon wants the second answer
_LATE_US = 2 * POLL_US  # after "no answer": an answer to what the agent gave up, or to the poll that it began then
_LAST_US = 10_000_000  # how long before its death entries of an agent may not have been durable: its commit, its disk
_EPSILON = 1e-6


class Served(NamedTuple):
    """One number that a device answered with. `walked`: while the agent found out what the device has."""

    ward: str
    device: str
    t_us: int
    metric: str
    instance: str
    value: float
    walked: bool


_Key = tuple[str, str, str]  # device, metric, instance


class _Written(NamedTuple):
    t_us: int
    incarnation: bytes
    value: float


@dataclass(slots=True)
class ServedVerdict:
    """`within`: it was no news; `journaled`: it was; `excused`: its agent died, ended or had no answer in time;
    `missed`: it should have been journaled; `invented`: journaled, and never served."""

    within: int = 0
    journaled: int = 0
    excused: int = 0
    missed: int = 0
    read: int = 0
    invented: int = 0
    told: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        if len(self.told) < MOST_TOLD:
            self.told.append(words)


@dataclass(frozen=True, slots=True)
class Run:
    """One life of an agent, and what its journal has of it. `full`: its disk refused in it, to its end. `stopped`: it
    had its last word."""

    start_us: int
    end_us: int
    killed: bool
    incarnation: bytes  # b"": it never wrote
    last_us: int  # its newest durable entry
    full: bool
    stopped: bool = False

    def excuses(self, t_us: int) -> bool:
        """Whether an answer of that moment need not be durable."""
        if t_us + POLL_US <= self.last_us:
            return False
        if not self.killed:
            # Under way when it was told to stop: its last word follows at once, its end when the district has that.
            return t_us <= self.last_us or self.stopped or t_us > self.end_us - POLL_US
        return self.full or t_us > self.end_us - _LAST_US


def runs(lives: Iterable[Life], full: Iterable[tuple[int, int]], journaled: Sequence[Journaled]) -> list[Run]:
    """The lives of one ward's agent, each with its incarnation."""
    ends: dict[bytes, tuple[int, int]] = {}
    stopped = set[bytes]()
    for each in journaled:
        t_us = each.entry.monotonic_us
        payload = each.entry.payload
        if isinstance(payload, Lifecycle) and payload.event is LifecycleEvent.STOPPED:
            stopped.add(each.entry.incarnation)
        first, last = ends.get(each.entry.incarnation, (t_us, t_us))
        ends[each.entry.incarnation] = min(first, t_us), max(last, t_us)
    found = []
    for life in lives:
        mine = [(name, last) for name, (first, last) in ends.items() if life.start_us <= first <= life.end_us]
        incarnation, last_us = mine[0] if mine else (b"", life.start_us)
        refused = any(begin < life.end_us and (not end or end > last_us) for begin, end in full)
        ended = incarnation in stopped
        found.append(Run(life.start_us, life.end_us, life.killed, incarnation, last_us, refused, ended))
    return found


def judge(served: Sequence[Served], journaled: Sequence[Journaled], lives: Sequence[Run], into: ServedVerdict) -> None:
    """Add what there is to say of one ward."""
    written: dict[_Key, list[_Written]] = {}
    reached: dict[str, _Reached] = {}
    for each in sorted(journaled, key=lambda each: each.entry.monotonic_us):
        entry = each.entry
        if isinstance(entry.payload, Readings):
            for metric, value, instance in entry.payload.readings:
                if metric == REACHABLE:
                    reached.setdefault(entry.device, _Reached()).add(entry.monotonic_us, bool(value))
                    continue
                key = entry.device, metric, instance
                written.setdefault(key, []).append(_Written(entry.monotonic_us, entry.incarnation, value))
    answers: dict[_Key, list[Served]] = {}
    for answer in served:
        answers.setdefault((answer.device, answer.metric, answer.instance), []).append(answer)
    for key in {*written, *answers}:
        series = _Series(key, sorted(answers.get(key, []), key=lambda each: each.t_us), written.get(key, []), into)
        series.check_served(lives, reached.get(key[0], _Reached()))
        series.check_written()


class _Reached:
    """When an agent journaled that a device does not answer, and that it does; in the order of time."""

    def __init__(self) -> None:
        self._at: list[int] = []
        self._answers: list[bool] = []

    def add(self, t_us: int, answers: bool) -> None:
        self._at.append(t_us)
        self._answers.append(answers)

    def is_given_up(self, from_us: int, to_us: int) -> bool:
        """Whether it was said in that time that there is no answer."""
        return not all(self._answers[bisect_left(self._at, from_us) : bisect_right(self._at, to_us)])

    def is_silent(self, t_us: int, since_us: int) -> bool:
        """Whether that was the newest word at `t_us`, and not older than `since_us`."""
        at = bisect_right(self._at, t_us) - 1
        return at >= 0 and not self._answers[at] and self._at[at] >= since_us

    def is_back(self, t_us: int) -> int | None:
        """When it was said next that there is an answer."""
        return next(
            (self._at[at] for at in range(bisect_right(self._at, t_us), len(self._at)) if self._answers[at]), None
        )


class _Series:
    """One metric of one device."""

    def __init__(self, key: _Key, served: list[Served], written: list[_Written], into: ServedVerdict) -> None:
        self._key, self._served, self._written, self._into = key, served, written, into
        self._served_at = [each.t_us for each in served]
        self._written_at = [each.t_us for each in written]

    def check_served(self, lives: Sequence[Run], reached: _Reached) -> None:
        into = self._into
        asked = [each for each in self._served if not each.walked]
        for answer, following in zip(asked, [*asked[1:], None], strict=True):
            if following is not None and following.t_us - answer.t_us < _ASKED_AGAIN_US:
                continue
            life = next((each for each in lives if each.start_us <= answer.t_us <= each.end_us), None)
            if life is None:
                into.excused += 1  # asked by an agent that died while it was being killed
            elif self._is_no_news(answer, life.incarnation):
                into.within += 1
            elif self._is_written(answer, life.incarnation):
                into.journaled += 1
            elif life.excuses(answer.t_us) or self._came_too_late(answer.t_us, life.start_us, reached):
                into.excused += 1
            else:
                into.missed += 1
                into.tell(f"missed: {answer}")

    def _came_too_late(self, t_us: int, began_us: int, reached: _Reached) -> bool:
        """Whether the agent said that it had no answer, and this one was none that it could have taken: from a device
        that was slow to send it. Not so the newest answer before the agent said that the device is back."""
        if reached.is_given_up(t_us, t_us + POLL_US):
            return True
        if not reached.is_silent(t_us, max(began_us, t_us - _LATE_US)):
            return False
        back_us = reached.is_back(t_us)
        if back_us is None or back_us > t_us + POLL_US:
            return True
        return bisect_right(self._served_at, t_us) < bisect_right(self._served_at, back_us)

    def check_written(self) -> None:
        for written in self._written:
            self._into.read += 1
            first = bisect_left(self._served_at, written.t_us - POLL_US)
            last = bisect_right(self._served_at, written.t_us)
            if not any(abs(each.value - written.value) < _EPSILON for each in self._served[first:last]):
                self._into.invented += 1
                self._into.tell(f"invented: {self._key} {written.value} at {written.t_us}")

    def _is_no_news(self, answer: Served, incarnation: bytes) -> bool:
        """Within the dead-band of what was newest in the journal when the device answered."""
        at = bisect_left(self._written_at, answer.t_us) - 1
        if at < 0 or self._written[at].incarnation != incarnation:
            return False
        before, line = self._written[at].value, metrics().get(answer.metric)
        band = 0.0 if line is None else line.dead_band * abs(before) if line.relative else line.dead_band
        return abs(answer.value - before) <= band + _EPSILON

    def _is_written(self, answer: Served, incarnation: bytes) -> bool:
        first = bisect_left(self._written_at, answer.t_us)
        last = bisect_right(self._written_at, answer.t_us + POLL_US)
        return any(
            each.incarnation == incarnation and abs(each.value - answer.value) < _EPSILON
            for each in self._written[first:last]
        )
