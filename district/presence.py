"""Whether a ward's agent speaks to us: by its own words, by the broker's word of its death (the will), by silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from dashboards.console.site import Presence
from district.hub_conditions import WARD_SILENT, HubConditions
from district.records import PresenceRecord, WardRecord
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock

SILENCE_SECONDS = 45.0  # three heartbeats of an agent
HOLD_SECONDS = 5.0  # one that is back by then raises nothing


class Why(StrEnum):
    """How it was known that a ward came or went."""

    WORD = "word"
    WILL = "will"
    SILENCE = "silence"


@dataclass(slots=True)
class _Ward:
    """One ward. `heard_at` and `gone_at` are monotonic seconds; the record's times are wall times."""

    id: str
    heard_at: float
    gone_at: float
    record: WardRecord | None = None
    dirty: bool = False


class PresenceBook:
    """The presence of all wards. Used by the ingest's thread; `presence` and `record` may be called from any."""

    def __init__(
        self, clock: Clock, conditions: HubConditions, wards: Iterable[str], records: Iterable[WardRecord] = ()
    ) -> None:
        self._clock, self._conditions = clock, conditions
        now = clock.monotonic()
        # A ward that was there when the hub went down has until the end of a silence to speak again.
        self._wards = {ward: _Ward(ward, now, now) for ward in wards}
        for record in records:
            if record.id in self._wards:
                self._wards[record.id].record = record
        self.changes: list[PresenceRecord] = []  # to be written down

    # ---- what is heard ------------------------------------------------------------------------------------------

    def word(self, ward: str) -> bool:
        """The ward's agent said something just now. True when that is news."""
        state, now_us = self._wards[ward], self._clock.wall_us()
        state.heard_at = self._clock.monotonic()
        cleared = self._conditions.clear(ward, WARD_SILENT)
        if state.record is None:
            self._meet(state, now_us, online=True)
            return True
        record, state.dirty = state.record, True
        record.last_word_us = now_us
        if record.online:
            return cleared
        record.online, record.offline_since_us = True, None
        self.changes.append(PresenceRecord(ward, now_us, True, Why.WORD))
        return True

    def status(self, ward: str, status: wire.Status, *, retained: bool) -> bool:
        """A status came. A retained one is what was said some time ago, perhaps by an agent that is dead by now: it
        makes a ward known, and tells of its end, but it is not a word. True when that is news."""
        state = self._wards[ward]
        news = self.word(ward) if status.online and not retained else False
        if state.record is None:
            # Known by what it left at the broker. Whether it lives, its words or a silence will tell.
            self._meet(state, min(status.wall_time_us, self._clock.wall_us()), online=status.online)
            news = True
        assert state.record is not None
        record = state.record
        if status.online:
            news = news or (record.incarnation, record.agent_version) != (status.incarnation, status.agent_version)
            record.incarnation, record.agent_version, state.dirty = status.incarnation, status.agent_version[:64], True
            return news
        if record.incarnation not in (b"", status.incarnation):
            return news  # the broker buries an agent that another has long followed
        return self._gone(state, record, Why.WILL) or news

    def excuse(self, ward: str) -> None:
        """We do not listen to it now, so its silence says nothing."""
        self._wards[ward].heard_at = self._clock.monotonic()

    def tick(self, *, hearing_since: float | None) -> list[str]:
        """Silences and holds that are over; the wards of which there is news.

        Silence counts from `hearing_since` (monotonic seconds) at the earliest: a hub without a broker (None) knows
        nothing of its wards, least of all that they are dead.
        """
        now = self._clock.monotonic()
        news = []
        for state in self._wards.values():
            record = state.record
            if record is None:
                continue
            if record.online and hearing_since is not None:
                silence = now - max(state.heard_at, hearing_since)
                if silence >= SILENCE_SECONDS and self._gone(state, record, Why.SILENCE):
                    news.append(state.id)
            if not record.online and now - state.gone_at >= HOLD_SECONDS:
                since_us = record.offline_since_us or record.last_word_us
                if self._conditions.put(state.id, WARD_SILENT, since_us):
                    news.append(state.id)
        return news

    # ---- what is asked ------------------------------------------------------------------------------------------

    def record(self, ward: str) -> WardRecord | None:
        """What is known of a ward; None for one that never spoke."""
        return self._wards[ward].record

    def presence(self, ward: str) -> Presence:
        record = self._wards[ward].record
        if record is None:
            return Presence.NEVER
        return Presence.ONLINE if record.online else Presence.OFFLINE

    def take_dirty(self) -> list[WardRecord]:
        """The records that changed since they were last taken."""
        found = [state for state in self._wards.values() if state.dirty]
        for state in found:
            state.dirty = False
        return [state.record for state in found if state.record is not None]

    def _meet(self, state: _Ward, heard_us: int, *, online: bool) -> None:
        since_us = None if online else heard_us
        state.record = WardRecord(state.id, heard_us, heard_us, online=online, offline_since_us=since_us)
        state.gone_at, state.dirty = self._clock.monotonic(), True
        self.changes.append(PresenceRecord(state.id, heard_us, online, Why.WORD if online else Why.WILL))

    def _gone(self, state: _Ward, record: WardRecord, why: Why) -> bool:
        if not record.online:
            return False
        record.online, record.offline_since_us = False, record.last_word_us
        state.gone_at, state.dirty = self._clock.monotonic(), True
        self.changes.append(PresenceRecord(state.id, self._clock.wall_us(), False, why))
        return True
