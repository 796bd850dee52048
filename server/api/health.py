"""For whoever runs the server: alive, ready, measured."""

from __future__ import annotations

import os

from flask import Blueprint, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import DBAPIError

from server import db, schema
from server.config import Settings
from server.sync.blobs import store_of

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Database, store and migrations are in order."""
    checks = {"database": _database(), "store": _store()}
    ready = all(checks.values())
    return jsonify({"status": "ready" if ready else "not ready", "checks": checks}), 200 if ready else 503


def _database() -> bool:
    try:
        return schema.is_current(db.db.engine)
    except DBAPIError:
        return False


def _store() -> bool:
    settings: Settings = current_app.config["RUHU"]
    return settings.var.is_dir() and os.access(settings.var, os.W_OK) and store_of(settings).is_ready()


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
