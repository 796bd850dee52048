"""When a visit was first judged stands beside it; narrow indexes to count the visits of a whole county."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import UtcDateTime

revision = "0032"
down_revision = "0033"

FILL = """
UPDATE submission SET first_review_at = (SELECT min(at) FROM review WHERE review.instance_id = submission.instance_id)
WHERE review <> 'received'
"""


def upgrade() -> None:
    op.add_column("submission", sa.Column("first_review_at", UtcDateTime(), nullable=True))
    op.execute(sa.text(FILL))
    if op.get_bind().dialect.name == "postgresql":
        _counted("ix_submission_usual", "received_at", "independent IS FALSE")
        _counted(
            "ix_submission_blind", "received_at", "independent IS TRUE", ["person_id", "root_id", "first_review_at"]
        )
        _counted("ix_submission_judged", "first_review_at", "independent IS FALSE AND first_review_at IS NOT NULL")


def _counted(name: str, time: str, where: str, beside: list[str] | None = None) -> None:
    op.create_index(
        name, "submission", ["region_code", time], postgresql_where=sa.text(where), postgresql_include=beside or []
    )
