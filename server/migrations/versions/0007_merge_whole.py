"""Values that an op did not write, but said by changing the record: what archive stands against."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("head", sa.Column("implied", sa.Boolean(), nullable=False, server_default=sa.false()))
