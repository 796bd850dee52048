"""The migrations make exactly the schema that the code declares, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask

from server import db, schema
from server.columns import Base


def test_migrations_and_tables_agree(app: Flask) -> None:
    def ours(obj, name, type_, reflected, compare_to) -> bool:
        return type_ != "table" or name in Base.metadata.tables  # PostGIS brings tables of its own

    with app.app_context(), db.db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": False})
        changes = compare_metadata(context, Base.metadata)
        # Indexes are compared by name below: their expressions read back differently from each database.
        assert [change for change in changes if change[0] not in ("add_index", "remove_index")] == []


def test_every_declared_index_is_there(app: Flask) -> None:
    with app.app_context(), db.db.engine.connect() as connection:
        inspector = db.db.inspect(connection)
        for table in Base.metadata.tables.values():
            there = {index["name"] for index in inspector.get_indexes(table.name)}
            of_postgres = {i.name for i in table.indexes if i._ddl_if is not None}
            declared = {index.name for index in table.indexes}
            if connection.dialect.name == "sqlite":
                declared -= of_postgres
            assert declared <= there, table.name


def test_migrating_again_changes_nothing(app: Flask) -> None:
    with app.app_context():
        assert schema.is_current(db.db.engine)
        schema.migrate(db.db.engine)
        assert schema.is_current(db.db.engine)
