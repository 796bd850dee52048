"""Vector tiles of what the reader may see."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api.bodies import Loose
from server.api.lists import refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.evidence.layers import LAYERS, Narrowed, draw
from server.geo.tile import MEDIA_TYPE, Tile

blueprint = Blueprint("tiles", __name__, description="Households, submissions and photos as vector tiles")
blueprint.before_request(refuse_nul)

KEPT = 60  # seconds in the reader's own cache; nobody else's


class Asked(Loose):
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    since = fields.AwareDateTime(load_default=None, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, data_key="to", format="iso")


@blueprint.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
@signed_in()
@blueprint.arguments(Asked, location="query")
def tile(asked: dict[str, Any], layer: str, z: int, x: int, y: int) -> Response:
    """households, submissions or photos: points with ids, or `count` where there are many; 204 for none.

    `region=` narrows them to an area and what lies below it; `from=` (in) and `to=` (out) visits by when they were
    received and photos by when they were taken.
    """
    wanted = Tile(z, x, y)
    if layer not in LAYERS or not wanted.exists():
        raise Problem("record.not_found")
    with db.read() as session:
        content = draw(session, current_actor(), layer, wanted, Narrowed(**asked))
    answer = Response(content, status=200 if content else 204, mimetype=MEDIA_TYPE)
    # What is drawn depends on the reader: the cache is the reader's own and asks with the reader's own name.
    answer.headers["Cache-Control"] = f"private, max-age={KEPT}"
    answer.headers["Vary"] = "Authorization, Cookie"
    answer.set_etag(hashlib.sha256(content).hexdigest()[:32])
    answer.make_conditional(request)
    return answer
