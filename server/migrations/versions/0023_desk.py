"""The audit as a chain of hashes; what phones say of themselves; names and places of regions from a day on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import UtcDateTime

revision = "0023"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("audit_entry") as table:
        table.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("region_code", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
        table.create_unique_constraint("uq_audit_entry_number", ["number"])
    op.create_index("ix_audit_entry_person", "audit_entry", ["person_id", "number"])
    op.create_index("ix_audit_entry_region", "audit_entry", ["region_code", "number"])
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject"])
    for column in (
        sa.Column("said_at", UtcDateTime(), nullable=True),
        sa.Column("outbox_count", sa.Integer(), nullable=True),
        sa.Column("outbox_oldest", UtcDateTime(), nullable=True),
        sa.Column("clock_ahead_s", sa.Integer(), nullable=True),
    ):
        op.add_column("install", column)
    op.create_table(
        "region_change",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("parent_before", sa.String(length=20), nullable=True),
        sa.Column("parent_after", sa.String(length=20), nullable=True),
        sa.Column("name_zh_before", sa.String(length=100), nullable=False),
        sa.Column("name_en_before", sa.String(length=100), nullable=False),
        sa.Column("name_zh_after", sa.String(length=100), nullable=False),
        sa.Column("name_en_after", sa.String(length=100), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_region_change_region_code")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_region_change_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region_change")),
    )
    op.create_index("ix_region_change_region", "region_change", ["region_code", "day"])
