"""Where records stand: every place they had, a pin or a correction by a person, and batches in another datum."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.accounts.actor import Actor
from server.api import one_op
from server.api.bodies import Loose
from server.api.lists import Paging, found, page_answer, refuse_nul
from server.api.place_shapes import DatumDoubtPage, DatumDoubtShape, PlacedShape, PlacesShape
from server.api.signed_in import current_actor, signed_in
from server.errors import Fault, Problem
from server.sync.datum_words import STATES, WORDS, list_doubts, say
from server.sync.places import read_places
from server.sync.placing import LONGEST_REASON, read_place

blueprint = Blueprint("places", __name__, description="Where records stand, by whose word; datums that look wrong")
blueprint.before_request(refuse_nul)

LONGEST_NOTE = 2000


class Placed(Loose):
    """`place: {lon, lat, datum, source: manual_pin|corrected, accuracy_m?}`, or `accept: true` for the suggested one.

    `op_id` makes a repetition harmless: send the same one again after a lost answer.
    """

    op_id = fields.UUID(load_default=None)
    place = fields.Dict(load_default=None)
    accept = fields.Boolean(load_default=False)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_REASON))
    base_version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=2**31 - 1))


class AskedDoubts(Paging):
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    state = fields.String(load_default="open", validate=validate.OneOf(STATES))


class DoubtWord(Loose):
    word = fields.String(required=True, validate=validate.OneOf(WORDS))
    note = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_NOTE))


@blueprint.get("/entities/<entity_id>/places")
@signed_in()
@blueprint.response(200, PlacesShape)
def places(entity_id: str) -> Response:
    """All places that the record ever had, newest first, and the one that good fixes suggest."""
    with db.read() as session:
        return found(read_places(session, current_actor(), entity_id))


@blueprint.post("/entities/<entity_id>/places")
@signed_in("cadre", "supervisor", "admin")
@blueprint.arguments(Placed)
@blueprint.response(200, PlacedShape)
def place(body: dict[str, Any], entity_id: str) -> Response:
    """Sets or corrects the place, as the op of kind `place` does; others hear of it by their feeds."""
    actor = current_actor()
    op = {
        "op_id": str(body["op_id"] or uuid.uuid4()),
        "kind": "place",
        "entity_id": entity_id,
        "place": _wanted(actor, entity_id, body),
        "reason": body["reason"],
        "base_version": body["base_version"],
        "suggested": body["accept"],
    }
    if read_place(op) is None:
        fix = "Send lon and lat as degrees, datum, source manual_pin or corrected, and a reason."
        raise Problem("request.invalid", faults=[Fault("place", "This is no place that can be kept.", fix)])
    return one_op.do(actor, op, refused="place.not_set")


def _wanted(actor: Actor, entity_id: str, body: dict[str, Any]) -> Any:
    """The place that is sent, or the suggested one if it is still what the person had on screen."""
    if not body["accept"]:
        return body["place"]
    with db.read() as session:
        known = read_places(session, actor, entity_id)
    if known is None:
        raise Problem("record.not_found")
    offered, given = known["suggestion"]["place"], body["place"] or {}
    if offered is None or any(given.get(part) != offered[part] for part in ("lon", "lat")):
        raise Problem("place.not_suggested")
    return {**offered, "source": "corrected"}


@blueprint.get("/datum-doubts")
@signed_in("supervisor", "admin", "auditor")
@blueprint.arguments(AskedDoubts, location="query")
@blueprint.response(200, DatumDoubtPage)
def doubts(asked: dict[str, Any]) -> Response:
    """Batches of positions (one phone, person and day) that look like another datum, newest first."""
    with db.read() as session:
        actor = current_actor()
        return page_answer(list_doubts(session, actor, asked["region"], asked["state"], asked["limit"], asked["after"]))


@blueprint.post("/datum-doubts/<doubt_id>/word")
@signed_in("supervisor", "admin")
@blueprint.arguments(DoubtWord)
@blueprint.response(200, DatumDoubtShape)
def word(body: dict[str, Any], doubt_id: str) -> Response:
    """Says what came of it: explained or confirmed, and how. Nothing is converted by it."""
    actor = current_actor()
    return jsonify(db.transact(lambda session: say(session, actor, doubt_id, body["word"], body["note"])))
