"""The division tree, as far as a person may see it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields

from server import db
from server.api.lists import refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.sync.areas import list_regions

blueprint = Blueprint("regions", __name__, description="Areas from province to village group")
blueprint.before_request(refuse_nul)


class Asked(Schema):
    class Meta:
        unknown = EXCLUDE

    geometry = fields.Boolean(load_default=False)


@blueprint.route("/regions")
@signed_in()
@blueprint.arguments(Asked, location="query")
def regions(asked: dict[str, Any]) -> Response:
    """Areas with names and number of households; `geometry=1` adds boundaries (GeoJSON, WGS-84)."""
    with db.read() as session:
        items = list_regions(session, current_actor(), asked["geometry"])
    answer = jsonify({"items": items})
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    return answer
