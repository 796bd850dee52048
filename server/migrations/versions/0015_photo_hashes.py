"""Picture hashes, and the bands that near-duplicates are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "photo_hash",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.String(length=36), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_photo_hash_attachment_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_photo_hash")),
        sa.UniqueConstraint("attachment_id", name=op.f("uq_photo_hash_attachment_id")),
    )
    op.create_table(
        "photo_band",
        sa.Column("band", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("band", "number", name=op.f("pk_photo_band")),
        sqlite_with_rowid=False,
    )
