"""Reasons to look at a photo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "photo_check",
        sa.Column("attachment_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("value", Json, nullable=True),
        sa.Column("limit", Json, nullable=True),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_photo_check_attachment_id")),
        sa.PrimaryKeyConstraint("attachment_id", "code", name=op.f("pk_photo_check")),
    )
    op.add_column("photo", sa.Column("checked_at", UtcDateTime(), nullable=True))
    unchecked = sa.text("checked_at IS NULL")
    op.create_index(
        "ix_photo_unchecked", "photo", ["derived_at"], sqlite_where=unchecked, postgresql_where=unchecked
    )
    op.create_index("ix_photo_check_code", "photo_check", ["code", "level"])
    op.create_index("ix_attachment_person", "attachment", ["person_id"])
