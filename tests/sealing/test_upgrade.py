"""A county that worked before there was sealing: after `ruhu migrate` nothing sensitive lies in its database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from click.testing import CliRunner
from flask import Flask

from server import db, schema
from server.app import create_app
from server.cli import main
from server.config import Settings
from server.registry.households import shared_id_numbers
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sealing import reseal
from server.sync.tables import Feed, OpLog, Quarantine, Review, Submission
from tests.conftest import WANTED, _run
from tests.sealing.secrets import Secrets
from tests.sealing.test_at_rest import database_bytes, leaks
from tests.world import COUNTY, WANG, WANG_SON

SOMEBODY = "99999999-9999-4999-8999-999999999999"
THEN = sa.func.current_timestamp()


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path, secrets: Secrets) -> Iterator[Flask]:
    """The database as revision 0005 left it, with secrets in every column that is sealed today."""
    if request.param not in WANTED:
        pytest.skip(f"RUHU_TEST_DATABASES leaves out {request.param}")
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    if request.param == "postgres":
        address = request.getfixturevalue("postgres_address")
        _run(address, "CREATE DATABASE old_county")
        url = address.format(name="old_county")
    app = create_app(Settings(database_url=url, var=tmp_path / "var"))
    with app.app_context():
        _make(db.db.engine, secrets)
        db.db.engine.dispose()
    yield app
    with app.app_context():
        db.db.engine.dispose()
    if request.param == "postgres":
        _run(address, "DROP DATABASE old_county WITH (FORCE)")


def _make(engine: sa.Engine, secrets: Secrets) -> None:
    config = schema._config()
    with engine.connect().execution_options(writer=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS postgis"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        tables = sa.MetaData()
        tables.reflect(connection)
        for name, row in _rows(secrets):
            connection.execute(sa.insert(tables.tables[name]).values(_written(tables.tables[name], row)))


def _written(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """Lists and objects as text where SQLite's column says no better."""
    return {
        name: json.dumps(value) if isinstance(value, list | dict) and not _is_json(table.c[name]) else value
        for name, value in row.items()
    }


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


def _rows(secrets: Secrets) -> list[tuple[str, dict[str, Any]]]:
    son = {"household": WANG, "full_name": "王小山", "id_number": secrets.id_no, "phone": secrets.phone}
    op = json.dumps({"op_id": "op-1", "kind": "submission", "instance_xml": f"<data>{secrets.account}</data>"}).encode()
    record = {"dataset": "member", "region_code": COUNTY, "root_id": WANG, "parent_id": WANG, "label": "王小山",
              "version": 1, "state": "active", "contested": [], "shown": {}, "vocabulary": 0, "created_at": THEN,
              "updated_at": THEN, "updated_by": SOMEBODY}  # fmt: skip
    quarantined = {"code": "op.unreadable", "received_at": THEN, "state": "open", "region_code": COUNTY}
    return [
        ("region", {"code": COUNTY, "level": "county", "path": f"/{COUNTY}/", "name_zh": "虚县", "name_en": ""}),
        ("person", {"id": SOMEBODY, "username": "a", "display_name": "a", "password_hash": "", "active": True,
                    "created_at": THEN}),
        ("op_log", {"op_id": "op-1", "person_id": SOMEBODY, "kind": "submission", "raw": op, "content_hash": "0" * 64,
                    "received_at": THEN, "attempts": 1, "detail": secrets.words}),
        ("submission", {"instance_id": "uuid:1", "op_id": "op-1", "form_id": "f", "form_version": "1",
                        "instance_xml": f"<data>{secrets.account}</data>", "xml_hash": "0" * 64,
                        "person_id": SOMEBODY, "received_at": THEN, "review": "received", "independent": False,
                        "findings": [{"path": "/data", "kind": "type", "message": secrets.words}]}),
        ("review", {"id": "1", "instance_id": "uuid:1", "person_id": SOMEBODY, "state": "rejected", "at": THEN,
                    "comments": [{"text": secrets.words}]}),
        ("entity", {**record, "id": WANG_SON, "data": son}),
        ("entity", {**record, "id": WANG, "data": {"id_number": secrets.id_no.lower()}}),
        ("entity_version", {"entity_id": WANG_SON, "version": 1, "op_id": "op-1", "person_id": SOMEBODY, "at": THEN,
                            "base_version": 0, "label": "王小山", "data": son,
                            "changes": [{"property": "phone", "from": None, "to": secrets.phone, "shown": True}]}),
        ("head", {"entity_id": WANG_SON, "key": "id_number", "op_id": "op-1", "version": 1, "base_version": 0,
                  "value": {"id_number": secrets.id_no}, "saw": {"id_number": secrets.other_id_no},
                  "lineage": "i", "rank": 0, "person_id": SOMEBODY}),
        ("conflict", {"id": "1", "entity_id": WANG_SON, "key": "id_number", "properties": ["id_number"],
                      "state": "resolved", "op_ids": [], "opened_at": THEN,
                      "resolution": {"how": "chosen", "value": secrets.chosen_id_no}}),
        ("quarantine", {**quarantined, "id": "1", "content_hash": "1" * 64, "raw": f'"{secrets.id_no}"'.encode()}),
        ("feed", {"scope": "user:x", "space": "review", "ref": "1", "n": 1, "type": "review",
                  "payload": {"comments": [{"text": secrets.words}]}}),
        ("audit_entry", {"at": THEN, "action": "x", "subject": "y", "detail": {"reason": secrets.words}}),
    ]  # fmt: skip


