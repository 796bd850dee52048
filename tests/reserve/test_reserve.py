"""A backup holds everything, and a restored server goes on where the backup was made."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from server import db, schema
from server.accounts.keys import server_key
from server.app import create_app
from server.config import Settings
from server.errors import Problem
from server.reserve.backup import backup, tables
from server.reserve.restore import restore
from server.sealing import rotate
from server.sync.blobs import record_blob, store_of
from server.sync.epoch import epoch
from server.sync.tables import Blob
from tests.world import QINGSHI, WANG, World, build_world

PHOTO = b"\xff\xd8 not quite a photo \xff\xd9"


def nothing(what: str, done: int, total: int) -> None:
    """No progress is shown in tests."""


@pytest.fixture
def world(app: Flask) -> World:
    """A world with a conflict, a review and a photo's bytes."""
    world = build_world(app)
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(water_days="5"))
    helper.send(helper.visit(water_days="9"))
    with app.app_context():
        put = store_of(app.config["RUHU"]).put_bytes(PHOTO)
        db.transact(lambda session: record_blob(session, put.sha256, put.size, world.people["li"]))
    return world


@pytest.fixture
def bare_machine(tmp_path: Path) -> Iterator[Flask]:
    """Another machine: an empty SQLite database and an empty folder, whatever the backup came from."""
    var = tmp_path / "fresh"
    var.mkdir()
    other = create_app(Settings(database_url=f"sqlite:///{var / 'r.sqlite'}", var=var, testing=True))
    with other.app_context():
        schema.migrate(db.db.engine)
    yield other
    with other.app_context():
        db.db.engine.dispose()


@pytest.fixture
def fresh(world: World, bare_machine: Flask) -> Flask:
    """The other machine, to which somebody brought the copy of the master key."""
    keys = bare_machine.config["RUHU"].keys
    keys.mkdir(mode=0o700)
    shutil.copy2(world.app.config["RUHU"].keys / "master.keys", keys)
    return bare_machine


def rows_of(app: Flask) -> dict[str, list[str]]:
    """Every row of every table as text, geometry and times in one spelling."""
    with app.app_context(), db.read() as session:
        found = {}
        for table in tables():
            query = select(table).order_by(*table.primary_key.columns)
            found[table.name] = [json.dumps([str(cell) for cell in row]) for row in session.execute(query)]
        return found


def test_every_row_comes_back_and_only_the_epoch_is_new(world: World, fresh: Flask, tmp_path: Path) -> None:
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    with fresh.app_context():
        restored = restore(fresh.config["RUHU"], done.path, nothing)
    before, after = rows_of(world.app), rows_of(fresh)
    assert before.pop("server_fact") != after.pop("server_fact")
    assert after == before
    assert (restored.rows, restored.missing, restored.damaged) == (done.rows, (), ())
    with fresh.app_context(), db.read() as session:
        (sha256,) = session.scalars(select(Blob.sha256))
        assert store_of(fresh.config["RUHU"]).open(sha256).read() == PHOTO


def test_phones_go_on_with_the_restored_server(world: World, fresh: Flask, tmp_path: Path) -> None:
    """The same token, the same install, the next number; what is open is still open; the epoch says: fetch anew."""
    li = world.phone("li")
    li.send(li.visit(grade="A"))
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
        with db.read() as session:
            old = epoch(session)
    with fresh.app_context():
        restore(fresh.config["RUHU"], done.path, nothing)
    li.client = fresh.test_client()
    (result,) = li.send(li.visit(base_version=1, phone="13800000000"))
    assert result["status"] == "applied"
    page = li.post("/sync/pull", {"feeds": {f"region:{QINGSHI}": {"after": 0}}}).json
    assert page["epoch"] != old
    assert WANG in {entry["id"] for entry in page["feeds"][f"region:{QINGSHI}"]["entries"]}
    assert len(li.get("/conflicts?state=open").json["items"]) == 1


