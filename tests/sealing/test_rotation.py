"""Keys are changed while work goes on; what was stored before sealing is sealed the same way; a kill loses nothing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from server import db
from server.app import create_app
from server.cli import main
from server.registry.tables import Entity, EntityVersion
from server.sealing import compact, reseal, rotate, verify
from server.sealing.tables import SealKey
from server.sealing.vault import vault
from tests.sealing.secrets import Secrets, live, told
from tests.sealing.test_at_rest import database_bytes, leaks
from tests.world import WANG, WANG_SON, World, build_world

NOW = timedelta(0)


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def world(app: Flask, secrets: Secrets) -> World:
    world = build_world(app)
    live(world, secrets)
    return world


def contents(app: Flask) -> dict[str, list[Any]]:
    """Every sealed column as code reads it."""
    with app.app_context(), db.read() as session:
        return {
            table.name: [
                [row[name] for name in reseal.sealed_columns(table)]
                for row in session.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in reseal.secret_tables()
        }


def key_ids(app: Flask) -> set[str]:
    with app.app_context(), db.read() as session:
        return set(session.scalars(sa.select(SealKey.id)))


def in_use(app: Flask) -> set[str]:
    with app.app_context(), db.read() as session:
        return reseal.keys_in_use(session)


def again(app: Flask) -> Flask:
    """Another process with the same settings, which knows nothing yet."""
    return create_app(app.config["RUHU"])


def test_after_a_rotation_everything_reads_as_before_under_new_keys_only(world: World, secrets: Secrets) -> None:
    app, before, old = world.app, contents(world.app), key_ids(world.app)
    with app.app_context():
        rotate.new_seal_keys()
        assert in_use(app) == old
        done = reseal.go_on()
        assert done.finished and done.resealed > 10 and done.bare == 0
        assert in_use(app) == key_ids(app) - old
        assert rotate.drop_unused() == (0, True)  # others may not have heard of the new keys
        assert rotate.drop_unused(NOW) == (3, False)
    assert key_ids(app).isdisjoint(old) and len(key_ids(app)) == 3
    assert contents(app) == before
    assert contents(again(app)) == before
    assert world.phone("li").get(f"/entities?q={secrets.chosen_id_no}").json["items"][0]["id"] == WANG_SON


def test_who_does_not_know_the_new_keys_yet_reads_and_writes_on(world: World, secrets: Secrets) -> None:
    """One server rotates; another, whose keys are some seconds old, meets new tokens and still seals by the old key.

    What it writes so late keeps its key from being removed until the next pass.
    """
    late, old = again(world.app), key_ids(world.app)
    before = contents(late)
    with world.app.app_context():
        rotate.new_seal_keys()
        reseal.go_on()
    assert contents(late) == before  # not known, looked up
    with late.app_context():
        _seal_by(late, old)
        li = World(late, world.people).phone("li")
        assert li.send(told(li, 5, phone=secrets.phone))[0]["status"] in ("applied", "conflicted")
    assert in_use(world.app) & old
    with world.app.app_context():
        assert rotate.drop_unused() == (0, True)  # that is why keys are not removed at once
        rotate.drop_unused(NOW)
        assert in_use(world.app) <= key_ids(world.app)  # and never what something was sealed with
        reseal.begin_again()
        reseal.go_on()
        rotate.drop_unused(NOW)
        assert not key_ids(world.app) & old
    assert contents(again(world.app)) == contents(late)


def _seal_by(app: Flask, ids: set[str]) -> None:
    """Makes this process seal by these keys, for as long as it does not look into the table."""
    with app.app_context():
        keys = vault()
        keys.load()
        rows = [row for row in rotate.key_states() if row.id in ids]
        keys.__dict__["_current"] = {row.purpose: keys._keys[bytes.fromhex(row.id)] for row in rows}
        keys.__dict__["_until"] = float("inf")


def test_a_key_that_something_still_uses_is_never_removed(world: World) -> None:
    """Removal looks into every table, whatever the passes say."""
    old = key_ids(world.app)
    with world.app.app_context():
        rotate.new_seal_keys()
        with db.write() as session:  # as if all tables had been gone through
            for table in reseal.secret_tables():
                place = reseal._place(session, table, reseal.target())
                place.finished_at = place.started_at
        assert rotate.drop_unused(NOW) == (0, False)
    assert old <= key_ids(world.app)


def test_a_new_master_key_opens_everything_and_the_old_one_is_gone(world: World) -> None:
    app, before = world.app, contents(world.app)
    file = app.config["RUHU"].keys / "master.keys"
    old = file.read_text()
    with app.app_context():
        made = rotate.new_master()
    assert made in file.read_text() and old.splitlines()[-1] not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert contents(again(app)) == before
    file.write_text(old)
    with again(app).app_context(), pytest.raises(Exception, match=r"keys\.missing"):
        vault().ready()


@pytest.mark.kill
@pytest.mark.parametrize("place", ["keys.master_written", "keys.rewrapped"])
def test_a_change_of_the_master_key_that_was_killed_is_brought_to_its_end(world: World, place: str) -> None:
    """At every point the file opens the database; running the command again leaves one key in the file."""
    app, before = world.app, contents(world.app)
    _killed(app, place, rotate.new_master)
    assert contents(again(app)) == before
    with app.app_context():
        rotate.rewrap()
    lines = [line for line in (app.config["RUHU"].keys / "master.keys").read_text().splitlines() if line[0] != "#"]
    assert len(lines) == 1
    assert contents(again(app)) == before


@pytest.mark.kill
def test_resealing_that_is_killed_between_batches_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, before, old = world.app, contents(world.app), key_ids(world.app)
    monkeypatch.setattr(reseal, "BATCH", 2)
    with app.app_context():
        rotate.new_seal_keys()
    for nth in (1, 4, 9):
        _killed(app, f"keys.batch:{nth}", reseal.go_on)
        assert contents(app) == before
    with app.app_context():
        done = {one.table: one.looked_at for one in rotate.progress()}
        assert sum(done.values()) >= 10  # nothing is looked at twice
        assert reseal.go_on().finished
        assert [one for one in rotate.progress() if not one.finished] == []
    assert not in_use(app) & old
    assert contents(app) == before


def _killed(app: Flask, place: str, work: Callable[[], object]) -> None:
    """Runs it in a process that dies at this place."""
    with app.app_context():
        db.db.engine.dispose()
    child = os.fork()
    if child == 0:
        name, _, nth = place.partition(":")
        os.environ["RUHU_FAILPOINT"] = f"{name}=kill" + (f":{nth}" if nth else "")
        try:
            with create_app(app.config["RUHU"]).app_context():
                work()
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def test_phones_push_while_keys_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rotations beside fifteen visits: every one is applied, and in the end everything is under the newest keys."""
    monkeypatch.setattr(reseal, "BATCH", 3)
    app, failures = world.app, []
    other = again(app)

    def change_keys() -> None:
        with other.app_context():
            for _ in range(2):
                rotate.new_seal_keys()
                reseal.go_on()

    def change_and_tell() -> None:
        try:
            change_keys()
        except Exception as error:
            failures.append(error)

    li, changing = world.phone("li"), threading.Thread(target=change_and_tell)
    changing.start()
    version = li.get(f"/entities/{WANG}").json["version"]
    phones = [f"1{number:010}" for number in range(15)]
    for number, text in enumerate(phones):
        op = li.visit(base_version=version + number, phone=text)
        assert li.send(op)[0]["status"] == "applied"
    changing.join()
    assert failures == []
    with app.app_context():
        reseal.begin_again()
        assert reseal.go_on().finished
        with db.read() as session:
            changes = list(session.scalars(sa.select(EntityVersion.changes)))
        rotate.drop_unused(NOW)
    told_of = {change["to"] for row in changes for change in row if change["property"] == "contact_phone"}
    assert told_of >= set(phones)
    assert len(key_ids(app)) == 3 and in_use(app) <= key_ids(app)


