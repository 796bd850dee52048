"""What each reason had measured when a verdict was given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json

revision = "0019"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("verdict", sa.Column("measured", Json, nullable=True))
