"""Forms and datasets: what may be filled in, and how an administrator brings a new version."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as Answer

from server import db
from server.accounts.audit import note
from server.api.lists import definitions, refuse_nul
from server.api.multipart import plain_name
from server.api.signed_in import current_actor, signed_in
from server.errors import Fault, Problem
from server.forms import versions
from server.forms.dataset import Dataset
from server.forms.source import FormSource
from server.forms.tables import FormVersion
from server.sync.feeds import touch
from server.sync.news import of_forms
from server.sync.offering import reader_of

blueprint = Blueprint("forms", __name__, description="Forms and datasets")
blueprint.before_request(refuse_nul)

MOST_MEDIA = 200
_STATES = ("draft", "published", "retired")


class Asked(Schema):
    class Meta:
        unknown = EXCLUDE

    state = fields.String(load_default="published", validate=validate.OneOf((*_STATES, "all")))


@blueprint.get("/forms")
@signed_in()
@blueprint.arguments(Asked, location="query")
def forms(asked: dict[str, Any]) -> Answer:
    """Published versions that the reader may fill in. Administrators may ask for `state=draft|retired|all`."""
    state, actor = asked["state"], current_actor()
    if state != "published" and not actor.has("admin"):
        raise Problem("auth.forbidden")
    with db.read() as session:
        rows = versions.list_versions(session, _STATES if state == "all" else (state,))
        if state == "published":
            reader = reader_of(session, actor)
            rows = [row for row in rows if reader.may_fill(versions.settings_of(row))]
        media = versions.media_hashes(session, rows)
    answer = jsonify([_form(row, media[row.form_id, row.version]) for row in rows])
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@blueprint.get("/forms/<form_id>/<version>/xform")
@signed_in()
def xform(form_id: str, version: str) -> Answer:
    """The compiled form (ODK XForm). Retired versions too: unfinished work still needs them."""
    with db.read() as session:
        row = versions.get_version(session, form_id, version, drafts=current_actor().has("admin"))
    return _file(row.xform.encode("utf-8"), "text/xml; charset=utf-8", row.hash)


@blueprint.get("/forms/<form_id>/<version>/media/<name>")
@signed_in()
def media(form_id: str, version: str, name: str) -> Answer:
    """A file that goes with the form."""
    with db.read() as session:
        versions.get_version(session, form_id, version, drafts=current_actor().has("admin"))
        row = versions.get_media(session, form_id, version, name)
    answer = _file(row.content, row.media_type, row.hash)
    # Uploaded by people: never shown as a page of ours.
    answer.headers["Content-Disposition"] = "attachment"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@blueprint.post("/forms")
@signed_in("admin")
def add_form() -> tuple[Response, int]:
    """Upload a workbook (`file`: .xlsx, .xls or Markdown tables) with its `media`; makes a draft.

    422 form.invalid or form.policy_conflict with every mistake by sheet and row; 409 form.version_frozen.
    """
    source = _source(request.files.getlist("file"), request.files.getlist("media"))
    form = versions.compile_source(source, definitions())
    actor, purpose = current_actor(), request.form.get("purpose", "").replace("\0", "")[:40]

    def store(session: Session) -> FormVersion:
        note(session, actor.id, "form.added", f"{form.form_id}/{form.version}", checksum=source.checksum)
        return versions.add_draft(session, form, source, actor.id, purpose)

    row = db.transact(store)
    return jsonify(_form(row, {}) | {"warnings": row.warnings}), 201


@blueprint.post("/forms/<form_id>/<version>/publish")
@signed_in("admin")
def publish(form_id: str, version: str) -> Response:
    """Freeze a draft and offer it to all phones."""
    return _move(versions.publish, "form.published", form_id, version)


@blueprint.post("/forms/<form_id>/<version>/retire")
@signed_in("admin")
def retire(form_id: str, version: str) -> Response:
    """Offer a version no longer. What was filled in with it stays readable and is still accepted."""
    return _move(versions.retire, "form.retired", form_id, version)


@blueprint.get("/datasets")
@signed_in()
def datasets() -> Answer:
    """What is known of each kind of record: properties with type, labels, sensitivity and merge policy."""
    answer = jsonify([_dataset(dataset) for dataset in definitions().values()])
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


def _move(step: Any, action: str, form_id: str, version: str) -> Response:
    actor = current_actor()

    def work(session: Session) -> FormVersion:
        row: FormVersion = step(session, form_id, version)
        note(session, actor.id, action, f"{form_id}/{version}")
        touch(session, of_forms(session, [row]))
        return row

    return jsonify(_form(db.transact(work), {}))


def _source(workbooks: list[FileStorage], media: list[FileStorage]) -> FormSource:
    if len(workbooks) != 1:
        raise Problem("request.invalid", faults=[Fault("file", "One workbook is wanted.", "Send it as “file”.")])
    if len(media) > MOST_MEDIA:
        raise Problem("request.too_large", detail=f"media: {MOST_MEDIA}")
    files = {plain_name(file.filename or ""): file.read() for file in media}
    return FormSource(workbooks[0].read(), plain_name(workbooks[0].filename or "") or "form", files)


def _file(content: bytes, media_type: str, hash: str) -> Answer:
    answer = Response(content, content_type=media_type)
    answer.set_etag(hash.removeprefix("md5:"))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


def _form(row: FormVersion, media: dict[str, str]) -> dict[str, Any]:
    return {
        "form_id": row.form_id,
        "version": row.version,
        "names": row.names,
        "hash": row.hash,
        "datasets": row.datasets,
        "purpose": row.purpose,
        "state": row.state,
        "media": [{"name": name, "hash": hash} for name, hash in sorted(media.items())],
    }


def _dataset(dataset: Dataset) -> dict[str, Any]:
    properties = [
        {
            "name": prop.name,
            "type": prop.type,
            "labels": prop.labels,
            "sensitivity": prop.sensitivity,
            "merge": prop.merge,
            "group": prop.group,
            "backcheck": prop.backcheck,
            "unit": prop.unit,
            "choices": [{"value": choice.value, "labels": choice.labels} for choice in prop.choices or ()],
        }
        for prop in dataset.properties.values()
    ]
    parent = dataset.parent and {"dataset": dataset.parent.dataset, "property": dataset.parent.property}
    return {
        "name": dataset.name,
        "labels": dataset.labels,
        "label_property": dataset.label_property,
        "parent": parent,
        "region_source": dataset.region_source,
        "resolvers": dataset.resolvers,
        "location": dataset.location,
        "card": dataset.card,
        "properties": properties,
    }
