"""Nothing that is sensitive lies anywhere on the disk as itself.

A few days of work with recognisable secrets (secrets.py) go through every table: applied, disputed, decided, sent back,
held, set aside, unreadable, asked about, handed over as drafts, exported, backed up. Then every byte of the database's
files, of a dump, of the server's folder, of the backup and of the log is searched for them in every spelling.
"""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from server import db
from server.registry.tables import Entity
from server.reports import exports
from server.reserve.backup import backup
from server.sealing import columns, reseal
from server.sync.definitions import datasets
from server.sync.rule_runs import run_rules
from tests.postgres import BIN
from tests.sealing.secrets import Secrets, found, live
from tests.world import COUNTY, WANG_SON, World, build_world


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def world(app: Flask, secrets: Secrets) -> World:
    world = build_world(app)
    world.statuses = live(world, secrets)  # type: ignore[attr-defined]
    return world


def database_bytes(app: Flask) -> Iterator[tuple[str, bytes]]:
    """All files of the database: SQLite's with its write-ahead log, of PostgreSQL the cluster's and a dump."""
    url = app.config["RUHU"].database_url
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        yield from ((one.name, one.read_bytes()) for one in path.parent.glob(f"{path.name}*"))
        return
    address = sa.make_url(url)
    folder = str(address.query["host"])
    with db.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        files = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())
    for path in (path for path in files.rglob("*") if path.is_file()):
        yield str(path), path.read_bytes()
    dump = [str(BIN / "pg_dump"), "-h", folder, "-U", str(address.username), "--inserts", str(address.database)]
    yield "dump", subprocess.run(dump, check=True, capture_output=True).stdout


def folder_bytes(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        yield str(path), gzip.decompress(content) if path.suffix == ".gz" else content


def leaks(places: Iterator[tuple[str, bytes]], secrets: Secrets) -> list[tuple[str, list[str]]]:
    return [(name, names) for name, content in places if (names := found(content, secrets))]


def test_the_work_went_through_every_table(world: World) -> None:
    """Otherwise the tests below would prove nothing."""
    assert world.statuses == {  # type: ignore[attr-defined]
        "applied": "applied", "conflicted": "conflicted", "decided": "applied", "foreign": "quarantined",
        "held": "held", "unreadable": "unreadable", "draft": "applied", "review": 200, "dismissed": 200,
        "asked": 201, "closed": 200, "answered": "applied", "upload": 201, "errand": 201,
        "pinned": 200, "complained": "applied",
        "found": 201, "accepted": "applied", "ordered": 200,
    }  # fmt: skip
    with world.app.app_context(), db.read() as session:
        empty = [
            f"{table.name}.{name}"
            for table in reseal.secret_tables()
            for name, kind in reseal.sealed_columns(table).items()
            if not any(
                key
                for row in session.execute(sa.select(reseal.bare(table).c[name]))
                for key in kind.keys_in(row[0])
            )
        ]
    # Imports, exports, looks at photos, inspections, changes of policies and doubts of a datum are not part of these
    # days; the English reason of an errand is the program's own.
    assert set(empty) <= {
        "assignment.reason_en", "policy_change.effect",
        "datum_doubt.note", "export.file_key", "export.error", "inspection_task.reason",
        "quarantine.detail", "register_import.secret", "register_import.mapping", "import_source.secret",
        "verdict.note",
    }  # fmt: skip


def test_no_secret_lies_in_the_database(world: World, secrets: Secrets) -> None:
    with world.app.app_context():
        assert leaks(database_bytes(world.app), secrets) == []


def test_what_is_no_secret_lies_there_as_it_is(world: World, secrets: Secrets) -> None:
    """The search finds what is there; names and villages stay queryable."""
    with world.app.app_context():
        assert any("王小山".encode() in content for _, content in database_bytes(world.app))


def test_people_who_may_see_it_still_read_it(world: World, secrets: Secrets) -> None:
    zhang = world.phone("zhang")
    with world.app.app_context(), db.read() as session:
        values = session.get_one(Entity, WANG_SON).values
    assert (values["id_number"], values["phone"]) == (secrets.chosen_id_no, secrets.phone)
    assert values["disability_certificate"] == secrets.certificate
    shown = zhang.get(f"/entities/{WANG_SON}").json["data"]["id_number"]
    assert shown == f"{secrets.chosen_id_no[:3]}{'*' * 11}{secrets.chosen_id_no[-4:]}"


def test_exports_backups_and_checks_leave_no_secret_on_the_disk(
    world: World, secrets: Secrets, tmp_path: Path
) -> None:
    zhang = world.phone("zhang")
    asked = zhang.post("/exports", {"form_id": "secrets", "format": "json"}).json
    with world.app.app_context():
        settings = world.app.config["RUHU"]
        assert exports.run(settings, datasets(), asked["id"])
        run_rules(settings.forms, COUNTY, db.today(), lambda done, total: None)
        backup(settings, tmp_path / "reserve", lambda what, done, total: None)
        assert leaks(database_bytes(world.app), secrets) == []
    assert leaks(folder_bytes(settings.var), secrets) == []
    assert leaks(folder_bytes(tmp_path / "reserve"), secrets) == []
    file = zhang.get(f"/exports/{asked['id']}/file")
    assert file.status_code == 200 and len(file.data) == int(file.headers["Content-Length"])
    assert WANG_SON in file.text


def test_no_secret_gets_into_the_log(app: Flask, secrets: Secrets, capfd: pytest.CaptureFixture[str]) -> None:
    """Also not when the database refuses a statement or our own code fails in the middle of it."""
    world = build_world(app)
    live(world, secrets)
    li = world.phone("li")
    with world.app.app_context(), pytest.raises(sa.exc.IntegrityError) as refused:
        db.transact(lambda session: session.execute(sa.insert(Entity).values(_row(secrets))))
    os.write(2, str(refused.value).encode())
    li.get(f"/entities?q={secrets.id_no}")
    log = capfd.readouterr()
    assert "/api/v1/sync/push" in log.err
    assert found((log.out + log.err).encode(), secrets) == []


def _row(secrets: Secrets) -> dict[str, Any]:
    """A row that the database refuses."""
    return {"id": WANG_SON, "dataset": "member", "version": 1, "label": "王小山",
            "values": {"id_number": secrets.id_no}}  # fmt: skip


def test_a_person_is_found_by_the_whole_id_number_only_where_it_may_be_read(world: World, secrets: Secrets) -> None:
    number = secrets.chosen_id_no
    found_by = {
        (name, q): [item["id"] for item in world.phone(name).get(f"/entities?q={q}").json["items"]]
        for name in ("li", "zhao", "auditor")
        for q in (number, number.lower(), number[:-1] + "0", number[:10])
    }
    assert found_by["li", number] == found_by["li", number.lower()] == [WANG_SON]
    assert [key for key, ids in found_by.items() if ids and key[0] != "li"] == []
    assert found_by["li", number[:-1] + "0"] == found_by["li", number[:10]] == []


def test_every_sealed_column_is_bound_to_its_own_place(app: Flask) -> None:
    """A token that was moved to another column does not open; so each type must be told where it is."""
    for table in reseal.secret_tables():
        for name, kind in reseal.sealed_columns(table).items():
            assert kind.place == f"{table.name}.{name}"
    with app.app_context(), db.read():
        one, other = columns.SealedWords("a.b"), columns.SealedWords("c.d")
        token = one.process_bind_param("x", db.db.engine.dialect)
        assert one.process_result_value(token, db.db.engine.dialect) == "x"
        assert isinstance(other.process_result_value(token, db.db.engine.dialect), columns.Unreadable)
