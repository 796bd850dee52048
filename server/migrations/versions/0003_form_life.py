"""Where a form version stands in its life, which vocabulary records are written in, and exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import BigInt, Json, UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("form_version") as table:
        table.add_column(sa.Column("vocabulary", Json, nullable=False, server_default="{}"))
        table.add_column(sa.Column("previewers", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
    with op.batch_alter_table("entity") as table:
        table.add_column(sa.Column("vocabulary", sa.Integer(), nullable=False, server_default="0"))
    _exports()


def _exports() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("asked", Json, nullable=False),
        sa.Column("areas", Json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("size", BigInt, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_export_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    op.create_index(op.f("ix_export_person_id"), "export", ["person_id"], unique=False)
    op.create_index(op.f("ix_export_state"), "export", ["state"], unique=False)
