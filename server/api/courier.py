"""Files with another phone's unsent work, carried in by anybody who is signed in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from flask import Response, current_app, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.evidence.tasks import enqueue
from server.sync import courier
from server.sync.blob_store import PIECE

blueprint = Blueprint("courier", __name__, description="Work that another phone could not send")

MEDIA_TYPE = "application/vnd.ruhu.courier"


class CarriedShape(Schema):
    """Counts only. `complete` false: damaged behind its manifest; `verified` false: its phone does not vouch for it."""

    id = fields.String(required=True, metadata={"description": "SHA-256 of the file"})
    complete = fields.Boolean(required=True)
    verified = fields.Boolean(required=True)
    ops = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    files = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    problem = fields.Dict()


@blueprint.route("/sync/courier", methods=["POST"])
@blueprint.doc(requestBody={"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}})
@blueprint.response(200, CarriedShape)
@signed_in()
def carry() -> Response:
    """Takes in a courier file (docs/COURIER.md); its ops are judged as their author's."""
    settings: Settings = current_app.config["RUHU"]
    with _body(settings) as file:
        carried = courier.take(settings, current_actor(), file)
    enqueue(carried.bound)
    return jsonify(carried.for_wire())


@contextmanager
def _body(settings: Settings) -> Iterator[IO[bytes]]:
    """The body in a temporary file. Problem request.too_large; a body that breaks off is courier.damaged."""
    request.max_content_length = settings.courier_bytes
    settings.staging.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.staging) as file:
        try:
            while piece := request.stream.read(PIECE):
                file.write(piece)
        except RequestEntityTooLarge as error:
            raise Problem("request.too_large", detail=f"{settings.courier_bytes} bytes") from error
        except ClientDisconnected as error:
            raise Problem("courier.damaged", detail="cut") from error
        file.seek(0)
        yield file
