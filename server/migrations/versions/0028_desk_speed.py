"""Indexes for the first data of each screen of the desk in a whole county (tests/bench/bench_desk.py)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"

_BESIDE = {
    "ix_submission_area": ["instance_id", "root_id", "person_id", "independent", "review", "op_id"],
    "ix_submission_of": ["instance_id", "region_code", "person_id", "independent"],
    "ix_entity_listed": ["id", "root_id"],
}


def upgrade() -> None:
    op.drop_index("ix_submission_region_received", table_name="submission")
    op.drop_index("ix_submission_root", table_name="submission")
    _index("ix_submission_area", "submission", ["region_code", "received_at"])
    _index("ix_submission_of", "submission", ["root_id", "received_at"])
    _index("ix_submission_received", "submission", ["received_at", "instance_id"])
    _index("ix_submission_review", "submission", ["review", "region_code"])
    _index("ix_submission_deprecated", "submission", ["deprecated_id"])
    missing = sa.text("blob IS NULL")
    op.create_index(
        "ix_attachment_missing", "attachment", ["instance_id"], sqlite_where=missing, postgresql_where=missing
    )
    _index("ix_op_log_status", "op_log", ["status"])
    _index("ix_conflict_state", "conflict", ["state", "opened_at", "id"])
    _index("ix_entity_listed", "entity", ["dataset", "state", "region_code"])
    _index("ix_entity_label", "entity", ["dataset", "label", "id"])
    op.drop_index("ix_region_path", table_name="region")
    op.create_index("ix_region_inside", "region", ["path", "code"], postgresql_ops={"path": "text_pattern_ops"})
    if op.get_bind().dialect.name == "postgresql":
        _concerns()


def _index(name: str, table: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, postgresql_include=_BESIDE.get(name, []))


def _concerns() -> None:
    """What supervisors look for among households: what PostgreSQL would else read out of each record's JSON."""
    current = sa.text("dataset = 'household' AND state = 'active'")
    for name, value in (("ix_entity_house", "house_grade"), ("ix_entity_water", "water_verdict")):
        op.create_index(name, "entity", [sa.text(f"(data ->> '{value}')"), "region_code"], postgresql_where=current)
