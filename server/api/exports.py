"""Answers as data: exports (asked for, written in the background, fetched), codebooks, one submission as typed JSON."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from flask import Response, current_app, jsonify, request, send_file
from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate, validates_schema
from shapely.geometry.base import BaseGeometry
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from server import db
from server.accounts.audit import note
from server.api.bodies import Loose
from server.api.lists import BoxField, PolygonField, definitions, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.evidence import tasks as worker
from server.geo.inside import Box
from server.inspection.ready import bring_up
from server.reports import exports, map_export, tasks
from server.reports.answer_export import FORMATS
from server.reports.answer_files import WORDS
from server.reports.codebook_of import codebook_of
from server.reports.kinds import KINDS
from server.reports.one_submission import submission_answers
from server.reports.tables import Export
from server.sealing.files import opened_part

blueprint = Blueprint("exports", __name__, description="Answers as data")
blueprint.before_request(refuse_nul)

_SHEET = FORMATS["xlsx"][1]
_FORMATS = {name: tuple(kind.formats) for name, kind in KINDS.items()}
# What of a request is kept: of every kind, and of each.
_ALWAYS = ("region", "since", "until", "format")
_READ = {
    "answers": ("form_id", "status", "words"),
    "map": ("form_id", "layers", "base", "bbox", "within", "timed"),
    "photos": ("instances",),
    "inspection": ("inspection",),
}


class Wanted(Loose):
    """`from` is in, `to` is out; both RFC 3339 with zone: of receipt, of a household's last change, of the shutter.

    `answers` of a form: `form_id`, `format` csv, json or xlsx, `words` codes or labels. `map`: households, submissions
    and photos, `format` gpkg, geojson or csv, some of the `layers`, of what lies in `bbox` or `within` a drawn area;
    `timed`: the layers that the time narrows. `photos`: a bundle for an audit, with a `reason`; of an
    area, a time, or the visits in `instances`. `inspection`: the report of one, once its visits are over.
    """

    kind = fields.String(load_default="answers", validate=validate.OneOf(tuple(KINDS)))
    form_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 100))
    region = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    since = fields.AwareDateTime(load_default=None, allow_none=True, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, allow_none=True, data_key="to", format="iso")
    status = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=12))
    format = fields.String(validate=validate.OneOf(sorted({one for kind in _FORMATS.values() for one in kind})))
    inspection = fields.UUID(load_default=None, allow_none=True)
    words = fields.String(load_default="codes", validate=validate.OneOf(tuple(WORDS)))
    layers = fields.List(
        fields.String(validate=validate.OneOf(map_export.LAYERS)),
        load_default=list(map_export.LAYERS),
        validate=validate.Length(1, len(map_export.LAYERS)),
    )
    bbox = BoxField(load_default=None, allow_none=True)
    within = PolygonField(load_default=None, allow_none=True)
    timed = fields.List(
        fields.String(validate=validate.OneOf(map_export.LAYERS)), load_default=None, allow_none=True
    )  # fmt: skip
    instances = fields.List(
        fields.String(validate=validate.Length(1, 100)), load_default=None, allow_none=True,
        validate=validate.Length(1, 1000),
    )  # fmt: skip
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 500))

    @validates_schema
    def _whole(self, body: dict[str, Any], **_more: Any) -> None:
        kind = body["kind"]
        if kind == "answers" and body["form_id"] is None:
            raise ValidationError("Answers are of a form: say which.", "form_id")
        if kind == "photos" and not (body["reason"] or "").strip():
            raise ValidationError("Originals leave the server: say what for.", "reason")
        if kind == "inspection" and body["inspection"] is None:
            raise ValidationError("A report is of an inspection: say which.", "inspection")
        if body.get("format", _FORMATS[kind][0]) not in _FORMATS[kind]:
            raise ValidationError(f"One of: {', '.join(_FORMATS[kind])}.", "format")


def _asked(body: dict[str, Any]) -> dict[str, Any]:
    """What the kind reads of it, as JSON keeps it. Links in a map lead to where it was asked for."""
    kind = body["kind"]
    body = {"format": _FORMATS[kind][0], "base": request.host_url.rstrip("/")} | body
    texts = {name: _text(value) for name, value in body.items()}
    return {name: texts[name] for name in (*_ALWAYS, *_READ[kind])}


def _text(value: Any) -> Any:
    if isinstance(value, Box):
        return [value.west, value.south, value.east, value.north]
    if isinstance(value, BaseGeometry):
        return value.wkt
    return value.isoformat() if hasattr(value, "isoformat") else str(value) if isinstance(value, UUID) else value


@blueprint.route("/exports", methods=["POST"])
@signed_in(*exports.READERS)
@blueprint.arguments(Wanted)
def ask(body: dict[str, Any]) -> tuple[Response, int]:
    """Has answers, a map or photos written to a file. 202: it waits; ask again by its id, then fetch the file."""
    actor, asked = current_actor(), _asked(body)
    if body["kind"] == "inspection":
        bring_up(actor, asked["inspection"])
    row = db.transact(lambda session: exports.ask(session, actor, body["kind"], asked, body["reason"]))
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    tasks.register(app, worker.queue(app).huey)(row.id)
    return jsonify(_export(row)), 202


@blueprint.route("/exports")
@signed_in(*exports.READERS)
def show() -> Response:
    """The caller's own exports, newest first."""
    with db.read() as session:
        return jsonify({"items": [_export(row) for row in exports.mine(session, current_actor())], "next": None})


