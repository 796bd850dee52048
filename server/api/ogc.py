"""OGC API - Features, Part 1 (17-069r4), core and GeoJSON: what QGIS opens as a layer.

Sign in as everywhere (in QGIS: an "API Header" named Authorization) or by user name and password over HTTPS ("Basic").
Each reader gets the own area.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import RAISE

from server import db
from server.accounts.audit import note
from server.api.lists import definitions, refuse_nul
from server.api.ogc_asked import LARGEST, Asked, Plain
from server.api.ogc_description import GEOJSON, MEDIA_TYPE, description
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.evidence.feature_layers import COLLECTIONS
from server.evidence.features import Wanted, feature, features, with_address
from server.reports.exports import READERS

CONFORMS = [f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "oas30", "geojson")]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

blueprint = Blueprint("ogc", __name__, description="OGC API Features for QGIS and its like")
blueprint.before_request(refuse_nul)
_plain = partial(blueprint.arguments, Plain, location="query", unknown=RAISE)


@blueprint.after_request
def _ask_for_password(answer: Response) -> Response:
    """A program that was given a user name waits for being asked; a page of our own never comes here."""
    if answer.status_code == 401 and request.is_secure:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Ruhu", charset="UTF-8"'
    return answer


@blueprint.get("/ogc")
@signed_in(basic=True)
@_plain()
def landing(asked: dict[str, Any]) -> Response:
    """The landing page, with links to the rest."""
    links = [
        _link("self", "", "This page"),
        _link("service-desc", "/api", "The description", type=MEDIA_TYPE),
        _link("conformance", "/conformance", "What this conforms to"),
        _link("data", "/collections", "The collections"),
    ]
    about = "农户、走访记录、照片 / Households, submissions, photos"
    return jsonify({"title": "Ruhu 入户", "description": about, "links": links})


@blueprint.get("/ogc/api")
@signed_in(basic=True)
@_plain()
def described(asked: dict[str, Any]) -> Response:
    """The description of these pages in OpenAPI 3.0."""
    answer = jsonify(description(_address("")))
    answer.headers["Content-Type"] = MEDIA_TYPE
    return answer


@blueprint.get("/ogc/conformance")
@signed_in(basic=True)
@_plain()
def conformance(asked: dict[str, Any]) -> Response:
    """The classes of the standard that these pages keep."""
    return jsonify({"conformsTo": CONFORMS})


@blueprint.get("/ogc/collections")
@signed_in(basic=True)
@_plain()
def collections(asked: dict[str, Any]) -> Response:
    """All collections."""
    found = [_collection(name) for name in COLLECTIONS]
    return jsonify({"collections": found, "links": [_link("self", "/collections", "This page")]})


@blueprint.get("/ogc/collections/<name>")
@signed_in(basic=True)
@_plain()
def collection(asked: dict[str, Any], name: str) -> Response:
    """One collection."""
    _known(name)
    return jsonify(_collection(name))


@blueprint.get("/ogc/collections/<name>/items")
@signed_in(basic=True)
@blueprint.arguments(Asked, location="query", unknown=RAISE)
def items(asked: dict[str, Any], name: str) -> Response:
    """A page of features; `bbox=west,south,east,north`, `datetime=from/to`, `limit`; the link `next` goes on."""
    _known(name)
    since, until = asked["datetime"]
    wanted = Wanted(asked["bbox"], since, until)
    limit = min(asked["limit"], LARGEST)
    actor = current_actor()
    with db.read() as session:
        found = features(session, actor, definitions(), name, wanted, limit, asked["after"])
    if found.features and actor.has(*READERS):
        db.transact(lambda session: note(session, actor.id, "features.read", name, rows=len(found.features)))
    path = f"/collections/{name}/items"
    links = [_link("self", path, "This page", request.args.to_dict(), type=GEOJSON)]
    if found.next is not None:
        links.append(_link("next", path, "The next page", request.args.to_dict() | {"after": found.next}, type=GEOJSON))
    body = {
        "type": "FeatureCollection",
        "features": [_linked(one) for one in found.features],
        "numberReturned": len(found.features),
        "timeStamp": db.now().isoformat(),
        "links": links,
    }
    return _geojson(body)


@blueprint.get("/ogc/collections/<name>/items/<path:key>")
@signed_in(basic=True)
@_plain()
def item(asked: dict[str, Any], name: str, key: str) -> Response:
    """One feature."""
    _known(name)
    with db.read() as session:
        found = feature(session, current_actor(), definitions(), name, key)
    if found is None:
        raise Problem("record.not_found")
    path = f"/collections/{name}"
    links = [
        _link("self", f"{path}/items/{quote(key, safe='')}", "This feature", type=GEOJSON),
        _link("collection", path, "Its collection"),
    ]
    return _geojson(_linked(found) | {"links": links})


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
    rel: str, path: str, title: str, query: dict[str, str] | None = None, type: str = "application/json"
) -> dict[str, str]:
    href = _address(path) + (f"?{urlencode(query)}" if query else "")
    return {"rel": rel, "href": href, "type": type, "title": title}


def _address(path: str) -> str:
    return f"{request.host_url.rstrip('/')}/api/v1/ogc{path}"


def _linked(one: dict[str, Any]) -> dict[str, Any]:
    return with_address(one, request.host_url.rstrip("/"))


def _geojson(body: dict[str, Any]) -> Response:
    answer = jsonify(body)
    answer.mimetype = GEOJSON
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
