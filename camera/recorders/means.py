"""What a survey of a recorder is made with."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from camera.recorders.client import Moment
from camera.recorders.replay import Replayed
from camera.recorders.replay import replay as play
from camera.refusals import Refusals
from camera.retention.judge import Settings
from camera.retention.office import Office
from telemetry.clock import Clock


@dataclass(frozen=True, slots=True)
class Means:
    """`seen`: by camera, the oldest recording that was ever seen of it (µs)."""

    clock: Clock
    refusals: Refusals
    office: Office
    settings: Settings
    chance: random.Random
    seen: Mapping[str, int] = field(default_factory=dict)
    replay: Callable[[Moment, Refusals, int], Replayed] = play

    def with_seen(self, seen: Mapping[str, int]) -> Means:
        """The same, with what is remembered now."""
        return replace(self, seen=seen)