@blueprint.route("/exports/<export_id>")
@signed_in(*exports.READERS)
def one(export_id: str) -> Response:
    """How far one of the caller's exports is."""
    with db.read() as session:
        return jsonify(_export(exports.find(session, current_actor(), export_id)))


@blueprint.route("/exports/<export_id>/file")
@signed_in(*exports.READERS)
def file(export_id: str) -> Response:
    """The file, in parts where asked. 404 when the caller may no longer see all of it; 409 while it is written."""
    settings: Settings = current_app.config["RUHU"]
    actor = current_actor()
    row, path = db.transact(lambda session: exports.download(session, settings, actor, export_id))
    start, stop, status = _part(row.id, row.size or 0)
    answer = Response(opened_part(path, row.file_key or b"", start, stop), status, mimetype=exports.media_type(row))
    answer.headers.set("Content-Disposition", "attachment", filename=row.filename)
    answer.headers["Content-Length"] = str(stop - start)
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Cache-Control"] = "no-store"
    answer.set_etag(row.id)
    if status == 206:
        answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{row.size}"
    return answer


def _part(etag: str, size: int) -> tuple[int, int, int]:
    """First byte, the one behind the last, and the status; all of it where no single part was asked for."""
    asked, unless = request.range, request.if_range
    if asked is None or len(asked.ranges) != 1 or (unless.etag is not None and unless.etag != etag):
        return 0, size, 200
    part = asked.range_for_length(size)
    if part is None:
        raise RequestedRangeNotSatisfiable(size)
    return part[0], part[1], 206


@blueprint.route("/forms/<form_id>/codebook.xlsx")
@signed_in()
def codebook(form_id: str) -> Response:
    """Every question, code and rule of every published version of a form, in both languages."""
    with db.read() as session:
        content = codebook_of(session, definitions(), form_id)
    if content is None:
        raise Problem("form.not_found")
    name = f"{form_id}-codebook.xlsx"
    return send_file(io.BytesIO(content), mimetype=_SHEET, as_attachment=True, download_name=name)


# An instance id is any text that a client made up, slashes included.
@blueprint.route("/submissions/<path:instance_id>/answers.json")
@signed_in()
def answers(instance_id: str) -> Response:
    """The answers of one submission as typed JSON, nested as in the form."""
    actor = current_actor()
    with db.read() as session:
        found = submission_answers(session, actor, definitions(), instance_id)
    if found is None:
        raise Problem("record.not_found")
    if actor.has(*exports.READERS):
        db.transact(lambda session: note(session, actor.id, "answers.read", instance_id))
    return jsonify(found)


def _export(row: Export) -> dict[str, Any]:
    moments = {"asked_at": row.asked_at, "ended_at": row.ended_at}
    asked = {{"since": "from", "until": "to"}.get(name, name): value for name, value in row.asked.items()}
    return {
        "id": row.id,
        "kind": row.kind,
        "asked": asked,
        "state": row.state,
        "filename": row.filename,
        "rows": row.rows,
        "size": row.size,
        "written": exports.written_so_far(current_app.config["RUHU"], row),
        "made": row.made,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
