"""Whose clock is wrong: the wards' live words carry their wall time, the hub has its own.

The rule (docs/durability.md, "When time lies"): who is disciplined by a time server is right; where nobody is, or all
are, most of three or more are right; else the ward is taken to be wrong. Times are shown and kept as they were written.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.console.site import Change, Presence, Topic
from district.hub_conditions import HUB_CLOCK_OFF, WARD_CLOCK_OFF
from district.situation import Situation
from telemetry.clock import Clock, ClockState
from telemetry.conditions import Severity

OFF_SECONDS = 300.0  # more than any line delays a live word
BACK_SECONDS = 240.0  # closer than this it is right again
HOLD_SECONDS = 10.0
FRESH_SECONDS = 180.0  # an older word proves nothing of now
MOST_OF = 3  # wards that may outvote the hub

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """What a ward's clock said, and when that was (monotonic seconds)."""

    wall_us: int = 0
    at: float = 0.0
    state: ClockState = ClockState.UNKNOWN
    off_since: float | None = None


class WardClocks:
    """Written by the ingest's thread; `may_prune` may be asked by any."""

    def __init__(self, clock: Clock, situation: Situation) -> None:
        self._clock, self._situation = clock, situation
        self._seen: dict[str, _Seen] = {}
        self._ahead = False  # of most wards
        self._backed = False  # by a ward that speaks, or by a time server

    def note(self, ward: str, wall_us: int, state: int | None = None) -> None:
        """A live word of the shown agent was said at that time, by its clock."""
        seen = self._seen.setdefault(ward, _Seen())
        seen.wall_us, seen.at = wall_us, self._clock.monotonic()
        if state is not None:
            seen.state = ClockState(state) if state in set(ClockState) else ClockState.UNKNOWN

    def may_prune(self) -> bool:
        """Whether the hub's clock may decide what is too old: not while most wards say that it is ahead; nor while
        nobody says anything of it, for then nothing comes either that would need room."""
        return self._backed and not self._ahead

    def tick(self) -> Iterator[Change]:
        """Say whose clock is wrong, and that it is right again."""
        fresh = {ward: seen for ward, seen in self._seen.items() if self._is_fresh(ward, seen)}
        off = {ward: seconds for ward, seen in fresh.items() if (seconds := self._off(ward, seen)) is not None}
        # At once, not only when it is told: what was pruned in those seconds does not come back.
        ahead = sum(self._apart(seen) < -BACK_SECONDS for seen in fresh.values())
        self._ahead = 2 * ahead > len(fresh)
        self._backed = bool(fresh) or self._clock.state() is ClockState.SYNCHRONISED
        ours = self._is_ours(fresh, off)
        for ward in self._situation.wards:
            yield from self._tell(ward, HUB_CLOCK_OFF, off.get(ward) if ours else None, known=bool(fresh))
            yield from self._tell(ward, WARD_CLOCK_OFF, None if ours else off.get(ward), known=ward in fresh)

    def _tell(self, ward: str, rule: str, seconds: float | None, *, known: bool) -> Iterator[Change]:
        conditions = self._situation.conditions
        if seconds is not None:
            severity = Severity.FAILURE if rule == HUB_CLOCK_OFF else Severity.ATTENTION
            since_us = self._clock.wall_us()
            if conditions.put(ward, rule, since_us, severity=severity, instance=in_words(seconds)):
                logger.error("ward %s: %s: its clock is %+.0f s from the hub's", ward, rule, seconds)
                yield Change(Topic.CONDITION, ward)
        elif known and conditions.clear(ward, rule):
            yield Change(Topic.CONDITION, ward)

    def _is_fresh(self, ward: str, seen: _Seen) -> bool:
        online = self._situation.presence.presence(ward) is Presence.ONLINE
        return online and self._clock.monotonic() - seen.at <= FRESH_SECONDS

    def _apart(self, seen: _Seen) -> float:
        """How far it is from the hub's now (seconds, positive: ahead)."""
        return (seen.wall_us - self._clock.wall_us()) / 1e6 + self._clock.monotonic() - seen.at

    def _off(self, ward: str, seen: _Seen) -> float | None:
        """The same, where it is too far, and has been so for a moment."""
        now, seconds = self._clock.monotonic(), self._apart(seen)
        conditions = self._situation.conditions
        told = conditions.is_open(ward, WARD_CLOCK_OFF) or conditions.is_open(ward, HUB_CLOCK_OFF)
        if abs(seconds) <= (BACK_SECONDS if told else OFF_SECONDS):
            seen.off_since = None
            return None
        if seen.off_since is None:
            seen.off_since = now
        return seconds if now - seen.off_since >= HOLD_SECONDS else None

    def _is_ours(self, fresh: dict[str, _Seen], off: dict[str, float]) -> bool:
        """Whether it is the hub's own clock that is wrong."""
        if not off or self._clock.state() is ClockState.SYNCHRONISED:
            return False
        witnesses = [ward for ward, seen in fresh.items() if seen.state is ClockState.SYNCHRONISED]
        if witnesses:
            return 2 * sum(ward in off for ward in witnesses) > len(witnesses)
        same = max(sum(seconds > 0 for seconds in off.values()), sum(seconds < 0 for seconds in off.values()))
        return len(fresh) >= MOST_OF and 2 * same > len(fresh)


def in_words(seconds: float) -> str:
    """+2:05:00: hours, minutes, seconds."""
    whole = round(abs(seconds))
    return f"{'-' if seconds < 0 else '+'}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
