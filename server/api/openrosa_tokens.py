"""Tokens for ODK Collect, shown once as a QR code that the app scans."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import segno
from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api.bodies import Loose
from server.api.lists import refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.sync import collectors

blueprint = Blueprint("openrosa_tokens", __name__, description="Tokens for ODK Collect")
blueprint.before_request(refuse_nul)

DAYS = 365
MOST_DAYS = 730


class NewToken(Loose):
    name = fields.String(load_default="", validate=validate.Length(max=100))
    days = fields.Integer(load_default=DAYS, strict=True, validate=validate.Range(1, MOST_DAYS))


@blueprint.route("/users/<uuid:person_id>/openrosa-tokens", methods=["POST"])
@signed_in("admin")
@blueprint.arguments(NewToken)
def add(body: dict[str, Any], person_id: UUID) -> tuple[Response, int]:
    """A token for one device of a person, with Collect's settings and their QR code. Shown once, never again."""
    actor = current_actor()
    lifetime = timedelta(days=body["days"])
    issued = db.transact(
        lambda session: collectors.issue_collect_token(session, actor, str(person_id), body["name"], lifetime)
    )
    settings = collect_settings(f"{request.url_root}key/{issued.token}")
    answer = {
        "token": issued.token,
        "install_id": issued.row.install_id,
        "expires_at": issued.row.expires_at.isoformat(),
        "settings": settings,
        "qr_png": qr_png(settings),
    }
    return jsonify(answer), 201


@blueprint.route("/users/<uuid:person_id>/openrosa-tokens")
@signed_in("admin")
def show(person_id: UUID) -> Response:
    """Which devices of a person have a token; the tokens themselves nobody sees again."""
    actor = current_actor()
    with db.read() as session:
        rows = collectors.list_collect_tokens(session, actor, str(person_id))
    return jsonify({"items": [_shown(row) for row in rows], "next": None})


@blueprint.route("/users/<uuid:person_id>/openrosa-tokens/<uuid:install_id>", methods=["DELETE"])
@signed_in("admin")
def revoke(person_id: UUID, install_id: UUID) -> Response:
    """Ends the token of one device."""
    actor = current_actor()
    db.transact(lambda session: collectors.revoke_collect_token(session, actor, str(person_id), str(install_id)))
    return Response(status=204)


def _shown(row: collectors.CollectToken) -> dict[str, Any]:
    return {
        "install_id": row.install_id,
        "name": row.name,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
    }


def collect_settings(server_url: str) -> dict[str, Any]:
    """Settings as Collect imports them; it wants `general`, `project` and `admin`, even when empty."""
    return {
        "general": {
            "server_url": server_url,
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
            "app_language": "zh",
        },
        "project": {"name": "Ruhu 入户"},
        "admin": {},
    }


def qr_png(settings: dict[str, Any]) -> str:
    """The QR code that Collect scans (base64 of zlib of the JSON), as the address of a picture."""
    packed = base64.b64encode(zlib.compress(json.dumps(settings, separators=(",", ":")).encode())).decode()
    picture: str = segno.make_qr(packed, error="l").png_data_uri(scale=5, border=4)
    return picture
