"""The sweep frees what nothing refers to and nothing else, whatever comes in at the same moment."""

from __future__ import annotations

import json
import multiprocessing
import os
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server import db, failpoints
from server.app import create_app
from server.cli import main
from server.columns import Base
from server.config import Settings
from server.db import now
from server.errors import Problem
from server.sealing.columns import SealedBytes
from server.sealing.tokens import Unopened
from server.sync import sweep as sweeping
from server.sync.attachments import AttachmentSpec, missing
from server.sync.blobs import store_of
from server.sync.sweep import REFERRERS, Swept, sweep
from server.sync.tables import Attachment, Blob, BlobHolder, OpLog
from tests.sync.uploading import (
    VILLAGES,
    Someone,
    create,
    make_people,
    patch,
    sha256,
    submit,
    upload,
)

PHOTO = bytes(range(256)) * 40
NAME = sha256(PHOTO)
DAY = timedelta(days=1)
NOTHING = timedelta(0)


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=VILLAGES[0])[0]


def run(app: Flask, grace: timedelta = 90 * DAY, **how: Any) -> Swept:
    with app.app_context():
        return sweep(store_of(app.config["RUHU"]), grace, **how)


def aged(app: Flask, days: float = 91) -> None:
    """As if everything had come that long ago and nobody had been told since."""
    then = now() - timedelta(days=days)
    with app.app_context():
        db.transact(lambda session: [
            session.execute(update(Blob).values(created_at=then)),
            session.execute(update(BlobHolder).values(held_at=then)),
            session.execute(update(Blob).where(Blob.unneeded_since.is_not(None)).values(unneeded_since=then)),
        ])


def there(app: Flask, name: str = NAME) -> bool:
    """Bytes, row and holder are there; all or nothing of it."""
    with app.app_context(), db.read() as session:
        rows = [session.scalar(select(func.count()).where(table.sha256 == name)) for table in (Blob, BlobHolder)]
    found = {store_of(app.config["RUHU"]).exists(name), *(bool(count) for count in rows)}
    assert len(found) == 1
    return found.pop()


def noted(app: Flask) -> bool:
    """There is a row, and then the bytes too. Bytes alone are nobody's: the next sweep takes them."""
    with app.app_context(), db.read() as session:
        row = session.get(Blob, NAME)
    assert row is None or store_of(app.config["RUHU"]).exists(NAME)
    return row is not None


def swept_twice(app: Flask) -> None:
    aged(app)
    run(app)
    aged(app)
    run(app)


def an_op(app: Flask, person: Someone, status: str | None, kind: str = "submission") -> None:
    raw = json.dumps({"kind": kind, "attachments": [{"name": "a.jpg", "sha256": NAME}]}).encode()
    row = OpLog(op_id=str(uuid.uuid4()), person_id=person.id, kind=kind, raw=raw, content_hash="0" * 64, status=status)
    with app.app_context():
        db.transact(lambda session: session.add(row))


def test_what_nothing_refers_to_goes_after_two_looks(app: Flask, client: FlaskClient, ana: Someone) -> None:
    upload(client, ana, PHOTO)
    assert run(app).marked == 0
    aged(app)
    first = run(app)
    assert (first.marked, first.waiting, first.freed, there(app)) == (1, 1, (), True)
    assert run(app).freed == ()
    aged(app)
    second = run(app)
    assert (second.freed, second.freed_bytes, second.waiting, there(app)) == ((NAME,), len(PHOTO), 0, False)
    assert upload(client, ana, PHOTO).status_code == 204
    assert there(app)


def test_a_dry_run_says_the_same_and_changes_nothing(app: Flask, client: FlaskClient, ana: Someone) -> None:
    upload(client, ana, PHOTO)
    (app.config["RUHU"].blobs / "sha256" / "00" / "00").mkdir(parents=True)
    (app.config["RUHU"].blobs / "sha256" / "00" / "00" / ("0" * 64)).write_bytes(b"orphan")
    aged(app)
    assert run(app, dry_run=True).marked == 1
    run(app)
    aged(app)
    would = run(app, dry_run=True, settling=NOTHING)
    assert (would.freed, would.freed_bytes, would.orphans, would.orphan_bytes) == ((NAME,), len(PHOTO), 1, 6)
    assert there(app)
    assert run(app, settling=NOTHING).freed == would.freed


def attached(app: Flask, client: FlaskClient, ana: Someone) -> None:
    submit(app, ana, AttachmentSpec("a.jpg", NAME), village=VILLAGES[0])


def coming(app: Flask, client: FlaskClient, ana: Someone) -> None:
    patch(client, ana, create(client, ana, PHOTO).headers["Location"], 0, PHOTO[:100])


def held(app: Flask, client: FlaskClient, ana: Someone) -> None:
    an_op(app, ana, "held")


def quarantined(app: Flask, client: FlaskClient, ana: Someone) -> None:
    an_op(app, ana, "quarantined")