def test_a_phone_that_says_no_epoch_fetches_anew_after_a_restore(world: World, fresh: Flask, tmp_path: Path) -> None:
    """`{after, view}` is all that the protocol asks for: the view of another life of the database is another view.

    The cursor lies within the restored feed, so nothing else could tell.
    """
    li, here = world.phone("li"), f"region:{QINGSHI}"
    page = li.post("/sync/pull", {"feeds": {here: {"after": 0}}}).json["feeds"][here]
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    at = {"feeds": {here: {"after": page["next"], "view": page["view"]}}}
    assert li.post("/sync/pull", at).json["feeds"][here]["status"] == "ok"
    with fresh.app_context():
        restore(fresh.config["RUHU"], done.path, nothing)
    li.client = fresh.test_client()
    told = li.post("/sync/pull", at).json["feeds"][here]
    assert (told["status"], told["view"] != page["view"]) == ("must_refetch", True)
    greeted = li.post("/sync/hello", {"feeds": {}}).json["feeds"]
    digest = li.get(f"/sync/digest?scope={here}").json
    assert [feed["view"] for feed in greeted if feed["scope"] == here] == [told["view"]] == [digest["view"]]
    anew = li.post("/sync/pull", {"feeds": {here: {"after": 0, "view": told["view"]}}}).json["feeds"][here]
    assert anew["status"] == "ok" and WANG in {entry["id"] for entry in anew["entries"]}


def test_the_second_backup_copies_only_new_bytes(world: World, tmp_path: Path) -> None:
    with world.app.app_context():
        first = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
        second = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    assert (first.copied, second.copied, second.blobs) == (1, 0, 1)


def test_a_database_with_people_is_never_overwritten(world: World, tmp_path: Path) -> None:
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
        before = rows_of(world.app)
        with pytest.raises(Problem) as refused:
            restore(world.app.config["RUHU"], done.path, nothing)
    assert refused.value.code == "reserve.not_empty"
    assert rows_of(world.app) == before


@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "no manifest"])
def test_a_damaged_backup_changes_nothing(world: World, fresh: Flask, tmp_path: Path, harm: str) -> None:
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    path = done.path / "tables" / "entity.jsonl.gz"
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif harm == "changed":
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b'"20"', b'"21"')))
    elif harm == "gone":
        path.unlink()
    else:
        (done.path / "manifest.json").unlink()
    before = rows_of(fresh)
    with fresh.app_context(), pytest.raises(Problem) as refused:
        restore(fresh.config["RUHU"], done.path, nothing)
    assert refused.value.code == ("reserve.none" if harm == "no manifest" else "reserve.damaged")
    assert rows_of(fresh) == before


def test_bytes_that_are_not_what_they_were_are_named_and_left_out(world: World, fresh: Flask, tmp_path: Path) -> None:
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    (photo,) = (path for path in (tmp_path / "reserve" / "blobs" / "sha256").rglob("*") if path.is_file())
    photo.write_bytes(b"rotten")
    with fresh.app_context():
        restored = restore(fresh.config["RUHU"], done.path, nothing)
        assert restored.damaged == (photo.name,)
        assert not store_of(fresh.config["RUHU"]).exists(photo.name)


