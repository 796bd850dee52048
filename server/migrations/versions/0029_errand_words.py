"""An errand's reason in English, and its place in the walk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("assignment", sa.Column("reason_en", sa.String(), nullable=True))
    op.add_column("assignment", sa.Column("stop", sa.Integer(), nullable=True))
