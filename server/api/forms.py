"""Forms and datasets: what may be filled in, and what is known of each kind of record."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from server import db
from server.accounts.actor import READING
from server.api.form_shape import form_at_desk, form_on_wire
from server.api.lists import definitions, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.forms import versions
from server.forms.dataset import Dataset
from server.forms.excel import MEDIA_TYPE, excel_of
from server.forms.source import FormSource
from server.forms.tables import FormVersion
from server.sync.offering import reader_of

blueprint = Blueprint("forms", __name__, description="Forms and datasets")
blueprint.before_request(refuse_nul)

_STATES = ("draft", "published", "retired")
_MEANT = {"all": _STATES, "known": ("published", "retired")}
_OPEN_TO = {"all": ("admin",), "retired": ("admin",), "known": READING}


class Asked(Schema):
    class Meta:
        unknown = EXCLUDE

    state = fields.String(load_default="published", validate=validate.OneOf((*_STATES, "all", "known")))


@blueprint.get("/forms")
@signed_in()
@blueprint.arguments(Asked, location="query")
def forms(asked: dict[str, Any]) -> Answer:
    """Published versions that the reader may fill in, or drafts to look at. `known`: all whose answers there may be,
    for desks. `retired` and `all`: administrators."""
    state, actor = asked["state"], current_actor()
    if state in _OPEN_TO and not actor.has(*_OPEN_TO[state]):
        raise Problem("auth.forbidden")
    with db.read() as session:
        rows = versions.list_versions(session, _MEANT.get(state, (state,)))
        if state == "published":
            reader = reader_of(session, actor)
            rows = [row for row in rows if reader.may_fill(versions.settings_of(row))]
        elif state == "draft" and not actor.has("admin"):
            rows = [row for row in rows if versions.may_preview(row, actor.id)]
        media = versions.media_hashes(session, rows)
    shape = form_at_desk if actor.has("admin") and state != "published" else form_on_wire
    answer = jsonify([shape(row, media[row.form_id, row.version]) for row in rows])
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@blueprint.get("/forms/<form_id>/<version>")
@signed_in()
def form(form_id: str, version: str) -> Response:
    """One version: published, retired, or a draft that the reader may look at."""
    with db.read() as session:
        row = _visible(session, form_id, version)
        media = versions.media_hashes(session, [row])[form_id, version]
    return jsonify((form_at_desk if current_actor().has("admin") else form_on_wire)(row, media))


@blueprint.get("/forms/<form_id>/<version>/xform")
@signed_in()
def xform(form_id: str, version: str) -> Answer:
    """The compiled form (ODK XForm). Retired versions too: unfinished work still needs them."""
    with db.read() as session:
        row = _visible(session, form_id, version)
    return _file(row.xform.encode("utf-8"), "text/xml; charset=utf-8", row.hash)


@blueprint.get("/forms/<form_id>/<version>/workbook.xlsx")
@signed_in("admin")
def workbook(form_id: str, version: str) -> Answer:
    """The form's own workbook to change in Excel; a form that was written as Markdown tables becomes one."""
    with db.read() as session:
        row = _visible(session, form_id, version)
    content, name = excel_of(FormSource(row.source, row.source_name))
    answer = Response(content, content_type=MEDIA_TYPE)
    answer.headers["Cache-Control"] = "private, no-store"
    ending = name.rpartition(".")[2]
    answer.headers.set("Content-Disposition", "attachment", filename=f"{form_id}-{version}.{ending}")
    return answer


@blueprint.get("/forms/<form_id>/<version>/media/<name>")
@signed_in()
def media(form_id: str, version: str, name: str) -> Answer:
    """A file that goes with the form."""
    with db.read() as session:
        _visible(session, form_id, version)
        row = versions.get_media(session, form_id, version, name)
    answer = _file(row.content, row.media_type, row.hash)
    # Uploaded by people: never shown as a page of ours.
    answer.headers["Content-Disposition"] = "attachment"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@blueprint.get("/datasets")
@signed_in()
def datasets() -> Answer:
    """What is known of each kind of record: properties with type, labels, sensitivity and merge policy."""
    answer = jsonify([_dataset(dataset) for dataset in definitions().values()])
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


def _visible(session: Session, form_id: str, version: str) -> FormVersion:
    actor = current_actor()
    return versions.get_version(session, form_id, version, drafts=actor.has("admin"), reader=actor.id)


def _file(content: bytes, media_type: str, hash: str) -> Answer:
    answer = Response(content, content_type=media_type)
    answer.set_etag(hash.removeprefix("md5:"))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


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
