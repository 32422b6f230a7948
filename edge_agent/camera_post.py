"""What is known of one camera from its streams, between polls of its own interface: the post that watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from camera.bitstream.stream_facts import StreamFacts
from camera.interfaces.told import StreamSettings
from camera.watch.stream_watch import StreamWatch, WatchState
from edge_agent.as_recorded import AsRecorded
from telemetry.live import StreamName
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode

if TYPE_CHECKING:
    from camera.watch.picture_watch import Judged

FRESH_SECONDS = 20.0  # a picture that is older tells nothing of now
MAIN = "main"  # the instance of the main stream's figures, where the sub-stream is watched
SUB_STREAM = "sub_stream"
_FACTS = {StreamName.MAIN: "main_stream", StreamName.SUB: SUB_STREAM}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the post's streams found."""

    readings: tuple[Reading, ...]
    facts: tuple[Fact, ...]
    reason: Reason | None
    up: bool | None  # None: not known yet


class CameraPost:
    """`fresh_seconds`: for how long a judged picture counts; longer where the camera is only looked into."""

    def __init__(self, device: str, fresh_seconds: float = FRESH_SECONDS) -> None:
        self.device = device
        self.watches: dict[StreamName, StreamWatch] = {}
        self.settings: Mapping[StreamName, StreamSettings] = {}
        self.recorder = AsRecorded()
        self.judged: Judged | None = None
        self.told_up: bool | None = None  # what was handed on last
        self.told_at: float = float("-inf")  # of the judged picture that was handed on last
        self.told_facts: tuple[Fact, ...] = ()  # that were handed on last
        self.reachable: bool | None = None  # by the last poll
        self._fresh_seconds = fresh_seconds

    def look(self, now: float) -> Seen:
        """`now`: monotonic."""
        states = {name: watch.state() for name, watch in self.watches.items()}
        watched = StreamName.SUB if StreamName.SUB in states else StreamName.MAIN
        if watched not in states:
            return Seen((), (), None, None)
        state = states[watched]
        readings = [*_of_stream(state), *self._of_picture(now, state)]
        if watched is StreamName.SUB and StreamName.MAIN in states:
            readings += _of_main(states[StreamName.MAIN])
        reason = state.reason
        if reason is None and self.judged is not None and self.judged.undecodable and self._is_fresh(now):
            reason = Reason(ReasonCode.GARBLED_ANSWER, self.judged.undecodable[:200])
        readings += self._matches(states)
        facts = [Fact(_FACTS[name], str(each.facts)) for name, each in states.items() if each.facts is not None]
        facts += self.recorder.facts(now)
        readings += self.recorder.readings(states.get(StreamName.MAIN), now)
        return Seen(tuple(readings), tuple(facts), reason, state.up)

    def joined(self, result: PollResult, now: float) -> PollResult:
        """A poll of the camera's own interface, with what its streams show. Who sends pictures is there."""
        self.reachable = result.reachable
        seen = self.look(now)
        readings, facts = [*result.readings, *seen.readings], [*result.facts, *seen.facts]
        if not self.watches and result.reachable:  # it answers, and tells of no stream that could be watched
            readings.append(Reading("stream_up", 0.0))
        reachable = result.reachable or bool(seen.up)
        reason = result.reason or seen.reason
        return replace(result, reachable=reachable, readings=readings, facts=facts, reason=reason)

    def pushed(self, seen: Seen) -> PollResult:
        """What the streams show by themselves, between two polls."""
        reachable = bool(seen.up) or self.reachable is not False
        return PollResult(reachable, seen.readings, seen.facts, seen.reason)

    def _is_fresh(self, now: float) -> bool:
        return self.judged is not None and now - self.judged.at <= self._fresh_seconds

    def _of_picture(self, now: float, state: WatchState) -> list[Reading]:
        if self.judged is None or not self._is_fresh(now) or state.up is False:
            return []
        decodes = Reading("picture_decodes", float(not self.judged.undecodable))
        scores = [Reading(f"picture_{condition}", score) for condition, score in self.judged.scores.items()]
        return [decodes, *scores]

    def _matches(self, states: Mapping[StreamName, WatchState]) -> list[Reading]:
        """Whether each stream is what the camera is set to send, where both are known."""
        found = []
        for name, state in states.items():
            settings = self.settings.get(name)
            if settings is not None and settings.codec and state.facts is not None:
                instance = MAIN if name is StreamName.MAIN else "sub"
                found.append(Reading("stream_as_set", float(_is_as_set(settings, state.facts)), instance))
        return found


def _of_stream(state: WatchState) -> list[Reading]:
    figures = state.figures
    readings = [] if state.up is None else [Reading("stream_up", float(state.up))]
    readings.append(Reading("timestamp_jumps_total", float(figures.timestamp_jumps)))
    if not state.up:
        return readings
    if figures.keyframe_interval_seconds is not None:
        readings.append(Reading("keyframe_interval_seconds", round(figures.keyframe_interval_seconds, 2)))
    return readings + _rates(state)


def _of_main(state: WatchState) -> list[Reading]:
    return [reading._replace(instance=MAIN) for reading in _rates(state)] if state.up else []


def _rates(state: WatchState) -> list[Reading]:
    figures, readings = state.figures, []
    if figures.frame_rate_hz is not None:
        readings.append(Reading("frame_rate_hz", round(figures.frame_rate_hz, 1)))
    if figures.bits_per_second is not None:
        readings.append(Reading("bitrate_bits_per_second", round(figures.bits_per_second)))
    return readings


def _is_as_set(settings: StreamSettings, facts: StreamFacts) -> bool:
    size = (settings.width, settings.height)
    return settings.codec == facts.codec and (not all(size) or size == (facts.width, facts.height))
