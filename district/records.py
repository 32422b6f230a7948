"""Reading and writing the hub's own tables (district.tables). Calls block; the ingest's thread makes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from district.database import HubDatabaseError
from district.tables import Base, HubCondition, NamedLoss, PresenceChange, Ward, WardCounts
from telemetry.conditions import Severity
from telemetry.intervals import IntervalSet

NOT_HELD = "not_held"  # why an entry is lost: the ward did not have it when it was asked, or was silent about it
FORKED = "forked"  # why: something else is held at that position
_PUT_LOSS = (
    "INSERT OR IGNORE INTO named_losses (ward, incarnation, first_position, last_position, why, noted_us)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_TOUCHING = "WHERE ward = ? AND incarnation = ? AND first_position <= ? AND last_position >= ? AND why = ?"


@dataclass(slots=True)
class WardRecord:
    """What the hub remembers of a ward over its own restarts. Times are µs since 1970 UTC, by the hub's clock."""

    id: str
    first_seen_us: int
    last_word_us: int
    online: bool = True
    offline_since_us: int | None = None
    incarnation: bytes = b""
    agent_version: str = ""


@dataclass(slots=True)
class Counts:
    """What came off the broker and was of no use, since the hub first ran."""

    refused_entries: int = 0  # entries and whole messages that do not parse or do not fit
    dropped_duplicates: int = 0  # positions that the store had already


@dataclass(frozen=True, slots=True)
class PresenceRecord:
    """A ward came or went. `why` is word, will or silence."""

    ward: str
    at_us: int
    online: bool
    why: str


@dataclass(frozen=True, slots=True)
class HubConditionRecord:
    """A condition of the district's own making; `cleared_us` is None while it lasts."""

    ward: str
    rule: str
    severity: Severity
    since_us: int
    raised_us: int
    cleared_us: int | None = None
    instance: str = ""  # what or who in particular, for people


@dataclass(frozen=True, slots=True)
class LossRecord:
    """Positions first..last of one incarnation that will never come, and why."""

    ward: str
    incarnation: bytes
    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class OnceMore:
    """Positions first..last are there after all, in the ward or here: what was lost as `not_held` is lost no more."""

    ward: str
    incarnation: bytes
    first: int
    last: int


@dataclass(slots=True)
class Changes:
    """What is to be written together; losses in their order."""

    wards: list[WardRecord] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    presence: list[PresenceRecord] = field(default_factory=list)
    raised: list[HubConditionRecord] = field(default_factory=list)
    cleared: list[HubConditionRecord] = field(default_factory=list)
    losses: list[LossRecord | OnceMore] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.wards or self.counts or self.presence or self.raised or self.cleared or self.losses)