def unjudged(app: Flask, client: FlaskClient, ana: Someone) -> None:
    an_op(app, ana, None)


def an_answer(app: Flask, client: FlaskClient, ana: Someone) -> None:
    an_op(app, ana, "applied", "answer")


def a_draft(app: Flask, client: FlaskClient, ana: Someone) -> None:
    op_id = str(uuid.uuid4())
    raw = {"op_id": op_id, "install_id": "install-ana", "seq": 1, "kind": "draft", "draft_id": str(uuid.uuid4())}
    raw |= {"form_id": "visit", "form_version": "1", "instance_xml": "<data/>", "instance_id": f"uuid:{op_id}"}
    raw |= {"attachments": [{"name": "a.jpg", "sha256": NAME, "size": len(PHOTO), "media_type": "image/jpeg"}]}
    answer = client.post("/api/v1/sync/push", json={"ops": [raw]}, headers=ana.headers).json
    assert answer["results"][0]["status"] == "applied", answer


def told(app: Flask, client: FlaskClient, ana: Someone) -> None:
    client.post("/api/v1/blobs/have", json={"sha256": [NAME]}, headers=ana.headers)


@pytest.mark.parametrize("reason", [attached, coming, held, quarantined, unjudged, an_answer, a_draft, told])
@pytest.mark.parametrize("marked", [False, True])
def test_whatever_refers_to_bytes_keeps_them(
    app: Flask, client: FlaskClient, ana: Someone, reason: Callable[..., None], marked: bool
) -> None:
    """Whether it came before the first look or between the two."""
    upload(client, ana, PHOTO)
    if marked:
        aged(app)
        assert run(app).marked == 1
        aged(app)
    reason(app, client, ana)
    if reason is told:
        run(app)
    else:
        swept_twice(app)
    assert there(app)


def test_a_second_holder_keeps_the_bytes_for_the_first(app: Flask, client: FlaskClient) -> None:
    ana, bo = make_people(app, ana=None, bo=None)
    upload(client, ana, PHOTO)
    aged(app)
    run(app)
    aged(app)
    upload(client, bo, PHOTO)
    assert run(app).freed == () and there(app)


def test_bytes_without_a_row_go_when_they_have_settled(app: Flask, ana: Someone) -> None:
    """A crash between putting and noting leaves them; who sends them again meanwhile is not harmed."""
    with app.app_context():
        store_of(app.config["RUHU"]).put_bytes(PHOTO)
    assert run(app).orphans == 0
    assert (run(app, settling=NOTHING).orphans, there(app)) == (1, False)


# Hashes of what lies in its own row, or of a secret: no bytes of the store.
OF_OWN = {"inspection_frame.sha256", "inspection_commitment.sha256", "inspection_draw.sha256"}


def test_every_column_of_bytes_is_known_to_the_sweep() -> None:
    """Whoever adds a table that refers to stored bytes has to teach the sweep first."""
    columns = {
        str(column)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in ("sha256", "blob") or any(key.column.table.name == "blob" for key in column.foreign_keys)
    }
    assert columns == set(REFERRERS) | {"blob.sha256"} | OF_OWN, "a new column: does it name bytes of the store?"


