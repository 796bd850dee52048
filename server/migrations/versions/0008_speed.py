"""Indexes and columns that judging goes by."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("ix_entity_parent", "entity", ["parent_id"])
    op.create_index("ix_conflict_key", "conflict", ["key"])
