"""Why places were set by hand, and batches of positions that look like another datum."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0018"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "placement",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("suggested", Json, nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_placement_entity_id")),
        sa.ForeignKeyConstraint(["op_id"], ["op_log.op_id"], name=op.f("fk_placement_op_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_placement_person_id")),
        sa.PrimaryKeyConstraint("op_id", name=op.f("pk_placement")),
    )
    op.create_index("ix_placement_entity", "placement", ["entity_id"])
    op.create_table(
        "datum_doubt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("install_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("likely", sa.String(length=12), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("east_m", sa.Float(), nullable=False),
        sa.Column("north_m", sa.Float(), nullable=False),
        sa.Column("apart_m", sa.Float(), nullable=False),
        sa.Column("left_m", sa.Float(), nullable=False),
        sa.Column("limits", Json, nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("word_by", sa.String(length=36), nullable=True),
        sa.Column("word_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_datum_doubt_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_datum_doubt_region_code")),
        sa.ForeignKeyConstraint(["word_by"], ["person.id"], name=op.f("fk_datum_doubt_word_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datum_doubt")),
        sa.UniqueConstraint("install_id", "person_id", "day", name=op.f("uq_datum_doubt_install_id")),
    )
    op.create_index("ix_datum_doubt_region", "datum_doubt", ["region_code", "state"])
