"""Submissions of forms that check the village's work are not shown to the village."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("submission") as table:
        table.add_column(sa.Column("independent", sa.Boolean(), nullable=False, server_default=sa.false()))