def test_what_was_stored_before_there_was_sealing_is_sealed(world: World, secrets: Secrets) -> None:
    """As after an update: plain rows are read, then sealed; on SQLite nothing of them is left in the file."""
    app, before = world.app, contents(world.app)
    with app.app_context():
        _lay_bare(app)
        assert contents(app) == before
        assert leaks(database_bytes(app), secrets) != []
        reseal.begin_again()
        done = reseal.go_on()
        assert done.finished and done.bare > 10
        assert contents(app) == before
        if db.db.engine.dialect.name == "sqlite":
            assert compact.forget_old_bytes(db.db.engine)
            assert leaks(database_bytes(app), secrets) == []
    assert world.phone("li").get(f"/entities?q={secrets.chosen_id_no}").json["items"][0]["id"] == WANG_SON


def _lay_bare(app: Flask) -> None:
    """Writes every sealed value as it would have been without sealing."""
    with db.write() as session:
        for table in reseal.secret_tables():
            stored = reseal.bare(table)
            for row in session.execute(sa.select(stored)).mappings().all():
                plain = {name: _plain(kind, row[name]) for name, kind in reseal.sealed_columns(table).items()}
                same = [stored.c[column.name] == row[column.name] for column in stored.primary_key.columns]
                session.execute(sa.update(stored).where(*same).values(plain))
        session.execute(sa.update(Entity).values(number_hash=None))


def _plain(kind: Any, stored: Any) -> Any:
    value = None if stored is None else kind.opened(stored)
    return value.encode() if isinstance(value, str) and isinstance(stored, bytes) else value