@pytest.mark.parametrize("at", ["keys", "blobs"])
def test_a_restore_that_was_interrupted_goes_on(
    world: World, fresh: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The rows were committed, the server's own key or the bytes had not come: the same command brings them."""
    own, settings = server_key(world.app.config["RUHU"].keys), fresh.config["RUHU"]
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    with fresh.app_context():
        with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
            broken.setattr(f"server.reserve.restore._put_{at}", _killed)
            restore(settings, done.path, nothing)
        restored = restore(settings, done.path, nothing)
        assert (restored.rows, restored.blobs, restored.missing) == (done.rows, 1, ())
        assert store_of(settings).exists(hashlib.sha256(PHOTO).hexdigest())
        with pytest.raises(Problem) as refused:
            restore(settings, done.path, nothing)
    assert refused.value.code == "reserve.not_empty"
    assert server_key(settings.keys).private_numbers() == own.private_numbers()


def _killed(*args: object) -> None:
    raise KeyboardInterrupt


def test_bytes_that_turn_up_later_are_brought_by_the_same_command(world: World, fresh: Flask, tmp_path: Path) -> None:
    """Who copied the tables first and the bytes afterwards has not to begin again; rows written since stay."""
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    (tmp_path / "reserve" / "blobs").rename(tmp_path / "left at home")
    settings = fresh.config["RUHU"]
    with fresh.app_context():
        assert len(restore(settings, done.path, nothing).missing) == 1
        before = rows_of(fresh)
        (tmp_path / "left at home").rename(tmp_path / "reserve" / "blobs")
        assert restore(settings, done.path, nothing).missing == ()
        assert store_of(settings).exists(hashlib.sha256(PHOTO).hexdigest())
    after = rows_of(fresh)
    before.pop("server_fact"), after.pop("server_fact")
    assert after == before


@pytest.mark.parametrize("change", [rotate.new_seal_keys, rotate.new_master])
def test_keys_changed_while_bytes_are_copied_leave_the_backup_whole(
    world: World, fresh: Flask, tmp_path: Path, change: Callable[[], object]
) -> None:
    """What it names, and what its keys are sealed with, are the keys of its own tables."""
    own, (master,) = server_key(world.app.config["RUHU"].keys), _master_lines(world.app)
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", lambda what, *_: what == "blobs" and change())
    assert done.masters == (master.split()[0],)
    with fresh.app_context():
        restore(fresh.config["RUHU"], done.path, nothing)
    assert server_key(fresh.config["RUHU"].keys).private_numbers() == own.private_numbers()


def test_a_backup_that_failed_leaves_no_half_one(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk each try would leave a copy of all tables, and the next one have less room."""
    monkeypatch.setattr("server.reserve.backup._copy_blobs", _full)
    with world.app.app_context(), pytest.raises(OSError, match="No space"):
        backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    assert list((tmp_path / "reserve").iterdir()) == []


def _full(*args: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_bytes_that_the_store_gives_as_others_are_named_by_the_backup(world: World, tmp_path: Path) -> None:
    """A rotten disk is told while there is still a phone that has the photo, not when the backup is needed."""
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    store_of(world.app.config["RUHU"]).path(sha256).write_bytes(b"rotten")
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    assert (done.missing, done.copied) == ((sha256,), 0)


def test_a_backup_of_another_schema_is_refused(world: World, fresh: Flask, tmp_path: Path) -> None:
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    manifest = done.path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"revision": "0000"}))
    with fresh.app_context(), pytest.raises(Problem) as refused:
        restore(fresh.config["RUHU"], done.path, nothing)
    assert refused.value.code == "reserve.revision"


def test_without_the_master_key_nothing_is_restored(world: World, bare_machine: Flask, tmp_path: Path) -> None:
    """The refusal names the key that is missing; nothing was written, no other key was made in its place."""
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    with bare_machine.app_context(), pytest.raises(Problem) as refused:
        restore(bare_machine.config["RUHU"], done.path, nothing)
    assert refused.value.code == "keys.missing"
    (master,) = done.masters
    assert master in refused.value.detail
    assert not bare_machine.config["RUHU"].keys.exists()


def test_a_started_server_takes_a_backup_once_its_key_file_has_both_lines(
    world: World, bare_machine: Flask, tmp_path: Path
) -> None:
    """The refusal says to add a line; its own stays, the restored rows open, and so they do after another start."""
    settings, li = bare_machine.config["RUHU"], world.phone("li")
    sent = li.visit(water_days="7")
    li.send(sent)
    with bare_machine.app_context(), db.read() as session:
        assert epoch(session)  # it was started: it made a key of its own
    (own,) = _master_lines(bare_machine)
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    with bare_machine.app_context(), pytest.raises(Problem) as refused:
        restore(settings, done.path, nothing)
    assert refused.value.code == "keys.missing" and done.masters[0] in refused.value.detail
    assert "add the line" in refused.value.entry.en and "那一行加进去" in refused.value.entry.zh
    with (settings.keys / "master.keys").open("a") as file:
        file.write(_master_lines(world.app)[0] + "\n")
    with bare_machine.app_context():
        restore(settings, done.path, nothing)
    again = create_app(settings)
    after, before = rows_of(again), rows_of(world.app)
    assert (after["entity"], after["submission"]) == (before["entity"], before["submission"])
    assert sent["instance_id"] in str(after["submission"]) and "<water_days>7<" in str(after["submission"])
    assert _master_lines(bare_machine)[0] == own
    with again.app_context():
        db.db.engine.dispose()


def test_a_backup_holds_no_key_that_opens_it(world: World, fresh: Flask, tmp_path: Path) -> None:
    """The server's own key is in it sealed and comes back whole; the master key is not in it."""
    own = server_key(world.app.config["RUHU"].keys)
    with world.app.app_context():
        done = backup(world.app.config["RUHU"], tmp_path / "reserve", nothing)
    (secret,) = (line.split()[1] for line in _master_lines(world.app))
    for path in (path for path in (tmp_path / "reserve").rglob("*") if path.is_file()):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert b"PRIVATE KEY" not in content
        assert secret.encode() not in content and bytes.fromhex(secret) not in content
    with fresh.app_context():
        restore(fresh.config["RUHU"], done.path, nothing)
    assert server_key(fresh.config["RUHU"].keys).private_numbers() == own.private_numbers()


def _master_lines(app: Flask) -> list[str]:
    lines = (app.config["RUHU"].keys / "master.keys").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]
