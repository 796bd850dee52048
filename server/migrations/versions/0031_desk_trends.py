"""Indexes for what stood open in a whole county over time, and for what names a submission."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0028"

_SEEN = ["region_code", "person_id", "root_id", "independent"]


def upgrade() -> None:
    op.drop_index("ix_review_instance", table_name="review")
    op.create_index("ix_review_first", "review", ["instance_id", "at"])
    op.create_index("ix_review_at", "review", ["at", "instance_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_submission_seen", "submission", ["instance_id"], postgresql_include=_SEEN)
