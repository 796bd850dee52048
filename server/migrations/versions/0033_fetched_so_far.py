"""How far each install has fetched a feed: whether a phone has a decision already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("install_scope", sa.Column("reached", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
