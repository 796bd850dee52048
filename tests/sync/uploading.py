"""Builders for tests of files: people with tokens in an invented area, submissions that name files, tus requests."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from server import db
from server.accounts.tables import Install, Person, RoleGrant
from server.accounts.tokens import issue
from server.geo.tables import Region
from server.sync.attachments import AttachmentSpec, add_attachments
from server.sync.tables import OpLog, Submission

VILLAGES = ("990101001000", "990102001000")
TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = {"Content-Type": "application/offset+octet-stream"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Someone:
    """A person with a phone."""

    id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def make_area(session: Session) -> None:
    """A county with two villages."""
    session.add(Region(code="990000000000", level="county", path="/990000000000/", name_zh="示范县"))
    session.flush()
    for code in VILLAGES:
        path = f"/990000000000/{code}/"
        session.add(
            Region(code=code, parent_code="990000000000", level="village", path=path, name_zh=f"村{code[5]}")
        )
    session.flush()


def make_person(session: Session, name: str, village: str | None = None, role: str = "cadre") -> Someone:
    person = Person(id=str(uuid.uuid4()), username=name, display_name=name, password_hash="none")
    session.add(person)
    session.flush()
    install = Install(id=f"install-{name}", person_id=person.id)
    session.add(install)
    session.flush()
    if village:
        session.add(RoleGrant(person_id=person.id, role=role, region_code=village))
    return Someone(person.id, issue(session, person.id, "api", timedelta(days=1), install.id).token)


def make_people(app: Flask, **villages: str | None) -> list[Someone]:
    """An area and one cadre for each name."""
    with app.app_context():

        def work(session: Session) -> list[Someone]:
            make_area(session)
            return [make_person(session, name, village) for name, village in villages.items()]

        return db.transact(work)


def make_submission(session: Session, person_id: str, village: str | None = None, **columns: Any) -> str:
    """A stored submission; answers its instance_id."""
    op_id, instance_id = str(uuid.uuid4()), f"uuid:{uuid.uuid4()}"
    session.add(OpLog(op_id=op_id, person_id=person_id, kind="submission", raw=b"{}", content_hash="0" * 64))
    session.flush()
    row: dict[str, Any] = {
        "instance_id": instance_id, "op_id": op_id, "form_id": "household_visit", "form_version": "1",
        "instance_xml": "<data/>", "xml_hash": "0" * 64, "person_id": person_id, "region_code": village, "findings": [],
    }
    session.add(Submission(**(row | columns)))
    session.flush()
    return instance_id


def submit(
    app: Flask, person: Someone, *specs: AttachmentSpec, village: str | None = None, **columns: Any
) -> str:
    """A committed submission that names these files."""
    with app.app_context():

        def work(session: Session) -> str:
            instance_id = make_submission(session, person.id, village, **columns)
            add_attachments(session, instance_id, person.id, specs)
            return instance_id

        return db.transact(work)


def metadata(content: bytes, **more: str) -> str:
    fields = {"sha256": sha256(content), **more}
    return ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in fields.items())


def create(client: FlaskClient, person: Someone, content: bytes, **headers: str) -> TestResponse:
    """POST of a new upload for these bytes; header names are written with underscores."""
    given = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata(content)}
    given |= {key.replace("_", "-"): text for key, text in headers.items()}
    return client.post("/api/v1/uploads", headers={**TUS, **person.headers, **given})


def patch(
    client: FlaskClient, person: Someone, address: str, offset: int, piece: bytes, **headers: str
) -> TestResponse:
    given = {"Upload-Offset": str(offset), **{key.replace("_", "-"): text for key, text in headers.items()}}
    return client.patch(address, headers={**TUS, **OCTETS, **person.headers, **given}, data=piece)


def head(client: FlaskClient, person: Someone, address: str) -> TestResponse:
    return client.head(address, headers={**TUS, **person.headers})


def upload(client: FlaskClient, person: Someone, content: bytes) -> TestResponse:
    """A whole upload in two requests; answers the last one."""
    created = create(client, person, content)
    assert created.status_code == 201, created.json
    return patch(client, person, created.headers["Location"], 0, content) if content else created
