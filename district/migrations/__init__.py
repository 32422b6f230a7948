"""The schema of the hub's own tables, step by step (Alembic)."""
