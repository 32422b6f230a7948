"""The console's own tables. The district's migrations take them from `Base.metadata`."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Everything that the console keeps."""


class UserWard(Base):
    """A ward that a user of the role `ward` may see."""

    __tablename__ = "console_user_wards"

    user_id: Mapped[int] = mapped_column(ForeignKey("console_users.id", ondelete="CASCADE"), primary_key=True)
    ward: Mapped[str] = mapped_column(String(63), primary_key=True)


class User(Base):
    """A person who may sign in. Times are µs since 1970 UTC."""

    __tablename__ = "console_users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)  # casefolded
    display_name: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(256))  # argon2id, PHC string
    one_time_password: Mapped[bool]  # somebody else has seen it
    created_us: Mapped[int] = mapped_column(BigInteger)
    wards: Mapped[list[UserWard]] = relationship(cascade="all, delete-orphan", lazy="selectin", order_by=UserWard.ward)


class UserSession(Base):
    """A signed-in browser. Only the token's SHA-256 is kept, so that a copy of the database opens nothing."""

    __tablename__ = "console_sessions"
    __table_args__ = (Index("console_sessions_user", "user_id"), Index("console_sessions_created", "created_us"))

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("console_users.id", ondelete="CASCADE"))
    created_us: Mapped[int] = mapped_column(BigInteger)
    seen_us: Mapped[int] = mapped_column(BigInteger)
    user: Mapped[User] = relationship(lazy="joined")
