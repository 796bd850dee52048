"""Findings, their steps, the errands that came of them, and files that ops name themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0020"
down_revision = "0025"


def _id(name: str, *, needed: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=36), nullable=not needed)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "op_file",
        _id("op_id"),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("slot", sa.String(length=60), nullable=True),
        sa.Column("capture", Json, nullable=True),
        _refers("op_file", "op_id", "op_log.op_id"),
        sa.PrimaryKeyConstraint("op_id", "name", name=op.f("pk_op_file")),
    )
    op.create_index("ix_op_file_sha256", "op_file", ["sha256"])
    _findings()
    _steps()
    op.create_table(
        "finding_errand",
        _id("assignment_id"),
        _id("finding_id"),
        sa.Column("kind", sa.String(length=8), nullable=False),
        _refers("finding_errand", "assignment_id", "assignment.id"),
        _refers("finding_errand", "finding_id", "finding.id"),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_finding_errand")),
    )
    op.create_index("ix_finding_errand_finding", "finding_errand", ["finding_id"])


def _findings() -> None:
    op.create_table(
        "finding",
        _id("id"),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        _id("household_id", needed=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("source_ref", sa.String(length=200), nullable=False),
        sa.Column("about", Json, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        _id("photo_id", needed=False),
        sa.Column("slot", sa.String(length=60), nullable=True),
        _id("author_id", needed=False),
        _id("opened_by"),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("last", sa.Integer(), nullable=False),
        _refers("finding", "region_code", "region.code"),
        _refers("finding", "household_id", "entity.id"),
        _refers("finding", "photo_id", "attachment.id"),
        _refers("finding", "author_id", "person.id"),
        _refers("finding", "opened_by", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("source", "source_ref", name=op.f("uq_finding_source")),
    )
    op.create_index("ix_finding_region", "finding", ["region_code", "state"])
    op.create_index("ix_finding_household", "finding", ["household_id"])
    op.create_index("ix_finding_opened", "finding", ["opened_at", "id"])


def _steps() -> None:
    op.create_table(
        "finding_step",
        _id("id"),
        _id("finding_id"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        _id("person_id"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("said", Json, nullable=False),
        _id("op_id", needed=False),
        _refers("finding_step", "finding_id", "finding.id"),
        _refers("finding_step", "person_id", "person.id"),
        _refers("finding_step", "op_id", "op_log.op_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_step")),
        sa.UniqueConstraint("finding_id", "n", name=op.f("uq_finding_step_finding_id")),
    )
