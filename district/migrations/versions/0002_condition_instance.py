"""A condition of the district's may say what or who in particular."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hub_conditions", sa.Column("instance", sa.String(200), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    with op.batch_alter_table("hub_conditions") as table:
        table.drop_column("instance")
