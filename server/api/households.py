"""One household whole: as it stands or stood, what it went through, and single values shown for a reason."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, definitions, found, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.registry.reading import Scope
from server.registry.revealing import Wish, reveal
from server.registry.whole import read_timeline, read_whole
from server.sync.scope import in_regions, reading_scope, visible_entities

blueprint = Blueprint("households", __name__, description="A household with everything below it, through time")
blueprint.before_request(refuse_nul)

REVEALERS = ("supervisor", "admin")


class AskedWhole(Schema):
    class Meta:
        unknown = EXCLUDE

    at = fields.AwareDateTime(load_default=None, format="iso")


class AskedReveal(Loose):
    properties = fields.List(
        fields.String(validate=validate.Length(min=1, max=80)), required=True, validate=validate.Length(min=1, max=20)
    )
    reason = fields.String(required=True, validate=[validate.Length(max=500), validate.Regexp(r"\s*\S\s*\S")])


@blueprint.get("/entities/<entity_id>/whole")
@signed_in()
@blueprint.arguments(AskedWhole, location="query")
def whole(asked: dict[str, Any], entity_id: str) -> Response:
    """The household of a record with all that is below it; `at` (RFC 3339 with zone): as the server had it then."""
    with db.read() as session:
        return found(read_whole(session, definitions(), reading_scope(current_actor()), entity_id, asked["at"]))


@blueprint.get("/entities/<entity_id>/timeline")
@signed_in()
@blueprint.arguments(Paging, location="query")
def timeline(asked: dict[str, Any], entity_id: str) -> Response:
    """What the household and its members went through, op by op, newest first: changes, and births, moves, deaths."""
    with db.read() as session:
        scope = reading_scope(current_actor())
        return found(read_timeline(session, definitions(), scope, entity_id, asked["limit"], asked["after"]))


@blueprint.post("/entities/<entity_id>/reveal")
@signed_in(*REVEALERS)
@blueprint.arguments(AskedReveal)
def revealed(body: dict[str, Any], entity_id: str) -> Response:
    """Masked values whole, to who supervises there; who asked, for what and why is in the audit."""
    actor = current_actor()
    scope = Scope(visible_entities(actor), in_regions(actor, REVEALERS))
    wish = Wish(entity_id, body["properties"], body["reason"].strip())
    values = db.transact(lambda session: reveal(session, actor.id, definitions(), scope, wish))
    answer = jsonify({"values": values})
    answer.headers["Cache-Control"] = "no-store"
    return answer
