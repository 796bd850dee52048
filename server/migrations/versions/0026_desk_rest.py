"""Questions that end without an answer; passwords that somebody else chose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import UtcDateTime

revision = "0026"
down_revision = "0017"


def upgrade() -> None:
    with op.batch_alter_table("question") as table:
        table.add_column(sa.Column("closed_by", sa.String(length=36), nullable=True))
        table.add_column(sa.Column("closed_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("closed_why", sa.String(), nullable=True))
        table.create_foreign_key(op.f("fk_question_closed_by"), "person", ["closed_by"], ["id"])
    op.add_column("person", sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False))
