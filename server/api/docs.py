"""The API description as a page to browse; Swagger UI comes with the package, nothing from elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, send_from_directory
from swagger_ui_bundle import swagger_ui_path

blueprint = Blueprint("docs", __name__, url_prefix="/api/v1/docs")

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>Ruhu API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/api/v1/docs/swagger-ui.css"><div id="ui"></div>
<script src="/api/v1/docs/swagger-ui-bundle.js"></script><script src="/api/v1/docs/start.js"></script></html>"""

START = "SwaggerUIBundle({url: '/api/v1/openapi.json', dom_id: '#ui', deepLinking: true, validatorUrl: null});"


@blueprint.get("")
def page() -> Response:
    return Response(PAGE, mimetype="text/html")


@blueprint.get("/start.js")
def start() -> Response:
    return Response(START, mimetype="text/javascript")


@blueprint.get("/<name>")
def asset(name: str) -> Response:
    return send_from_directory(swagger_ui_path, name)
