"""The first schema."""

from __future__ import annotations

import uuid

from alembic import op

from server.db import Base

revision = "0001"
down_revision = None


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind())
    op.bulk_insert(Base.metadata.tables["server_fact"], [{"name": "epoch", "value": str(uuid.uuid4())}])