def test_an_op_that_does_not_open_stops_the_sweep(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a wrong key nobody can say what it names."""

    def closed(*_: object) -> bytes:
        raise Unopened("another key")

    upload(client, ana, PHOTO)
    an_op(app, ana, "held")
    monkeypatch.setattr(SealedBytes, "opened", closed)
    aged(app)
    with pytest.raises(Problem, match="keys"):
        run(app)
    assert there(app)


def test_a_sweep_that_dies_between_rows_and_bytes_is_finished_by_the_next(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(client, ana, PHOTO)
    aged(app)
    run(app)
    aged(app)
    monkeypatch.setenv("RUHU_FAILPOINT", "sweep.rows_gone=raise")
    with pytest.raises(failpoints.FailpointError):
        run(app)
    monkeypatch.delenv("RUHU_FAILPOINT")
    assert run(app, settling=NOTHING).orphans == 1
    assert not there(app)


def test_the_commands_sweep_and_list(app: Flask, client: FlaskClient, ana: Someone) -> None:
    upload(client, ana, PHOTO)
    coming(app, client, ana)

    def ruhu(*words: str) -> str:
        done = CliRunner().invoke(main, list(words), obj=lambda: app)
        return done.stdout

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("server.cli.App", lambda: lambda: app)
        shown = json.loads(ruhu("blobs", "sweep", "--days", "0", "--json"))
        assert (shown["freed"], shown["marked"]) == (0, 0)
        line = json.loads(ruhu("uploads", "list", "--json"))
        assert (line["username"], line["received"], line["staged"], line["awaited"]) == ("ana", 100, 100, False)
        assert "1" in ruhu("uploads", "list") and "0" in ruhu("blobs", "sweep", "--dry-run")


# --- races: real processes on PostgreSQL ---------------------------------------------------------------------


def _sweep_apart(url: str, settings: Settings, failpoint: str, guarded: bool) -> None:
    os.environ["RUHU_FAILPOINT"] = failpoint
    if not guarded:
        db.try_lock = lambda *_: True  # type: ignore[assignment]
    app = create_app(settings)
    with app.app_context():
        sweep(store_of(settings), timedelta(days=90), settling=timedelta(days=1))


def _marked(app: Flask, client: FlaskClient, ana: Someone) -> None:
    upload(client, ana, PHOTO)
    aged(app)
    run(app)
    aged(app)


def _race(app: Flask, failpoint: str, meanwhile: Callable[[], Any], guarded: bool = True) -> Any:
    """What `meanwhile` gives while another process rests half a second at a place of the sweep."""
    settings: Settings = app.config["RUHU"]
    sweeper = multiprocessing.get_context("fork").Process(
        target=_sweep_apart, args=(settings.database_url, settings, failpoint, guarded)
    )
    with app.app_context():
        db.db.engine.dispose()
    sweeper.start()
    sweeper.join(0.35)
    assert sweeper.is_alive(), "the sweep should rest at its failpoint now"
    got = meanwhile()
    sweeper.join(30)
    return got


@pytest.fixture
def postgres(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("one writer at a time")


@pytest.mark.parametrize("place", ["sweep.judged", "sweep.rows_gone"])
@pytest.mark.usefixtures("postgres")
def test_a_submission_that_arrives_while_its_photo_is_swept_has_it_or_asks_for_it(
    app: Flask, client: FlaskClient, ana: Someone, place: str
) -> None:
    """Either the bytes are bound and stay, or the answer says that they are missing; never bound to nothing."""
    _marked(app, client, ana)
    visit = _race(app, f"{place}=wait", lambda: submit(app, ana, AttachmentSpec("a.jpg", NAME), village=VILLAGES[0]))
    with app.app_context(), db.read() as session:
        waits = missing(session, visit)
    assert waits == ([] if noted(app) else [NAME])


@pytest.mark.parametrize("place", ["sweep.judged", "sweep.rows_gone"])
@pytest.mark.usefixtures("postgres")
def test_an_upload_that_ends_while_equal_bytes_are_swept_is_kept(
    app: Flask, client: FlaskClient, ana: Someone, place: str
) -> None:
    _marked(app, client, ana)
    assert _race(app, f"{place}=wait", lambda: upload(client, ana, PHOTO).status_code) == 204
    assert there(app)
    with app.app_context():
        assert store_of(app.config["RUHU"]).open(NAME).read() == PHOTO


@pytest.mark.usefixtures("postgres")
def test_a_yes_to_have_is_kept_while_the_bytes_are_swept(app: Flask, client: FlaskClient, ana: Someone) -> None:
    _marked(app, client, ana)
    asked = {"json": {"sha256": [NAME]}, "headers": ana.headers}
    answer = _race(app, "sweep.judged=wait", lambda: client.post("/api/v1/blobs/have", **asked).json["have"])
    assert bool(answer) == noted(app)


def _unguarded(*_: object) -> None:
    """In place of blobs.guard."""


@pytest.mark.usefixtures("postgres")
def test_without_the_guard_a_yes_to_have_would_be_broken(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above finds it: with neither lock, the phone is told yes and the bytes go."""
    monkeypatch.setattr("server.sync.attachments.guard", _unguarded)
    monkeypatch.setattr("server.sync.attachments._count_on", _unguarded)
    _marked(app, client, ana)
    asked = {"json": {"sha256": [NAME]}, "headers": ana.headers}
    ask = lambda: client.post("/api/v1/blobs/have", **asked).json["have"]  # noqa: E731
    assert _race(app, "sweep.judged=wait", ask, guarded=False) == [NAME]
    assert not there(app)


@pytest.mark.usefixtures("postgres")
def test_without_the_second_look_at_the_bytes_an_upload_would_be_lost(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """blobs.hold looks whether the bytes are there: an upload that trusted its `put_file` would have a row alone."""
    settings = app.config["RUHU"]
    store = store_of(settings)
    store.put_bytes(PHOTO)
    put_file = type(store).put_file

    def put_and_sweep(self: Any, path: Any, name: str) -> None:
        put_file(self, path, name)
        if not calls:
            calls.append(name)
            with app.app_context():
                sweeping._remove_bytes(store, name)

    calls: list[str] = []
    monkeypatch.setattr(type(store), "put_file", put_and_sweep)
    assert upload(client, ana, PHOTO).status_code == 204
    assert calls == [NAME] and there(app)
    calls.clear()
    with app.app_context():
        db.transact(lambda session: _forget(session))
    monkeypatch.setattr(type(store), "exists", lambda *_: True)
    assert upload(client, ana, PHOTO).status_code == 204
    monkeypatch.undo()
    assert not store.path(NAME).is_file()


def _forget(session: Session) -> None:
    for table in (Attachment, BlobHolder, Blob):
        session.query(table).delete()
