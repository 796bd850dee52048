"""What the merge policies go by, what was taken back, and how a conflict ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.db import Json, UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("head") as table:
        table.add_column(sa.Column("resolves", Json, nullable=True))
        table.add_column(sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("observed", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("conflict") as table:
        table.add_column(sa.Column("op_ids", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("rule", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("resolution", Json, nullable=True))
        table.create_index("ix_conflict_entity", ["entity_id"])
