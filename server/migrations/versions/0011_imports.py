"""Register imports and couriers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json, UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "import_source",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_import_source")),
    )
    op.create_table(
        "register_import",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("area", sa.String(length=200), nullable=False),
        sa.Column("scope", Json, nullable=True),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("applied_counts", Json, nullable=False),
        sa.Column("problems", Json, nullable=False),
        sa.Column("notes", Json, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["import_source.source"], name=op.f("fk_register_import_source")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_register_import_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_import")),
    )
    op.create_index("ix_register_import_person", "register_import", ["person_id"])
    op.create_index("ix_register_import_state", "register_import", ["state"])
    op.create_table(
        "import_key",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.String(length=36), nullable=False),
        sa.Column("seen", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["import_source.source"], name=op.f("fk_import_key_source")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_import_key_entity_id")),
        sa.PrimaryKeyConstraint("source", "dataset", "key", name=op.f("pk_import_key")),
    )
    op.create_index("ix_import_key_entity", "import_key", ["entity_id"])
