"""Alembic's entry: runs on the engine that it was given, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from alembic import context

import server.tables  # noqa: F401  (fills the metadata)
from server.columns import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
