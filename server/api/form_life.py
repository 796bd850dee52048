"""How an administrator brings a form version to life: upload, look at it, publish, retire."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import segno
from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from server import db
from server.accounts.audit import note
from server.accounts.tables import Person
from server.api.bodies import Loose
from server.api.form_shape import form_at_desk
from server.api.lists import definitions, refuse_nul
from server.api.multipart import plain_name
from server.api.signed_in import current_actor, signed_in
from server.errors import Fault, Problem
from server.forms import versions
from server.forms.compile_apart import HASTY
from server.forms.source import FormSource
from server.forms.tables import FormVersion
from server.sync.feeds import touch
from server.sync.form_changes import changes_of
from server.sync.loans import retold
from server.sync.news import of_forms
from server.sync.vocabulary import sizes

blueprint = Blueprint("form_life", __name__, description="Drafts, publishing, retiring")
blueprint.before_request(refuse_nul)

MOST_MEDIA = 200
MOST_PREVIEWERS = 50


class Publishing(Loose):
    starts_on = fields.Date(load_default=None, allow_none=True)


class Previewing(Loose):
    usernames = fields.List(fields.String(), required=True, validate=validate.Length(max=MOST_PREVIEWERS))


class Comparing(Schema):
    class Meta:
        unknown = EXCLUDE

    against = fields.String(load_default=None)


@blueprint.post("/forms")
@signed_in("admin")
def add_form() -> tuple[Response, int]:
    """Upload a workbook (`file`: .xlsx, .xls or Markdown tables) with its `media`; makes a draft.

    422 form.invalid or form.policy_conflict with every mistake by sheet and row; 409 form.version_frozen.
    """
    source = _source(request.files.getlist("file"), request.files.getlist("media"))
    form = versions.compile_source(source, definitions(), HASTY)
    actor, purpose = current_actor(), request.form.get("purpose", "").replace("\0", "")[:40]

    def store(session: Session) -> dict[str, Any]:
        note(session, actor.id, "form.added", f"{form.form_id}/{form.version}", checksum=source.checksum)
        row = versions.add_draft(session, form, source, actor.id, purpose, sizes(form.datasets))
        return _desk(session, row) | {"changes": changes_of(session, row)}

    return jsonify(db.transact(store)), 201


@blueprint.get("/forms/<form_id>/<version>/changes")
@signed_in("admin")
@blueprint.arguments(Comparing, location="query")
def changes(asked: dict[str, Any], form_id: str, version: str) -> Response:
    """What this version changes against the newest published one (or `against`), and what that breaks."""
    with db.read() as session:
        row = versions.get_version(session, form_id, version, drafts=True)
        return jsonify(changes_of(session, row, asked["against"]))


@blueprint.post("/forms/<form_id>/<version>/publish")
@signed_in("admin")
@blueprint.arguments(Publishing)
def publish(body: dict[str, Any], form_id: str, version: str) -> Response:
    """Freeze a draft and offer it to all phones, at once or from the day `starts_on`."""

    def step(session: Session) -> FormVersion:
        names = versions.get_version(session, form_id, version, drafts=True).datasets
        return versions.publish(session, form_id, version, body["starts_on"], sizes(names))

    return _move(step, "form.published", starts_on=str(body["starts_on"] or ""))


@blueprint.post("/forms/<form_id>/<version>/retire")
@signed_in("admin")
def retire(form_id: str, version: str) -> Response:
    """Offer a version no longer. What was filled in with it stays readable and is still accepted."""
    return _move(lambda session: versions.retire(session, form_id, version), "form.retired")


@blueprint.post("/forms/<form_id>/<version>/previewers")
@signed_in("admin")
@blueprint.arguments(Previewing)
def previewers(body: dict[str, Any], form_id: str, version: str) -> Response:
    """Who else may open the draft on a phone; replaces the list. 400 names whoever is unknown."""
    actor = current_actor()

    def work(session: Session) -> dict[str, Any]:
        people = _people(session, body["usernames"])
        row = versions.name_previewers(session, form_id, version, people)
        note(session, actor.id, "form.previewers", f"{form_id}/{version}", people=row.previewers)
        return _desk(session, row)

    return jsonify(db.transact(work))


@blueprint.get("/forms/<form_id>/<version>/preview")
@signed_in()
def preview(form_id: str, version: str) -> Response:
    """The address where a phone opens this version to look at it, and its QR code."""
    actor = current_actor()
    with db.read() as session:
        versions.get_version(session, form_id, version, drafts=actor.has("admin"), reader=actor.id)
    path = f"/#/preview/{quote(form_id, safe='')}/{quote(version, safe='')}"
    url = request.url_root.rstrip("/") + path
    return jsonify({"path": path, "url": url, "qr_png": _qr_png(url)})


def _move(step: Callable[[Session], FormVersion], action: str, **more: str) -> Response:
    actor = current_actor()

    def work(session: Session) -> dict[str, Any]:
        row = step(session)
        note(session, actor.id, action, f"{row.form_id}/{row.version}", **more)
        touch(session, [*of_forms(session, [row]), *retold(session, row)])
        return _desk(session, row)

    return jsonify(db.transact(work))


def _desk(session: Session, row: FormVersion) -> dict[str, Any]:
    return form_at_desk(row, versions.media_hashes(session, [row])[row.form_id, row.version])


def _people(session: Session, usernames: list[str]) -> list[str]:
    known = dict(session.execute(select(Person.username, Person.id).where(Person.username.in_(usernames))).all())
    strange = [name for name in usernames if name not in known]
    if strange:
        fix = "Give the user names of people who can sign in."
        raise Problem("request.invalid", faults=[Fault("usernames", f"Unknown: {', '.join(strange)}", fix)])
    return list(known.values())


def _source(workbooks: list[FileStorage], media: list[FileStorage]) -> FormSource:
    if len(workbooks) != 1:
        raise Problem("request.invalid", faults=[Fault("file", "One workbook is wanted.", "Send it as “file”.")])
    if len(media) > MOST_MEDIA:
        raise Problem("request.too_large", detail=f"media: {MOST_MEDIA}")
    files = {plain_name(file.filename or ""): file.read() for file in media}
    return FormSource(workbooks[0].read(), plain_name(workbooks[0].filename or "") or "form", files)


def _qr_png(text: str) -> str:
    image = io.BytesIO()
    segno.make(text, error="M").save(image, kind="png", scale=6)
    return base64.b64encode(image.getvalue()).decode()
