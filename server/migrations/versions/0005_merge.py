"""What the merge policies go by, what was taken back, how a conflict ended, and what reviewers said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0005"
down_revision = "0004"


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
    op.create_table(
        "review",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("comments", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["submission.instance_id"], name=op.f("fk_review_instance_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_instance", "review", ["instance_id"])
