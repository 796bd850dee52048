"""Photos that somebody is to look at, and what was said of them."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, definitions, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.evidence.queue import STATES, Wanted, list_looks, read_look
from server.evidence.same_day import read_day
from server.evidence.tally import statistics
from server.evidence.verdicts import VERDICTS, Word, give_verdict

LONGEST_NOTE = 2000

blueprint = Blueprint("evidence", __name__, description="Photos to look at, with reasons; verdicts of reviewers")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    state = fields.String(load_default="open", validate=validate.OneOf(STATES))
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    code = fields.String(load_default=None, validate=validate.Length(max=12))
    drawn = fields.Boolean(load_default=False)


class Tallied(Loose):
    region = fields.String(load_default=None, validate=validate.Length(max=20))


class Said(Loose):
    """`id` makes a repetition harmless: send the same one again after a lost answer."""

    id = fields.UUID(load_default=None)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_NOTE))


@blueprint.get("/evidence")
@signed_in("supervisor", "admin", "auditor")
@blueprint.arguments(Asked, location="query")
def evidence(asked: dict[str, Any]) -> Response:
    """Photos to look at, those that weigh most first. `drawn=1`: only those drawn by lot."""
    wanted = Wanted(asked["state"], asked["region"], asked["code"], asked["drawn"])
    with db.read() as session:
        return page_answer(list_looks(session, current_actor(), wanted, asked["limit"], asked["after"]))


@blueprint.get("/evidence/statistics")
@signed_in("supervisor", "admin", "auditor")
@blueprint.arguments(Tallied, location="query")
def tally(asked: dict[str, Any]) -> Response:
    """What came of each reason: how many photos were confirmed, explained, unclear, in steps of what was measured."""
    with db.read() as session:
        return jsonify({"items": statistics(session, current_actor(), asked["region"])})


@blueprint.get("/evidence/<attachment_id>")
@signed_in("supervisor", "admin", "auditor")
def photo(attachment_id: str) -> Response:
    """One photo with reasons, verdicts, the same slot of the house in other visits, and the photos of its reasons."""
    with db.read() as session:
        return found(read_look(session, current_actor(), attachment_id))


@blueprint.get("/evidence/<attachment_id>/day")
@signed_in("supervisor", "admin", "auditor")
def day(attachment_id: str) -> Response:
    """The visits of the photo's household on its day: who, which form, from when to when, where, how many photos."""
    with db.read() as session:
        return found(read_day(session, current_actor(), definitions(), attachment_id))


@blueprint.post("/evidence/<attachment_id>/verdict")
@signed_in("supervisor", "admin")
@blueprint.arguments(Said)
def verdict(body: dict[str, Any], attachment_id: str) -> Response:
    """Says what was seen; `ask` sends the note as a question to the author's phone."""
    word = Word(body["verdict"], body["note"], str(body["id"]) if body["id"] else None)
    actor = current_actor()
    return jsonify(db.transact(lambda session: give_verdict(session, actor, attachment_id, word)))
