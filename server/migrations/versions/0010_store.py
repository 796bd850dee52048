"""Blobs: since when nothing refers to them, and until when their holders count on them; uploads found by person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("blob", sa.Column("unneeded_since", UtcDateTime(), nullable=True))
    op.add_column("blob_holder", sa.Column("held_at", UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE blob_holder SET held_at = (SELECT created_at FROM blob WHERE blob.sha256 = blob_holder.sha256)"
    )
    with op.batch_alter_table("blob_holder") as table:
        table.alter_column("held_at", existing_type=UtcDateTime(), nullable=False)
    op.create_index("ix_upload_person_state", "upload", ["person_id", "state"])
    op.create_index("ix_upload_sha256", "upload", ["sha256"])
