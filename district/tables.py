"""The hub's own tables: what only the district knows. Times are µs since 1970 UTC by the hub's clock."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Everything that the hub keeps beside the console's tables and the store."""


class Ward(Base):
    """A ward that has spoken at least once."""

    __tablename__ = "wards"

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    first_seen_us: Mapped[int] = mapped_column(BigInteger)
    last_word_us: Mapped[int] = mapped_column(BigInteger)
    online: Mapped[bool]
    offline_since_us: Mapped[int | None] = mapped_column(BigInteger)
    incarnation: Mapped[bytes] = mapped_column(LargeBinary(16))  # the one it last spoke as; empty until its status
    agent_version: Mapped[str] = mapped_column(String(64))


class WardCounts(Base):
    """What came in the name of a ward and was of no use; also of one that never spoke properly."""

    __tablename__ = "ward_counts"

    ward: Mapped[str] = mapped_column(String(63), primary_key=True)
    refused_entries: Mapped[int] = mapped_column(BigInteger)
    dropped_duplicates: Mapped[int] = mapped_column(BigInteger)


class PresenceChange(Base):
    """When a ward came and went, and how that was known."""

    __tablename__ = "presence_changes"
    __table_args__ = (Index("presence_changes_ward", "ward", "at_us"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ward: Mapped[str] = mapped_column(String(63))
    at_us: Mapped[int] = mapped_column(BigInteger)
    online: Mapped[bool]
    why: Mapped[str] = mapped_column(String(16))  # word | will | silence


class HubCondition(Base):
    """A condition that only the district sees: a ward that fell silent."""

    __tablename__ = "hub_conditions"
    __table_args__ = (Index("hub_conditions_ward", "ward", "since_us"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ward: Mapped[str] = mapped_column(String(63))
    rule: Mapped[str] = mapped_column(String(63))
    severity: Mapped[int]
    since_us: Mapped[int] = mapped_column(BigInteger)
    raised_us: Mapped[int] = mapped_column(BigInteger)
    cleared_us: Mapped[int | None] = mapped_column(BigInteger)
    instance: Mapped[str] = mapped_column(
        String(200), server_default=text("''")
    )  # what or who in particular, for people


class NamedLoss(Base):
    """Entries that will never come: positions first..last of one incarnation, and why."""

    __tablename__ = "named_losses"
    __table_args__ = (UniqueConstraint("ward", "incarnation", "first_position", "last_position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ward: Mapped[str] = mapped_column(String(63))
    incarnation: Mapped[bytes] = mapped_column(LargeBinary(16))
    first_position: Mapped[int] = mapped_column(BigInteger)
    last_position: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(String(32))  # a tombstone's word | not_held | refused | forked
    noted_us: Mapped[int] = mapped_column(BigInteger)
