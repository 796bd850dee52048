"""Policies: the dated values that forms, rules and checks go by. How they are changed: policy_changes.py."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate

from server import db
from server.api.lists import refuse_nul
from server.api.multipart import plain_name
from server.api.signed_in import current_actor, signed_in
from server.errors import Fault, Problem
from server.forms.issue import DefinitionError
from server.forms.policy_list import list_policies
from server.forms.policy_store import invalid
from server.forms.policy_versions import stored_policy
from server.policies import files, reading
from server.policies.check import own_region

blueprint = Blueprint("policies", __name__, description="Dated values by area")
blueprint.before_request(refuse_nul)

MOST_BYTES = 1024 * 1024


class OfArea(Schema):
    class Meta:
        unknown = EXCLUDE

    area = fields.String(required=True, validate=validate.Length(1, 12))


@blueprint.get("/policies")
@signed_in("supervisor", "admin", "auditor")
def policies() -> Response:
    """All of them with every version: rules for everybody, nothing about anybody."""
    with db.read() as session:
        return jsonify({"items": list_policies(session), "next": None})


@blueprint.get("/policies/<name>/sheet.csv")
@signed_in("admin")
@blueprint.arguments(OfArea, location="query")
def sheet(asked: dict[str, Any], name: str) -> Response:
    """The values that hold today in an area, as a table to change in Excel and to send back."""
    with db.read() as session:
        area = asked["area"]
        own_region(session, current_actor(), area)
        content = files.sheet(stored_policy(session, name), reading.held_row(session, name, area))
    answer = Response(content, content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}-{area}.csv")
    return answer


@blueprint.post("/policies/<name>/file")
@signed_in("admin")
def read_file(name: str) -> Response:
    """What a file (`file`: YAML or CSV) proposes, to be looked over; nothing is kept. 422 policy.invalid by line."""
    sent = request.files.getlist("file")
    if len(sent) != 1:
        raise Problem("request.invalid", faults=[Fault("file", "One file is wanted.", "Send it as “file”.")])
    content = sent[0].stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Problem("request.too_large", detail=f"file: {MOST_BYTES}")
    with db.read() as session:
        policy = stored_policy(session, name)
    try:
        return jsonify(files.read_file(policy, plain_name(sent[0].filename or "") or "file", content))
    except DefinitionError as error:
        raise invalid(error) from error