class Records:
    """The hub's memory beside the store. Every call raises HubDatabaseError where the file refuses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, changes: Changes, now_us: int) -> None:
        """All of `changes`, or nothing."""
        try:
            with Session(self._engine) as session, session.begin():
                _put(session, Ward, [asdict(ward) for ward in changes.wards])
                _put(session, WardCounts, [{"ward": name, **asdict(each)} for name, each in changes.counts.items()])
                session.add_all(_presence_row(record) for record in changes.presence)
                session.add_all(_condition_row(record) for record in changes.raised)
                for record in changes.cleared:
                    _clear(session, record)
                _put_losses(session, changes.losses, now_us)
        except (DBAPIError, sqlite3.Error) as error:
            why = error.orig if isinstance(error, DBAPIError) else error
            raise HubDatabaseError(f"the hub's tables refuse to be written: {why}") from error

    def wards(self) -> list[WardRecord]:
        with self._reading() as session:
            return [_ward_record(row) for row in session.scalars(select(Ward))]

    def counts(self) -> dict[str, Counts]:
        with self._reading() as session:
            rows = session.scalars(select(WardCounts))
            return {row.ward: Counts(row.refused_entries, row.dropped_duplicates) for row in rows}

    def open_conditions(self) -> list[HubConditionRecord]:
        with self._reading() as session:
            rows = session.scalars(select(HubCondition).where(HubCondition.cleared_us.is_(None)))
            return [_condition_record(row) for row in rows]

    def conditions(self, ward: str, start_us: int, end_us: int) -> list[HubConditionRecord]:
        """Those that touch start..end, oldest first."""
        touching = (
            HubCondition.ward == ward,
            HubCondition.since_us < end_us,
            HubCondition.cleared_us.is_(None) | (HubCondition.cleared_us > start_us),
        )
        with self._reading() as session:
            rows = session.scalars(select(HubCondition).where(*touching).order_by(HubCondition.since_us))
            return [_condition_record(row) for row in rows]

    def losses(self, *, final: bool = False) -> dict[tuple[str, bytes], IntervalSet]:
        """By ward and incarnation; `final`: only those whose reason is not `not_held`. Without those where
        something else is held (`forked`), which are no holes."""
        found: dict[tuple[str, bytes], IntervalSet] = {}
        rows = select(NamedLoss).where(NamedLoss.why != FORKED)
        rows = rows.where(NamedLoss.why != NOT_HELD) if final else rows
        with self._reading() as session:
            for row in session.scalars(rows):
                key = (row.ward, row.incarnation)
                found.setdefault(key, IntervalSet()).add(row.first_position, row.last_position)
        return found

    def presence(self, ward: str) -> list[PresenceRecord]:
        """When the ward came and went, oldest first."""
        with self._reading() as session:
            rows = session.scalars(
                select(PresenceChange).where(PresenceChange.ward == ward).order_by(PresenceChange.id)
            )
            return [PresenceRecord(row.ward, row.at_us, row.online, row.why) for row in rows]

    def _reading(self) -> Session:
        return Session(self._engine)


def _ward_record(row: Ward) -> WardRecord:
    return WardRecord(
        id=row.id,
        first_seen_us=row.first_seen_us,
        last_word_us=row.last_word_us,
        online=row.online,
        offline_since_us=row.offline_since_us,
        incarnation=row.incarnation,
        agent_version=row.agent_version,
    )


def _presence_row(record: PresenceRecord) -> PresenceChange:
    return PresenceChange(ward=record.ward, at_us=record.at_us, online=record.online, why=record.why)


def _condition_row(record: HubConditionRecord) -> HubCondition:
    return HubCondition(
        ward=record.ward,
        rule=record.rule,
        severity=int(record.severity),
        since_us=record.since_us,
        raised_us=record.raised_us,
        cleared_us=record.cleared_us,
        instance=record.instance,
    )


def _condition_record(row: HubCondition) -> HubConditionRecord:
    times = (row.since_us, row.raised_us, row.cleared_us)
    return HubConditionRecord(row.ward, row.rule, Severity(row.severity), *times, row.instance)


def _put(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Rows by their keys, new or not; of the same key the last one stays. All in one statement: every ward has spoken
    since the last time, and an object and two statements for each were a tenth of what ingest cost."""
    if rows:
        statement = insert(table)
        columns = table.__table__.columns
        others = {column.name: statement.excluded[column.name] for column in columns if not column.primary_key}
        keys = [column.name for column in columns if column.primary_key]
        session.connection().execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)


def _clear(session: Session, record: HubConditionRecord) -> None:
    still_open = (
        HubCondition.ward == record.ward,
        HubCondition.rule == record.rule,
        HubCondition.cleared_us.is_(None),
    )
    session.execute(update(HubCondition).where(*still_open).values(cleared_us=record.cleared_us))


def _put_losses(session: Session, losses: Iterable[LossRecord | OnceMore], now_us: int) -> None:
    """In their order, and as they are: a reply, a tombstone or a status may name thousands, told twice perhaps."""
    cursor = session.connection().connection.cursor()
    try:
        for _, together in groupby(losses, type):
            named: list[tuple[object, ...]] = []
            for loss in together:
                if isinstance(loss, LossRecord):
                    named.append((loss.ward, loss.incarnation, loss.first, loss.last, loss.why, now_us))
                else:
                    _cut_losses(cursor, loss)
            cursor.executemany(_PUT_LOSS, named)
    finally:
        cursor.close()


def _cut_losses(cursor: DBAPICursor, back: OnceMore) -> None:
    """What lies outside of it stays lost."""
    touching = (back.ward, back.incarnation, back.last, back.first, NOT_HELD)
    cursor.execute(f"SELECT first_position, last_position, noted_us FROM named_losses {_TOUCHING}", touching)
    left: list[tuple[object, ...]] = [
        (back.ward, back.incarnation, first, last, NOT_HELD, noted_us)
        for start, end, noted_us in cursor.fetchall()
        for first, last in ((start, back.first - 1), (back.last + 1, end))
        if first <= last
    ]
    cursor.execute(f"DELETE FROM named_losses {_TOUCHING}", touching)
    cursor.executemany(_PUT_LOSS, left)
