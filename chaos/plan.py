"""The schedule of faults: made of a seed and nothing else, so a run can be made again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

DISTRICT = "district"  # a fault's target that is no ward
_FIRST_AT_SECONDS = 2.0
_APART_SECONDS = 8.0  # from one fault to the next, on average, where there is time enough
_LEAST_APART_SECONDS = 1.5
_WHOLE_SECONDS = 120.0  # in a shorter schedule faults are shorter, too
_LEAST_SECONDS = 1.0
_SETTLE_SECONDS = 1.0  # between two faults of the same part


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault, as far as a schedule needs to know. `parts`: what of its target it takes hold of; no other
    fault touches those meanwhile. `targets`: whom it may hit. Seconds."""

    name: str
    parts: frozenset[str]
    targets: tuple[str, ...]
    shortest: float
    longest: float


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a schedule. `at` and `seconds` count from the schedule's beginning; `strength` is 0..1."""

    at: float
    name: str
    target: str
    seconds: float
    strength: float
    parts: frozenset[str]

    @property
    def end(self) -> float:
        return self.at + self.seconds


def long_ones(kind: Kind, every: float, seconds: float, chance: random.Random) -> list[Fault]:
    """For each target of the kind one fault in each span of `every` seconds or a little more, at any time within it."""
    found: list[Fault] = []
    spans = max(1, int(seconds / every))
    for number in range(spans):
        begin, end = _FIRST_AT_SECONDS + number * seconds / spans, (number + 1) * seconds / spans - _SETTLE_SECONDS
        for target in kind.targets:
            lasts = min(chance.uniform(kind.shortest, kind.longest), end - begin)
            at = chance.uniform(begin, end - lasts)
            found.append(Fault(round(at, 2), kind.name, target, round(lasts, 2), chance.random(), kind.parts))
    return found


def make(kinds: Sequence[Kind], seconds: float, chance: random.Random, among: Sequence[Fault] = ()) -> list[Fault]:
    """Faults in order of time, all over within `seconds`. Each kind comes once before any comes twice. `among`: what
    is planned already."""
    apart = max(_LEAST_APART_SECONDS, min(_APART_SECONDS, (seconds - _FIRST_AT_SECONDS) / (len(kinds) + 2)))
    found: list[Fault] = []
    deck: list[Kind] = []
    at = _FIRST_AT_SECONDS
    while at < seconds - _LEAST_SECONDS:
        deck = deck or chance.sample(kinds, len(kinds))
        fault = _next(deck, at, seconds, found, chance)
        if fault is not None:
            found.append(fault)
        at += apart * chance.uniform(0.6, 1.4)
    return sorted([*found, *among], key=lambda fault: fault.at)


def _next(deck: list[Kind], at: float, until: float, before: Sequence[Fault], chance: random.Random) -> Fault | None:
    """The first kind of the deck that somebody is free for, taken off it."""
    share = min(1.0, until / _WHOLE_SECONDS)
    for kind in list(deck):
        lasts = min(max(_LEAST_SECONDS, share * chance.uniform(kind.shortest, kind.longest)), until - at)
        for target in chance.sample(kind.targets, len(kind.targets)):
            if _is_free(target, kind.parts, at, before):
                deck.remove(kind)
                return Fault(round(at, 2), kind.name, target, round(lasts, 2), chance.random(), kind.parts)
    return None


def _is_free(target: str, parts: frozenset[str], at: float, before: Sequence[Fault]) -> bool:
    return not any(
        fault.target == target and fault.parts & parts and fault.end + _SETTLE_SECONDS > at for fault in before
    )
