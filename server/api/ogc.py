"""OGC API - Features, Part 1 (17-069r4), core and GeoJSON: what QGIS opens as a layer.

Sign in as everywhere (in QGIS: an "API Header" named Authorization); each reader gets the own area.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server import db
from server.api.lists import BoxField, definitions, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.evidence.feature_layers import COLLECTIONS
from server.evidence.features import Wanted, feature, features

LARGEST = 1000
GEOJSON = "application/geo+json"
CONFORMS = [f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "oas30", "geojson")]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

blueprint = Blueprint("ogc", __name__, description="OGC API Features for QGIS and its like")
blueprint.before_request(refuse_nul)


class MomentsField(fields.Field[tuple[datetime | None, datetime | None]]):
    """A moment or a day, or two with `/` between; `..` or nothing is open."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        parts = str(value).split("/")
        if len(parts) > 2:
            raise ValidationError("One moment, or two with / between.")
        return _moment(parts[0], time.min), _moment(parts[-1], time.max)


class Asked(Schema):
    class Meta:
        unknown = EXCLUDE

    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=LARGEST))
    after = fields.String(load_default=None, validate=validate.Length(min=1, max=200))
    bbox = BoxField(load_default=None)
    datetime = MomentsField(load_default=(None, None))


@blueprint.get("/ogc")
@signed_in()
def landing() -> Response:
    """The landing page, with links to the rest."""
    links = [
        _link("self", "", "This page"),
        _link("service-desc", "", "The description", address="/api/v1/openapi.json", type="application/json"),
        _link("conformance", "/conformance", "What this conforms to"),
        _link("data", "/collections", "The collections"),
    ]
    about = "农户、走访记录、照片 / Households, submissions, photos"
    return jsonify({"title": "Ruhu 入户", "description": about, "links": links})


@blueprint.get("/ogc/conformance")
@signed_in()
def conformance() -> Response:
    return jsonify({"conformsTo": CONFORMS})


@blueprint.get("/ogc/collections")
@signed_in()
def collections() -> Response:
    """All collections."""
    found = [_collection(name) for name in COLLECTIONS]
    return jsonify({"collections": found, "links": [_link("self", "/collections", "This page")]})


@blueprint.get("/ogc/collections/<name>")
@signed_in()
def collection(name: str) -> Response:
    """One collection."""
    _known(name)
    return jsonify(_collection(name))


@blueprint.get("/ogc/collections/<name>/items")
@signed_in()
@blueprint.arguments(Asked, location="query")
def items(asked: dict[str, Any], name: str) -> Response:
    """A page of features; `bbox=west,south,east,north`, `datetime=from/to`, `limit`; the link `next` goes on."""
    _known(name)
    since, until = asked["datetime"]
    wanted = Wanted(asked["bbox"], since, until)
    with db.read() as session:
        found = features(session, current_actor(), definitions(), name, wanted, asked["limit"], asked["after"])
    path = f"/collections/{name}/items"
    links = [_link("self", path, "This page", request.args.to_dict(), type=GEOJSON)]
    if found.next is not None:
        links.append(_link("next", path, "The next page", request.args.to_dict() | {"after": found.next}, type=GEOJSON))
    body = {
        "type": "FeatureCollection",
        "features": found.features,
        "numberReturned": len(found.features),
        "timeStamp": db.now().isoformat(),
        "links": links,
    }
    return _geojson(body)


@blueprint.get("/ogc/collections/<name>/items/<path:key>")
@signed_in()
def item(name: str, key: str) -> Response:
    """One feature."""
    _known(name)
    with db.read() as session:
        found = feature(session, current_actor(), definitions(), name, key)
    if found is None:
        raise Problem("record.not_found")
    path = f"/collections/{name}"
    links = [
        _link("self", f"{path}/items/{key}", "This feature", type=GEOJSON),
        _link("collection", path, "Its collection"),
    ]
    return _geojson(found | {"links": links})


def _moment(text: str, at: time) -> datetime | None:
    """A day begins and ends as China's clocks say; a moment without a zone is refused."""
    if text in ("", ".."):
        return None
    try:
        found = datetime.fromisoformat(text)
        if len(text) == 10:
            return datetime.combine(found.date(), at, db.CHINA)
        if found.tzinfo is None:
            raise ValidationError("A moment with its zone, like 2026-11-22T08:00:00+08:00, or a day.")
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValidationError("A moment with its zone, like 2026-11-22T08:00:00+08:00, or a day.") from error


def _known(name: str) -> None:
    if name not in COLLECTIONS:
        raise Problem("record.not_found")


def _collection(name: str) -> dict[str, Any]:
    titles = COLLECTIONS[name].titles
    path = f"/collections/{name}"
    return {
        "id": name,
        "title": f"{titles['zh']} {titles['en']}",
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            _link("self", path, titles["en"]),
            _link("items", f"{path}/items", titles["en"], type=GEOJSON),
        ],
    }


def _link(
    rel: str, path: str, title: str, query: dict[str, str] | None = None, type: str = "application/json",
    address: str | None = None,
) -> dict[str, str]:  # fmt: skip
    base = request.host_url.rstrip("/")
    where = f"{base}{address}" if address else f"{base}/api/v1/ogc{path}"
    return {"rel": rel, "href": where + (f"?{urlencode(query)}" if query else ""), "type": type, "title": title}


def _geojson(body: dict[str, Any]) -> Response:
    answer = jsonify(body)
    answer.mimetype = GEOJSON
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
