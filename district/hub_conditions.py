"""Conditions that only the district sees: a ward out of contact, a broker that is gone, a store without room, two
agents that say they are one ward."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dashboards.console.site import OpenCondition
from district.records import HubConditionRecord
from telemetry.clock import Clock
from telemetry.conditions import Condition, ConditionState, Severity

WARD_SILENT = "ward_silent"
BROKER_LOST = "hub_broker_lost"
STORE_FAILED = "hub_store_failed"
WARD_FLOODS = "ward_floods"
TWO_AGENTS = "two_agents"
AGENT_RESTORED = "agent_restored"
JOURNAL_FORKED = "journal_forked"
DISTRICT_BEHIND = "district_behind"
WARD_CLOCK_OFF = "ward_clock_off"
HUB_CLOCK_OFF = "hub_clock_off"

MOST_WORDS = 200  # of `instance`: a machine may call itself anything


class HubConditions:
    """What is open, and what is to be written down. Used by the ingest's thread; `of` may be called from any."""

    def __init__(self, clock: Clock, still_open: Iterable[HubConditionRecord] = ()) -> None:
        self._clock = clock
        self._open = {(record.ward, record.rule): record for record in still_open}
        self.raised: list[HubConditionRecord] = []
        self.cleared: list[HubConditionRecord] = []

    def is_open(self, ward: str, rule: str) -> bool:
        return (ward, rule) in self._open

    def put(
        self, ward: str, rule: str, since_us: int, *, severity: Severity = Severity.FAILURE, instance: str = ""
    ) -> bool:
        """Raise it. False when it was open already. `instance`: what or who in particular; people read it."""
        if self.is_open(ward, rule):
            return False
        record = HubConditionRecord(
            ward, rule, severity, since_us, self._clock.wall_us(), instance=instance[:MOST_WORDS]
        )
        self._open = {**self._open, (ward, rule): record}  # a new one: others may be reading the old
        self.raised.append(record)
        return True

    def clear(self, ward: str, rule: str) -> bool:
        """It is over. False when it was not open."""
        done = self._open.get((ward, rule))
        if done is None:
            return False
        self._open = {key: record for key, record in self._open.items() if record is not done}
        self.cleared.append(replace(done, cleared_us=self._clock.wall_us()))
        return True

    def get(self, ward: str, rule: str) -> HubConditionRecord | None:
        """What is open about it."""
        return self._open.get((ward, rule))

    def of(self, ward: str) -> list[OpenCondition]:
        """What is open about a ward."""
        return [
            OpenCondition(record.ward, condition_of(record), record.raised_us)
            for record in self._open.values()
            if record.ward == ward
        ]


def condition_of(record: HubConditionRecord) -> Condition:
    """As the console shows it: of the ward itself, no device."""
    return Condition(
        device="",
        rule=record.rule,
        instance=record.instance,
        state=ConditionState.RAISED if record.cleared_us is None else ConditionState.CLEARED,
        severity=record.severity,
        since_us=record.since_us,
    )
