"""Registers of an office: preview, then apply; what was refused and what is no longer named, as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from flask import Response, current_app, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from server import db
from server.accounts.audit import note
from server.api import parts
from server.api.lists import definitions, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Fault, Problem
from server.evidence import tasks as worker
from server.imports import applying, asking, listing, looking, tasks
from server.imports.files import refused_csv, vanished_csv
from server.imports.job import staging_path
from server.imports.mapping import MOST_HEADER_ROWS
from server.imports.sheets import look_at
from server.imports.staging import Staging

blueprint = Blueprint("imports", __name__, description="Registers of an office")
blueprint.before_request(refuse_nul)

AT_ONCE = 1024 * 1024  # bytes: a register that is read while the desk waits
MAPPING_BYTES = 256 * 1024
HOUSEHOLDS_AT_ONCE = 100


class RegisterImportShape(Schema):
    """`state`: waiting, reading, previewed, applying, applied, failed, expired. No record is in it."""

    import_id = fields.UUID(required=True)
    state = fields.String(required=True)
    source = fields.String(required=True)
    number = fields.Integer(allow_none=True, metadata={"description": "Place among the imports of this source"})
    filename = fields.String(required=True)
    file_hash = fields.String(required=True)
    counts = fields.Dict(metadata={"description": "By dataset: new, changed, unchanged, conflicting, refused"})
    applied = fields.Dict(metadata={"description": "The same, of what was applied so far"})
    households = fields.Integer()
    reached = fields.Integer(metadata={"description": "Households whose writes are committed"})
    refused_rows = fields.Integer()
    vanished = fields.Integer()
    problems = fields.List(fields.Dict())
    notes = fields.List(fields.String())
    error = fields.String(allow_none=True)
    asked_at = fields.DateTime()
    ended_at = fields.DateTime(allow_none=True)


@blueprint.route("/imports/register", methods=["POST"])
@blueprint.doc(
    requestBody=parts.described(
        ["file", "mapping"],
        {
            "file": {"type": "string", "format": "binary", "description": "CSV or .xlsx"},
            "mapping": {"type": "string", "format": "binary", "description": "YAML, docs/IMPORT.md"},
            "members": {"type": "string", "format": "binary", "description": "Members, in a second file"},
            "region": {"type": "string", "description": "Code; nothing outside it is touched"},
        },
    )
)
@blueprint.response(200, RegisterImportShape)
@signed_in("admin")
def ask() -> tuple[Response, int]:
    """Takes a register in and says what applying it would do. 202: it is being read, ask again by its id."""
    request.max_content_length = _settings().import_bytes + MAPPING_BYTES
    file = parts.sent_file("register")
    members = request.files.get("members")
    asked = asking.Asked(
        filename=file.filename or "register",
        file=cast(BinaryIO, file.stream),
        mapping=_mapping(),
        members=cast(BinaryIO, members.stream) if members else None,
        region=request.form.get("region") or None,
    )
    import_id = asking.ask(_settings(), definitions(), current_actor(), asked)
    if (request.content_length or AT_ONCE + 1) <= AT_ONCE:
        looking.look_over(_settings(), definitions(), import_id)
        return _one(import_id), 200
    _later(import_id)
    return _one(import_id), 202


def _mapping() -> str:
    """The mapping's text, sent as a file or as a field."""
    part = request.files.get("mapping")
    content = part.stream.read(MAPPING_BYTES + 1) if part else request.form.get("mapping", "").encode()
    if not content or len(content) > MAPPING_BYTES:
        fix = "Send the mapping (YAML, at most 256 KiB) as part mapping."
        raise Problem("request.invalid", faults=[Fault("mapping", "It is missing or too large.", fix)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem("request.invalid", faults=[Fault("mapping", "It is not UTF-8.", "Save it as UTF-8.")]) from error


@blueprint.route("/imports/register/columns", methods=["POST"])
@signed_in("admin")
def columns() -> Response:
    """The sheets of a register and the names of their columns, for making a mapping. Nothing of the file is kept."""
    request.max_content_length = _settings().import_bytes + MAPPING_BYTES
    file = parts.sent_file("register")
    header_row = request.form.get("header_row", "1")
    if not (header_row.isascii() and header_row.isdigit() and 1 <= int(header_row) <= MOST_HEADER_ROWS):
        fix = f"A number from 1 to {MOST_HEADER_ROWS}."
        raise Problem("request.invalid", faults=[Fault("header_row", "It is no row of a header.", fix)])
    opened = look_at(file.stream, file.filename or "register", int(header_row))
    named = [(sheet.name, [name for name in sheet.header if name]) for sheet in opened.sheets.values()]
    return jsonify({"sheets": [{"name": name, "columns": found} for name, found in named], "notes": list(opened.notes)})


@blueprint.route("/imports/register")
@signed_in("admin")
def show() -> Response:
    """The caller's own imports, newest first."""
    with db.read() as session:
        items = [listing.on_wire(row) for row in listing.mine(session, current_actor())]
    return jsonify({"items": items, "next": None})


@blueprint.route("/imports/register/<import_id>")
@blueprint.response(200, RegisterImportShape)
@signed_in("admin")
def one(import_id: str) -> Response:
    """How far one of the caller's imports is, its counts and its problems."""
    return _one(import_id)


@blueprint.route("/imports/register/<import_id>/apply", methods=["POST"])
@blueprint.response(200, RegisterImportShape)
@signed_in("admin")
def apply(import_id: str) -> tuple[Response, int]:
    """Merges it. Again is harmless. 202: it goes on in the background. Problems import.state, import.busy."""
    row = db.transact(lambda session: applying.start(session, current_actor(), import_id))
    if row.state == "applying" and row.households <= HOUSEHOLDS_AT_ONCE:
        applying.go_on(_settings(), definitions(), import_id)
    elif row.state == "applying":
        _later(import_id)
        return _one(import_id), 202
    return _one(import_id), 200


@blueprint.route("/imports/register/<import_id>/refused.csv")
@signed_in("admin")
def refused(import_id: str) -> Response:
    """Rows that were not taken, as they came, each with its reasons."""
    return _file(import_id, refused_csv, "refused")


@blueprint.route("/imports/register/<import_id>/vanished.csv")
@signed_in("admin")
def vanished(import_id: str) -> Response:
    """Records that an earlier import wrote and this register does not name; they stay as they are."""
    return _file(import_id, vanished_csv, "vanished")


def _file(import_id: str, lines: Callable[[Staging], Iterator[str]], what: str) -> Response:
    actor = current_actor()
    with db.read() as session:
        row = listing.find(session, actor, import_id)
    try:
        staging = Staging(staging_path(_settings(), row.id), row.secret)
    except FileNotFoundError as error:
        raise Problem("import.state", detail=row.state) from error
    db.transact(lambda session: note(session, actor.id, f"register.{what}_read", row.id))

    def stream() -> Iterator[str]:
        try:
            yield from lines(staging)
        finally:
            staging.close()

    answer = Response(stream(), content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{what}-{row.id[:8]}.csv")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _one(import_id: str) -> Response:
    with db.read() as session:
        return jsonify(listing.on_wire(listing.find(session, current_actor(), import_id)))


def _later(import_id: str) -> None:
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    tasks.register(app, worker.queue(app).huey)(import_id)


def _settings() -> Settings:
    found: Settings = current_app.config["RUHU"]
    return found
