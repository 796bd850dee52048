"""The county of the reading tests with administrators, the household form published, and phones with ODK Collect."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import db
from server.accounts import people, tokens
from server.accounts.tables import Install
from server.config import ROOT
from server.forms import versions
from server.forms.compile import CompiledForm
from server.forms.source import FormSource, read_source
from server.geo.tables import Region
from server.registry.tables import Entity
from tests.api.county import COUNTY, DATASETS, PASSWORD, build, uid
from tests.collect import Collect, Reply, Send
from tests.collect_draft import Draft

FORM = "household_visit"
FAR_COUNTY = "990200000000"
HOUSEHOLD, MEMBER, FOREIGN = uid("household 1"), uid("member 1"), uid("household 3")
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\x00\xff\r\n--boundary\r\n" * 40 + b"\xff\xd9"


def open_county(app: Flask) -> None:
    """Builds the county, its administrators, and publishes the form of the repository."""
    with app.app_context():
        db.transact(_build)
        db.transact(_publish)


@cache
def _compiled() -> tuple[FormSource, CompiledForm]:
    source = read_source(ROOT / "form_definitions" / "forms" / FORM)
    return source, versions.compile_source(source, DATASETS)


def _publish(session: Session) -> None:
    source, form = _compiled()
    versions.add_draft(session, form, source, None)
    versions.publish(session, form.form_id, form.version)


def _build(session: Session) -> None:
    build(session)
    session.add(
        Region(code=FAR_COUNTY, parent_code=None, level="county", path=f"/{FAR_COUNTY}/", name_zh="远县", name_en="Far")
    )
    session.flush()
    hashed = people.hash_password(PASSWORD)
    for username, region in (("admin", COUNTY), ("far-admin", FAR_COUNTY)):
        people.add_person(session, id=uid(username), username=username, display_name=username, password_hash=hashed)
        people.give_role(session, uid(username), "admin", region)


def api(app: Flask, username: str) -> Mapping[str, str]:
    """Headers of a signed-in person."""
    with app.app_context():
        issued = db.transact(lambda session: tokens.issue(session, uid(username), "api", timedelta(hours=1)))
    return {"Authorization": f"Bearer {issued.token}"}


def new_token(app: Flask, username: str, by: str = "admin") -> dict[str, Any]:
    """The answer of the issue of an OpenRosa token."""
    answer = app.test_client().post(
        f"/api/v1/users/{uid(username)}/openrosa-tokens", json={"name": "Redmi"}, headers=api(app, by)
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def phone(app: Flask, username: str) -> Collect:
    """A phone that scanned this person's code."""
    return Collect(sender(app.test_client()), new_token(app, username)["settings"]["general"]["server_url"])


def sender(client: FlaskClient) -> Send:
    """Carries Collect's requests to the application, as a network would."""

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        answer = client.open(
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            method=method, base_url=f"{parts.scheme}://{parts.netloc}", headers=dict(headers), data=body or None,
        )  # fmt: skip
        return Reply(answer.status_code, {key.lower(): value for key, value in answer.headers.items()}, answer.data)

    return send


def basic(username: str, password: str = PASSWORD) -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def visit(collect: Collect, household: str = HOUSEHOLD, **water: str) -> Draft:
    """The household form, filled for a known household; `water` are answers by the names of their questions."""
    draft = collect.start(FORM)
    draft.set("start", "2026-11-21T09:00:00.000+08:00").set("end", "2026-11-21T09:30:00.000+08:00")
    draft.set("household", household).set("contact_mode", "in_person").set("visit_date", "2026-11-21")
    draft.set(".//consent", "agreed").set(".//house_point", "23.1000000 108.1000000 210.0 6.5")
    draft.prefill("household", household)
    for name, value in water.items():
        draft.set(f".//{name}", value)
    return draft.writes("household", household, collect.lists["household"][household].label)


def member(draft: Draft, entity_id: str = MEMBER, **basic_answers: str) -> Draft:
    """Adds the row of a known member; the answers by the names of their questions."""
    row = draft.row("members", "member_row")
    draft.set(".//m_household", HOUSEHOLD, row).set("member_id", entity_id, row).set("is_new", "0", row)
    draft.prefill("member", entity_id, row)
    for name, value in basic_answers.items():
        draft.set(f".//{name}", value, row)
    return draft.writes("member", entity_id, draft.lists["member"][entity_id].label, row)


def entity(app: Flask, entity_id: str) -> Entity:
    with app.app_context(), db.read() as session:
        return session.get_one(Entity, entity_id)


def rows(app: Flask, table: type[Any], *clauses: Any) -> list[Any]:
    with app.app_context(), db.read() as session:
        return list(session.scalars(select(table).where(*clauses)))


def count(app: Flask, table: type[Any], *clauses: Any) -> int:
    with app.app_context(), db.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*clauses)) or 0


def revoke_device(app: Flask, install_id: str) -> None:
    def work(session: Session) -> None:
        session.get_one(Install, install_id).revoked_at = db.now()

    with app.app_context():
        db.transact(work)


def unpack(packed: bytes) -> Any:
    """What a QR code of Collect says."""
    return json.loads(zlib.decompress(packed))
