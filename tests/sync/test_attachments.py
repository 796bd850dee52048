"""Bytes are bound only for who uploaded them or sees them already; everything may be said twice."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import load_actor
from server.accounts.tables import Person
from server.sync.attachments import AttachmentSpec, add_attachments, bind_waiting, bound_ids, missing, usable
from server.sync.blobs import record_blob
from server.sync.tables import Attachment
from tests.sync.uploading import VILLAGES, Someone, make_people, sha256, submit

HERE, THERE = VILLAGES
PHOTO = sha256(b"photo")


def spec(name: str = "a.jpg", sha: str | None = PHOTO, **more: object) -> AttachmentSpec:
    return AttachmentSpec(name=name, sha256=sha, size=5, media_type="image/jpeg", **more)  # type: ignore[arg-type]


def arrive(app: Flask, person: Someone, sha: str = PHOTO) -> list[str]:
    """The bytes come in for this person; ids of what was bound."""
    with app.app_context():

        def work(session: Session) -> list[str]:
            record_blob(session, sha, 5, person.id)
            return bind_waiting(session, person.id, sha)

        return db.transact(work)


def waits(app: Flask, instance_id: str) -> list[str]:
    with app.app_context(), db.read() as session:
        return missing(session, instance_id)


def rows(app: Flask, instance_id: str) -> list[Any]:
    columns = (Attachment.id, Attachment.name, Attachment.slot, Attachment.blob)
    with app.app_context(), db.read() as session:
        found = select(*columns).where(Attachment.instance_id == instance_id).order_by(Attachment.name)
        return list(session.execute(found))


def again(app: Flask, instance_id: str, person: Someone, *specs: AttachmentSpec) -> None:
    with app.app_context():
        db.transact(lambda session: add_attachments(session, instance_id, person.id, specs))


def test_a_file_waits_until_its_author_uploads_it(app: Flask) -> None:
    (ana,) = make_people(app, ana=HERE)
    visit = submit(app, ana, spec())
    assert waits(app, visit) == [PHOTO]
    bound = arrive(app, ana)
    assert waits(app, visit) == []
    assert bound == [rows(app, visit)[0].id]
    assert arrive(app, ana) == []


def test_a_file_that_was_uploaded_before_is_bound_at_once(app: Flask) -> None:
    (ana,) = make_people(app, ana=HERE)
    arrive(app, ana)
    visit = submit(app, ana, spec())
    assert waits(app, visit) == []
    with app.app_context(), db.read() as session:
        assert bound_ids(session, [visit]) == [rows(app, visit)[0].id]


def test_a_foreign_hash_stays_missing_whatever_the_store_holds(app: Flask) -> None:
    """Naming a hash is no key to other people's bytes, before and after these arrive."""
    ana, bo = make_people(app, ana=HERE, bo=THERE)
    early = submit(app, bo, spec(), village=THERE)
    submit(app, ana, spec(), village=HERE)
    arrive(app, ana)
    late = submit(app, bo, spec(), village=THERE)
    assert waits(app, early) == waits(app, late) == [PHOTO]
    arrive(app, bo)
    assert waits(app, early) == waits(app, late) == []


def test_bytes_that_the_person_already_sees_may_be_named(app: Flask) -> None:
    """A colleague of the same village refers to last year's photo without uploading it again."""
    ana, bo, cy = make_people(app, ana=HERE, bo=HERE, cy=THERE)
    arrive(app, ana)
    submit(app, ana, spec(), village=HERE)
    assert waits(app, submit(app, bo, spec(), village=HERE)) == []
    assert waits(app, submit(app, cy, spec(), village=THERE)) == [PHOTO]
    with app.app_context(), db.read() as session:
        actors = [load_actor(session, session.get_one(Person, who.id)) for who in (ana, bo, cy)]
        assert [usable(session, actor, [PHOTO, "0" * 64]) for actor in actors] == [{PHOTO}, {PHOTO}, set()]


def test_two_files_with_equal_bytes_are_both_bound(app: Flask) -> None:
    """central-backend#299: equal bytes twice in one submission must not be an error; missing names them once."""
    (ana,) = make_people(app, ana=HERE)
    visit = submit(app, ana, spec("front.jpg"), spec("back.jpg"))
    assert waits(app, visit) == [PHOTO]
    assert len(arrive(app, ana)) == 2
    assert [row.blob for row in rows(app, visit)] == [PHOTO, PHOTO]


def test_adding_again_changes_nothing_and_adds_what_is_new(app: Flask) -> None:
    (ana,) = make_people(app, ana=HERE)
    visit = submit(app, ana, spec())
    before = rows(app, visit)[0].id
    again(app, visit, ana, spec(), spec("b.jpg", sha256(b"other")))
    assert [(row.name, row.id == before) for row in rows(app, visit)] == [("a.jpg", True), ("b.jpg", False)]


def test_other_bytes_for_a_name_do_not_replace_the_first(app: Flask) -> None:
    (ana,) = make_people(app, ana=HERE)
    visit = submit(app, ana, spec())
    arrive(app, ana, sha256(b"other"))
    again(app, visit, ana, spec(sha=sha256(b"other")))
    assert waits(app, visit) == [PHOTO]


def test_a_name_without_bytes_takes_those_that_come_later(app: Flask) -> None:
    """ODK Collect sends the names with the form and the files in further requests."""
    (ana,) = make_people(app, ana=HERE)
    visit = submit(app, ana, spec(sha=None, slot="front"))
    assert waits(app, visit) == []
    arrive(app, ana)
    again(app, visit, ana, spec())
    (row,) = rows(app, visit)
    assert (row.blob, row.slot) == (PHOTO, "front")


NAMES = ["../../etc/passwd", "a\0b.jpg", "门前.jpg", "x" * 400, "a\ud800.jpg", "\\\\c:\r\n.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_no_file_name_can_break_the_store(app: Flask, name: str) -> None:
    """A name is text in a row, never a path; what no database can keep in it is replaced."""
    (ana,) = make_people(app, ana=HERE)
    visit = submit(app, ana, spec(name, capture={"note": name}))
    again(app, visit, ana, spec(name))
    (row,) = rows(app, visit)
    assert 0 < len(row.name) <= 255
    arrive(app, ana)
    assert waits(app, visit) == []
