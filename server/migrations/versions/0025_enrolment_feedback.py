"""Codes by which people begin on a phone; complaints and suggestions for the administrators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import UtcDateTime

revision = "0025"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "enrolment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("issued_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("install_id", sa.String(length=64), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_enrolment_install_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_enrolment_issued_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_enrolment_code_hash")),
    )
    op.create_index("ix_enrolment_person", "enrolment", ["person_id", "created_at"])
    op.create_table(
        "feedback",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("app_build", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("read_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["op_id"], ["op_log.op_id"], name=op.f("fk_feedback_op_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_feedback_person_id")),
        sa.ForeignKeyConstraint(["read_by"], ["person.id"], name=op.f("fk_feedback_read_by")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_feedback_region_code")),
        sa.PrimaryKeyConstraint("op_id", name=op.f("pk_feedback")),
    )
    op.create_index("ix_feedback_received", "feedback", ["received_at", "op_id"])
