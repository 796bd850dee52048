"""Places can be asked for: trees on SQLite, indexes for distances on PostgreSQL.

A later step that rebuilds one of these tables on SQLite (batch_alter_table) drops its triggers: run `statements` again.
"""

from __future__ import annotations

from alembic import op

from server.geo.spots import statements

revision = "0012"
down_revision = "0011"

LAYERS = (("entity", "id"), ("submission", "instance_id"), ("photo", "attachment_id"))


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, key in LAYERS:
            for statement in statements(name, key, "geom"):
                op.execute(statement)
        return
    for name, _ in LAYERS:
        op.execute(f"CREATE INDEX ix_{name}_geography ON {name} USING gist (geography(geom))")
