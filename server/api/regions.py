"""The division tree, as far as a person may see it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate

from server import db
from server.api.lists import refuse_nul
from server.api.place_shapes import RegionsAtShape
from server.api.signed_in import current_actor, signed_in
from server.geo.datum import NAMES
from server.sync.areas import list_regions
from server.sync.place import declared_point
from server.sync.places import regions_at

blueprint = Blueprint("regions", __name__, description="Areas from province to village group")
blueprint.before_request(refuse_nul)


class Asked(Schema):
    class Meta:
        unknown = EXCLUDE

    geometry = fields.Boolean(load_default=False)


class AskedAt(Schema):
    class Meta:
        unknown = EXCLUDE

    lon = fields.Float(required=True, validate=validate.Range(min=-180, max=180))
    lat = fields.Float(required=True, validate=validate.Range(min=-90, max=90))
    datum = fields.String(load_default="wgs84", validate=validate.OneOf(sorted(NAMES)))


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


@blueprint.get("/regions/at")
@signed_in()
@blueprint.arguments(AskedAt, location="query")
@blueprint.response(200, RegionsAtShape)
def regions_around(asked: dict[str, Any]) -> Response:
    """Regions in sight that a position lies in or near, smallest first, with metres to their boundary."""
    where = declared_point(asked)
    if where is None:  # nowhere: the datum that is declared means nothing there
        return jsonify({"items": []})
    with db.read() as session:
        return jsonify({"items": regions_at(session, current_actor(), where.x, where.y)})
