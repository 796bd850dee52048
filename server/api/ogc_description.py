"""The description of OGC API Features (OpenAPI 3.0) that its landing page names: these pages alone."""

from __future__ import annotations

from typing import Any

from server.api.ogc_asked import LARGEST

MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.0"
_QUERY: dict[str, dict[str, Any]] = {
    "f": {"schema": {"type": "string", "enum": ["json"]}},
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": 100}},
    "bbox": {
        "description": "west,south,east,north in degrees (CRS84), or six numbers with heights",
        "style": "form",
        "explode": False,
        "schema": {
            "type": "array", "items": {"type": "number"},
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
        },
    },
    "datetime": {
        "description": "A moment (RFC 3339), or two with / between; .. is open",
        "style": "form",
        "explode": False,
        "schema": {"type": "string"},
    },
    "after": {"description": "From the link `next`", "schema": {"type": "string"}},
}  # fmt: skip
_JSON = "application/json"
GEOJSON = "application/geo+json"
_PATHS: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "/": ("landing", "The landing page", (), _JSON),
    "/conformance": ("conformance", "What this conforms to", (), _JSON),
    "/api": ("description", "This description", (), MEDIA_TYPE),
    "/collections": ("collections", "All collections", (), _JSON),
    "/collections/{collectionId}": ("collection", "One collection", (), _JSON),
    "/collections/{collectionId}/items": (
        "items", "A page of features", ("limit", "bbox", "datetime", "after"), GEOJSON,
    ),
    "/collections/{collectionId}/items/{featureId}": ("item", "One feature", (), GEOJSON),
}  # fmt: skip


def description(address: str) -> dict[str, Any]:
    """The document; `address`: of the landing page."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "Ruhu 入户: OGC API Features", "version": "1.0.0"},
        "servers": [{"url": address}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": {path: {"get": _operation(path, *said)} for path, said in _PATHS.items()},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
            "parameters": {name: _parameter(name) for name in _QUERY},
        },
    }


def _operation(path: str, name: str, summary: str, query: tuple[str, ...], media_type: str) -> dict[str, Any]:
    named = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    in_path = [{"name": one, "in": "path", "required": True, "schema": {"type": "string"}} for one in named]
    in_query = [{"$ref": f"#/components/parameters/{one}"} for one in ("f", *query)]
    answers = {
        "200": {"description": summary, "content": {media_type: {"schema": {"type": "object"}}}},
        "400": {"description": "A parameter that is not known or not right"},
        "401": {"description": "Sign in"},
    }
    if named:
        answers["404"] = {"description": "Not there for this reader"}
    return {"operationId": name, "summary": summary, "parameters": [*in_path, *in_query], "responses": answers}


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, **_QUERY[name]}
