"""What came of an export beside its file: the number of a photo bundle's list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.columns import Json

revision = "0022"
down_revision = "0019"


def upgrade() -> None:
    with op.batch_alter_table("export") as table:
        table.add_column(sa.Column("made", Json, nullable=True))
