"""The reviewers' queue of photos, and their verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "photo_look",
        sa.Column("attachment_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("codes", Json, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("question_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_photo_look_attachment_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_photo_look_question_id")),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_photo_look")),
    )
    op.create_index("ix_photo_look_open", "photo_look", ["state", "weight", "opened_at"])
    op.create_table(
        "verdict",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("attachment_id", sa.String(length=36), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("codes", Json, nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("question_id", sa.String(length=36), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_verdict_attachment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_verdict_person_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_verdict_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
    )
    op.create_index("ix_verdict_attachment", "verdict", ["attachment_id", "at"])
