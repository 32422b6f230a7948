"""What a district hears of a whole agent, entry by entry."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

from telemetry.conditions import Condition, ConditionState
from telemetry.entry import Facts, Readings, decode
from tests.edge_agent.conftest import Hub


class Ear:
    """What the district hears, with the moment at which it came."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.heard: list[tuple[float, object, str]] = []  # when, payload, device

    def until(self, true: Callable[[object], bool], seconds: float = 40.0, device: str = "") -> float:
        """When something came that is so (of this device, where one is named); also if it came before."""
        deadline, seen = time.monotonic() + seconds, 0
        while True:
            for at, payload, of in self.heard[seen:]:
                seen += 1
                if device in ("", of) and true(payload):
                    return at
            try:
                batch = self._hub.live.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not heard within {seconds:g} s; {self.heard[-5:]}") from None
            for data in batch.entries:
                entry = decode(data)
                self.heard.append((time.monotonic(), entry.payload, entry.device))

    def facts(self, device: str = "") -> dict[str, str]:
        told = [payload for _, payload, of in self.heard if isinstance(payload, Facts) and device in ("", of)]
        return {fact.name: fact.text for facts in told for fact in facts.facts}

    def readings(self, device: str = "") -> dict[str, float]:
        """The newest of each."""
        told = [payload for _, payload, of in self.heard if isinstance(payload, Readings) and device in ("", of)]
        return {f"{one.metric}/{one.instance}".rstrip("/"): one.value for each in told for one in each.readings}


def is_condition(rule: str, state: ConditionState = ConditionState.RAISED) -> Callable[[object], bool]:
    return lambda payload: isinstance(payload, Condition) and (payload.rule, payload.state) == (rule, state)


def is_reading(metric: str, value: float) -> Callable[[object], bool]:
    return lambda payload: (
        isinstance(payload, Readings) and any((each.metric, each.value) == (metric, value) for each in payload.readings)
    )


def is_fact(name: str, begins: str) -> Callable[[object], bool]:
    return lambda payload: (
        isinstance(payload, Facts) and any(fact.name == name and fact.text.startswith(begins) for fact in payload.facts)
    )
