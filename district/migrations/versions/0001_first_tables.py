"""The first tables: the hub's own and the console's."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _hub()
    _console()


def _hub() -> None:
    op.create_table(
        "wards",
        sa.Column("id", sa.String(63), primary_key=True),
        sa.Column("first_seen_us", sa.BigInteger(), nullable=False),
        sa.Column("last_word_us", sa.BigInteger(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("offline_since_us", sa.BigInteger(), nullable=True),
        sa.Column("incarnation", sa.LargeBinary(16), nullable=False),
        sa.Column("agent_version", sa.String(64), nullable=False),
    )
    op.create_table(
        "ward_counts",
        sa.Column("ward", sa.String(63), primary_key=True),
        sa.Column("refused_entries", sa.BigInteger(), nullable=False),
        sa.Column("dropped_duplicates", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "presence_changes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ward", sa.String(63), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
    )
    op.create_index("presence_changes_ward", "presence_changes", ["ward", "at_us"])
    op.create_table(
        "hub_conditions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ward", sa.String(63), nullable=False),
        sa.Column("rule", sa.String(63), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("raised_us", sa.BigInteger(), nullable=False),
        sa.Column("cleared_us", sa.BigInteger(), nullable=True),
    )
    op.create_index("hub_conditions_ward", "hub_conditions", ["ward", "since_us"])
    op.create_table(
        "named_losses",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ward", sa.String(63), nullable=False),
        sa.Column("incarnation", sa.LargeBinary(16), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("noted_us", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("ward", "incarnation", "first_position", "last_position"),
    )


def _console() -> None:
    op.create_table(
        "console_users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("display_name", sa.String(128), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("one_time_password", sa.Boolean(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "console_user_wards",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("console_users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("ward", sa.String(63), primary_key=True),
    )
    op.create_table(
        "console_sessions",
        sa.Column("token_sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("console_users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
    )
    op.create_index("console_sessions_user", "console_sessions", ["user_id"])
    op.create_index("console_sessions_created", "console_sessions", ["created_us"])


def downgrade() -> None:
    for table in ("console_sessions", "console_user_wards", "console_users"):
        op.drop_table(table)
    for table in ("named_losses", "hub_conditions", "presence_changes", "ward_counts", "wards"):
        op.drop_table(table)
