"""What a poll brought, into the journal: the readings that are news, the texts that changed, the conditions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from edge_agent.exception_report import ExceptionReport
from edge_agent.rules.engine import Engine, Moment
from edge_agent.schedule import Outcome, Poll
from telemetry.clock import Clock
from telemetry.conditions import Condition
from telemetry.entry import EntryError, Payload
from telemetry.readings import PollResult

log = logging.getLogger(__name__)

_WELL = (True, "")


class Appender(Protocol):
    """The part of journal.Journal that writes."""

    def append(self, payload: Payload, *, kind: str = "", device: str = "", urgent: bool = False) -> None:
        """Take an entry; it is durable a little later. Never blocks. Raises EntryError for what is no entry."""


class Recorder:
    """Judges each outcome and journals what it is worth. `kinds`: the kind of each device."""

    def __init__(self, journal: Appender, engine: Engine, kinds: Mapping[str, str], clock: Clock) -> None:
        self._journal = journal
        self._engine = engine
        self._kinds = kinds
        self._clock = clock
        self._report = ExceptionReport(tuple(kinds))
        self._told: dict[str, tuple[bool, str]] = {}  # by device, what the log knows: reachable, reason's code

    def take(self, outcome: Outcome) -> list[Condition]:
        """One poll's result. Readings come before the conditions that they raise, and which are returned."""
        device, result = outcome.device, outcome.result
        kind = self._kinds[device]
        vital = outcome.poll is Poll.VITAL
        report = self._report[device]
        self._log(device, result, vital)
        now = Moment(self._clock.wall_us(), self._clock.monotonic(), self._clock.tells_the_hour())
        for readings in report.readings(result, now.monotonic, outcome.gap, vital=vital):
            self._append(readings, kind, device)
        facts = report.facts(result)
        if facts is not None:
            self._append(facts, kind, device)
        conditions = self._engine.observe(device, result, now, vital=vital)
        self.put(conditions)
        return conditions

    def put(self, conditions: Sequence[Condition]) -> None:
        """Conditions are durable at once."""
        for condition in conditions:
            self._append(condition, self._kinds.get(condition.device, ""), condition.device, urgent=True)

    def _log(self, device: str, result: PollResult, vital: bool) -> None:
        """The reason with its detail, once for each change: people are shown the words, the log has the rest."""
        reason = result.reason
        now = (result.reachable, "" if reason is None else str(reason.code))
        before = self._told.get(device, _WELL)
        if now == before or (vital and result.reachable and before[0]):
            return  # a vital poll asks too little to say that all is there
        self._told[device] = now
        if reason is None:
            log.info("%s: read without fault again", device)
        else:
            log.warning("%s: %s %s: %s", device, "partly read," if now[0] else "no answer,", *reason)

    def _append(self, payload: Payload, kind: str, device: str, *, urgent: bool = False) -> None:
        try:
            self._journal.append(payload, kind=kind, device=device, urgent=urgent)
        except EntryError as error:  # a device's answer that cannot be written must not cost the rest of the poll
            log.error("%s: %s", device, error)
