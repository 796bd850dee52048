"""Policies: the dated values that forms, rules and checks go by. Read here; `ruhu policies load` brings new ones."""

from __future__ import annotations

from flask import Response, jsonify
from flask_smorest import Blueprint

from server import db
from server.api.signed_in import signed_in
from server.forms.policy_list import list_policies

blueprint = Blueprint("policies", __name__, description="Dated values by area")


@blueprint.get("/policies")
@signed_in("supervisor", "admin", "auditor")
def policies() -> Response:
    """All of them with every version: rules for everybody, nothing about anybody."""
    with db.read() as session:
        return jsonify({"items": list_policies(session), "next": None})
