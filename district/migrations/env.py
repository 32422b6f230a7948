"""What Alembic runs: the migrations, on the connection that district.database hands over."""

from alembic import context

from dashboards.console.tables import Base as ConsoleBase
from district.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[Base.metadata, ConsoleBase.metadata],
    render_as_batch=True,  # SQLite alters a table by making a new one
)
with context.begin_transaction():
    context.run_migrations()