def test_an_old_county_is_sealed_by_the_migration(old: Flask, secrets: Secrets, tmp_path: Path) -> None:
    """Everything reads as before; on SQLite no byte of it is left, on PostgreSQL none after a VACUUM FULL."""
    settings = old.config["RUHU"]
    with old.app_context():
        assert len(leaks(database_bytes(old), secrets)) > 0
        db.db.engine.dispose()
    env = {"RUHU_DATABASE_URL": settings.database_url, "RUHU_VAR": str(settings.var)}
    done = CliRunner().invoke(main, ["migrate"], env=env)
    assert done.exit_code == 0, done.output
    with old.app_context():
        with db.read() as session:
            _reads_as_before(session, secrets)
            assert reseal.keys_in_use(session) <= {key.hex() for key in _keys(old)}
        _vacuum(db.db.engine)
        assert leaks(_live_bytes(old), secrets) == []


def _reads_as_before(session: Any, secrets: Secrets) -> None:
    son = session.get_one(Entity, WANG_SON)
    assert (son.values["id_number"], son.values["phone"]) == (secrets.id_no, secrets.phone)
    version = session.get_one(EntityVersion, (WANG_SON, 1))
    assert version.values == son.values and version.changes[0]["to"] == secrets.phone
    head = session.scalars(sa.select(Head)).one()
    assert (head.value, head.saw) == ({"id_number": secrets.id_no}, {"id_number": secrets.other_id_no})
    assert session.scalars(sa.select(Conflict)).one().resolution["value"] == secrets.chosen_id_no
    submission = session.scalars(sa.select(Submission)).one()
    assert submission.instance_xml == f"<data>{secrets.account}</data>"
    assert submission.findings[0]["message"] == secrets.words
    op = session.scalars(sa.select(OpLog)).one()
    assert secrets.account in op.raw.decode() and op.detail == secrets.words
    assert session.scalars(sa.select(Quarantine)).one().raw.decode() == f'"{secrets.id_no}"'
    assert session.scalars(sa.select(Review)).one().comments == [{"text": secrets.words}]
    assert session.scalars(sa.select(Feed).where(Feed.space == "review")).one().payload["comments"]
    hashes = list(session.scalars(sa.select(Entity.number_hash)))
    assert hashes[0] == hashes[1] is not None
    assert shared_id_numbers(session) == {hashes[0]: 2}


def _keys(app: Flask) -> set[bytes]:
    return set(app.extensions["ruhu_vault"]._keys)


def _vacuum(engine: sa.Engine) -> None:
    """What docs/SECURITY.md tells the administrator of PostgreSQL to do once."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM FULL")
            connection.exec_driver_sql("CHECKPOINT")


def _live_bytes(app: Flask) -> Iterator[tuple[str, bytes]]:
    """The files of this database; PostgreSQL's log of changes forgets by itself and is no part of them."""
    return ((name, content) for name, content in database_bytes(app) if "pg_wal" not in name)
