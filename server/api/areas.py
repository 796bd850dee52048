"""Areas in the hands of administrators: files of regions and boundaries, new names, moves."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from server import db
from server.api import parts
from server.api.bodies import Loose
from server.api.lists import refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Fault, Problem
from server.geo.boundaries import Declared
from server.geo.regions import RegionImport
from server.sync import area_changes, area_import
from server.sync.area_changes import Change
from server.sync.area_import import Files

blueprint = Blueprint("areas", __name__, description="Importing, renaming and moving regions")
blueprint.before_request(refuse_nul)

MOST_BYTES = 30 * 1024 * 1024  # of each file: boundaries of a county's villages
WORDS = validate.Regexp(r"\s*\S")  # blanks alone are neither a name nor a reason
DATUMS = ("", "gcj02", "bd09", "wgs84", "cgcs2000")


class NewChange(Loose):
    """`id` from the client makes sending it again harmless; a day that has come changes the region at once."""

    id = fields.UUID(load_default=uuid.uuid4)
    region = fields.String(required=True, validate=validate.Length(max=20))
    kind = fields.String(required=True, validate=validate.OneOf(area_changes.KINDS))
    day = fields.Date(required=True)
    reason = fields.String(required=True, validate=[validate.Length(1, 200), WORDS])
    parent = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    name_zh = fields.String(load_default=None, allow_none=True, validate=[validate.Length(1, 100), WORDS])
    name_en = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
    preview = fields.Boolean(load_default=False)


class AskedChanges(Schema):
    class Meta:
        unknown = EXCLUDE

    region = fields.String(load_default=None, validate=validate.Length(max=20))


class _OnlyLooked(Exception):
    """Leaves the transaction without committing it."""

    def __init__(self, done: RegionImport) -> None:
        super().__init__()
        self.done = done


@blueprint.post("/regions/import")
@blueprint.doc(
    requestBody=parts.described(
        ["file"],
        {
            "file": {"type": "string", "format": "binary", "description": "CSV, GeoJSON or GeoPackage"},
            "boundaries": {"type": "string", "format": "binary", "description": "Beside a CSV"},
            "crs": {"type": "string", "description": "EPSG:4547, in place of the file's own word"},
            "datum": {"type": "string", "enum": list(DATUMS)},
            "swap_axes": {"type": "string", "description": "1: the northern coordinate comes first"},
            "apply": {"type": "string", "description": "1: import; else only say what would happen"},
        },
    )
)
@signed_in("admin")
def import_file() -> Response:
    """What a file of regions or boundaries would change, with repairs and misfits; with `apply=1` it is imported."""
    request.max_content_length = 2 * MOST_BYTES
    actor, files, apply = current_actor(), _files(), request.form.get("apply") == "1"

    def work(session: Session) -> RegionImport:
        done = area_import.import_areas(session, actor, files)
        if not apply:
            raise _OnlyLooked(done)
        return done

    try:
        done = db.transact(work)
    except _OnlyLooked as looked:
        done = looked.done
    return jsonify({**asdict(done), "applied": apply})


def _files() -> Files:
    file = parts.sent_file("table")
    form = request.form
    datum = form.get("datum", "")
    if datum not in DATUMS:
        raise Problem("request.invalid", faults=[Fault("datum", "It is unknown.", f"One of {', '.join(DATUMS[1:])}.")])
    declared = Declared(form.get("crs", "")[:40], datum, form.get("swap_axes") == "1")
    beside = request.files.get("boundaries")
    name = (file.filename or "regions")[:150]
    return Files.of(name, _bytes(file), _bytes(beside) if beside else None, declared)


def _bytes(file: FileStorage) -> bytes:
    content = file.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Problem("request.too_large", detail=f"{MOST_BYTES} bytes")
    return content


@blueprint.get("/regions/changes")
@signed_in("supervisor", "admin", "auditor")
@blueprint.arguments(AskedChanges, location="query")
def show(asked: dict[str, Any]) -> Response:
    """Names and places that regions had, have, and will have from a day on; `state`: waiting, applied, withdrawn."""
    with db.read() as session:
        return jsonify({"items": area_changes.list_changes(session, current_actor(), asked["region"]), "next": None})


@blueprint.post("/regions/changes")
@signed_in("admin")
@blueprint.arguments(NewChange)
def make(body: dict[str, Any]) -> tuple[Response, int]:
    """A new name, or another region above, from a day on; `preview` says what lies in it and changes nothing."""
    actor, preview = current_actor(), body.pop("preview")
    wanted = Change(**{**body, "id": str(body["id"])})
    if preview:
        with db.read() as session:
            return jsonify(area_changes.look_over(session, actor, wanted)), 200
    return jsonify(db.transact(lambda session: area_changes.make(session, actor, wanted))), 201


@blueprint.delete("/regions/changes/<uuid:change_id>")
@signed_in("admin")
def withdraw(change_id: UUID) -> Response:
    """Ends a change whose day has not come."""
    actor = current_actor()
    db.transact(lambda session: area_changes.withdraw(session, actor, str(change_id)))
    return Response(status=204)