def test_the_commands_rotate_and_say_how_far_they_are(world: World) -> None:
    settings, old = world.app.config["RUHU"], key_ids(world.app)
    env = {"RUHU_DATABASE_URL": settings.database_url, "RUHU_VAR": str(settings.var)}

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["keys", *words], env=env)
        assert done.exit_code == 0, done.output
        return done.output

    assert old < set(run("status").split())
    assert str(settings.keys / "master.keys") in run("rotate", "--master")
    assert "3" in run("reseal", "--settled", "0")
    assert key_ids(world.app).isdisjoint(old)
    assert "✓ entity: 3 " in run("status")
    run("verify")
    assert len(run("new").split()) == 2


def test_a_server_without_its_master_key_does_not_start(world: World, tmp_path: Path) -> None:
    """It says which key is missing and where it looked; it makes no other in its place."""
    settings = world.app.config["RUHU"]
    elsewhere = tmp_path / "nothing.keys"
    env = {"RUHU_DATABASE_URL": settings.database_url, "RUHU_VAR": str(settings.var)}
    refused = CliRunner().invoke(main, ["keys", "status"], env={**env, "RUHU_MASTER_KEY_FILE": str(elsewhere)})
    assert refused.exit_code == 3
    assert "主密钥" in refused.output + refused.stderr and str(elsewhere) in refused.output + refused.stderr
    assert not elsewhere.exists()
    (line,) = [line for line in (settings.keys / "master.keys").read_text().splitlines() if line[0] != "#"]
    wrong = f"{line.split()[0]} {'0' * 64}"
    refused = CliRunner().invoke(main, ["keys", "status"], env={**env, "RUHU_MASTER_KEYS": wrong})
    assert refused.exit_code == 3 and "wrong" in refused.output + refused.stderr
    given = CliRunner().invoke(main, ["keys", "status"], env={**env, "RUHU_MASTER_KEYS": line})
    assert given.exit_code == 0


def test_nothing_is_written_without_the_master_key(world: World, tmp_path: Path) -> None:
    """Also where somebody got past the start: a transaction does not even begin."""
    settings, li = world.app.config["RUHU"], world.phone("li")
    (settings.keys / "master.keys").rename(tmp_path / "away")
    li.client = create_app(replace(settings)).test_client()
    answer = li.post("/sync/push", {"ops": [li.visit()]})
    assert answer.status_code == 503 and answer.json["code"] == "keys.missing"


def test_one_damaged_value_is_shown_as_such_and_costs_nothing_else(world: World) -> None:
    """Lists, the record, its history, feeds and a new edit go on; the command names the row; other values stay."""
    app = world.app
    with app.app_context(), db.write() as session:
        stored = reseal.bare(Entity.__table__)
        data = session.scalar(sa.select(stored.c.data).where(stored.c.id == WANG_SON))
        token = data["~"]
        damaged = data | {"~": token[:40] + ("A" if token[40] != "A" else "B") + token[41:]}
        session.execute(sa.update(stored).where(stored.c.id == WANG_SON).values(data=damaged))
    zhang, li = world.phone("zhang"), world.phone("li")
    item = zhang.get(f"/entities/{WANG_SON}").json
    assert item["unreadable"] is True and "unreadable" in item["data"]["id_number"]
    assert item["data"]["full_name"] == "王小山"
    assert zhang.get("/entities?dataset=member").status_code == 200
    assert zhang.get(f"/entities/{WANG_SON}/history").status_code == 200
    fed = [entry for entry in li.pull("region:990101200000")["entries"] if entry.get("id") == WANG_SON]
    assert "~lost" not in fed[0]["data"] and fed[0]["data"]["full_name"] == "王小山"
    with app.app_context():
        assert [(one.place, WANG_SON in one.row) for one in verify.damaged()] == [("entity.data", True)]
    assert li.send(told(li, item["version"], phone="13800000001"))[0]["status"] in ("applied", "conflicted")
    with app.app_context():
        assert "entity.data" in [one.place for one in verify.damaged()]  # still kept, in case another key opens it
        rotate.new_seal_keys()
        assert reseal.go_on().finished


def test_a_damaged_payload_is_no_failure_of_a_list(world: World) -> None:
    app, zhang = world.app, world.phone("zhang")
    with app.app_context(), db.write() as session:
        for table in reseal.secret_tables():
            stored = reseal.bare(table)
            for name in reseal.sealed_columns(table):
                if isinstance(stored.c[name].type, sa.LargeBinary):
                    session.execute(sa.update(stored).values({name: b"\x00sz" + b"rubbish" * 9}))
                elif isinstance(stored.c[name].type, sa.String):
                    session.execute(sa.update(stored).where(stored.c[name].is_not(None)).values({name: "~s1:AAAA"}))
    for path in ("/submissions", "/quarantine", "/held", "/conflicts", "/entities", "/exports"):
        assert zhang.get(path).status_code == 200, path
    for item in zhang.get("/submissions").json["items"]:
        assert zhang.get(f"/submissions/{item['instance_id']}").status_code == 200
    for item in zhang.get("/quarantine").json["items"]:
        assert zhang.get(f"/quarantine/{item['id']}").status_code == 200
