"""Changes of policies from the desk, and the households that each would concern."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0017"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "policy_change",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("policy", sa.String(length=63), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("area", sa.String(length=12), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("scheduled_by", sa.String(length=36), nullable=True),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=36), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("weighed", sa.String(length=10), nullable=False),
        sa.Column("weighing", sa.String(length=36), nullable=True),
        sa.Column("basis", sa.String(length=40), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.Column("effect", Json, nullable=True),
        sa.ForeignKeyConstraint(["policy"], ["policy.name"], name=op.f("fk_policy_change_policy")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_policy_change_region_code")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_policy_change_created_by")),
        sa.ForeignKeyConstraint(["scheduled_by"], ["person.id"], name=op.f("fk_policy_change_scheduled_by")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"], name=op.f("fk_policy_change_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_change")),
    )
    op.create_index("ix_policy_change_region", "policy_change", ["region_code"])
    op.create_index("ix_policy_change_weighed", "policy_change", ["weighed"])
    op.create_table(
        "policy_effect",
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["policy_change.id"], name=op.f("fk_policy_effect_change_id")),
        sa.ForeignKeyConstraint(["household_id"], ["entity.id"], name=op.f("fk_policy_effect_household_id")),
        sa.PrimaryKeyConstraint("change_id", "line", "household_id", name=op.f("pk_policy_effect")),
    )
