"""Sealed columns, their keys, and the keyed hash of ID numbers.

Only room is made here. What lies there plain is read as before and sealed by the batches that follow every migration
(server/sealing/reseal.py), which a kill does not lose and which need not hold up the work.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import UtcDateTime

revision = "0009"
down_revision = "0008"

_XML = ("submission", "draft")


def upgrade() -> None:
    op.create_table(
        "seal_key",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("master", sa.String(length=12), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_key")),
        sa.UniqueConstraint("purpose", "number", name=op.f("uq_seal_key_purpose")),
    )
    op.create_table(
        "resealing",
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("reached", sa.String(), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("resealed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_resealing")),
    )
    op.add_column("entity", sa.Column("number_hash", sa.String(length=60), nullable=True))
    op.add_column("export", sa.Column("file_key", sa.LargeBinary(), nullable=True))
    op.create_index("ix_entity_number_hash", "entity", ["number_hash"])
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
    else:
        for table in _XML:
            op.execute(f"UPDATE {table} SET instance_xml = CAST(instance_xml AS BLOB)")  # noqa: S608


def _on_postgresql() -> None:
    for table in _XML:
        op.execute(f"ALTER TABLE {table} ALTER instance_xml TYPE bytea USING convert_to(instance_xml, 'UTF8')")
    # Sealed bytes do not compress: the database need not try.
    for table, column in (("op_log", "raw"), ("quarantine", "raw"), *((table, "instance_xml") for table in _XML)):
        op.execute(f"ALTER TABLE {table} ALTER {column} SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE quarantine ALTER content_hash TYPE varchar(80)")
    op.execute("ALTER TABLE assignment ALTER reason TYPE text")
