"""Photos that are not through yet, for administrators: what waits, what fails and why, another try."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.evidence import tasks
from server.evidence.intake import ROLES, STAGES, Wanted, count_intake, list_intake, try_again

blueprint = Blueprint("intake", __name__, description="Photos on their way in, for those who run the server")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    stage = fields.String(load_default=None, validate=validate.OneOf(STAGES))
    region = fields.String(load_default=None, validate=validate.Length(max=20))


class Counted(Loose):
    region = fields.String(load_default=None, validate=validate.Length(max=20))


@blueprint.get("/photos/intake")
@signed_in(*ROLES)
@blueprint.arguments(Asked, location="query")
def intake(asked: dict[str, Any]) -> Response:
    """Photos that came and are not through, oldest first; those that show no picture only with `stage=unreadable`."""
    wanted = Wanted(asked["stage"], asked["region"])
    with db.read() as session:
        return page_answer(list_intake(session, current_actor(), wanted, asked["limit"], asked["after"]))


@blueprint.get("/photos/intake/counts")
@signed_in(*ROLES)
@blueprint.arguments(Counted, location="query")
def counts(asked: dict[str, Any]) -> Response:
    """How many photos are at each stage."""
    with db.read() as session:
        return jsonify(count_intake(session, current_actor(), asked["region"]))


@blueprint.post("/photos/<attachment_id>/retry")
@signed_in(*ROLES)
def retry(attachment_id: str) -> Response:
    """Has one photo tried again; one that is through stays as it is."""
    actor = current_actor()
    photo = db.transact(lambda session: try_again(session, actor, attachment_id))
    if photo is not None:
        tasks.enqueue([attachment_id])
    return found(photo)
