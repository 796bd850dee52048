"""Answers as data: exports (asked for, written in the background, fetched), codebooks, one submission as typed JSON."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, current_app, jsonify, send_file
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.accounts.audit import note
from server.api.bodies import Loose
from server.api.lists import definitions, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.evidence import tasks as worker
from server.reports import exports, tasks
from server.reports.answer_export import FORMATS
from server.reports.answer_files import WORDS
from server.reports.codebook_of import codebook_of
from server.reports.one_submission import submission_answers
from server.reports.tables import Export
from server.sealing.files import opened_file

blueprint = Blueprint("exports", __name__, description="Answers as data")
blueprint.before_request(refuse_nul)

_SHEET = FORMATS["xlsx"][1]


class Wanted(Loose):
    """`from` is in, `to` is out; both RFC 3339 with zone, of the time of receipt. `words`: codes, or labels."""

    form_id = fields.String(required=True, validate=validate.Length(1, 100))
    region = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    since = fields.AwareDateTime(load_default=None, allow_none=True, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, allow_none=True, data_key="to", format="iso")
    status = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=12))
    format = fields.String(load_default="csv", validate=validate.OneOf(tuple(FORMATS)))
    words = fields.String(load_default="codes", validate=validate.OneOf(tuple(WORDS)))


@blueprint.route("/exports", methods=["POST"])
@signed_in(*exports.READERS)
@blueprint.arguments(Wanted)
def ask(body: dict[str, Any]) -> tuple[Response, int]:
    """Has the answers of a form written to a file. 202: it waits; ask again by its id, then fetch the file."""
    asked = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in body.items()}
    actor = current_actor()
    row = db.transact(lambda session: exports.ask(session, actor, asked))
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
    """The file. 404 when the caller may no longer see all that is in it; 409 while it is being written."""
    settings: Settings = current_app.config["RUHU"]
    actor = current_actor()
    row, path = db.transact(lambda session: exports.download(session, settings, actor, export_id))
    media_type = FORMATS[row.asked["format"]][1]
    answer = Response(opened_file(path, row.file_key or b""), mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=row.filename)
    answer.headers["Content-Length"] = str(row.size)
    answer.headers["Cache-Control"] = "no-store"
    return answer


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
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
