"""Complaints and suggestions from the phones, for administrators to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api.lists import Paging, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.sync import feedback

blueprint = Blueprint("feedback", __name__, description="Complaints and suggestions of the people in the field")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    state = fields.String(load_default=None, validate=validate.OneOf(feedback.STATES))


@blueprint.get("/feedback")
@signed_in("admin")
@blueprint.arguments(Asked, location="query")
def listed(asked: dict[str, Any]) -> Response:
    """What came from the administrator's area, newest first."""
    with db.read() as session:
        page = feedback.list_feedback(session, current_actor(), asked["state"], asked["limit"], asked["after"])
        return page_answer(page)


@blueprint.post("/feedback/<uuid:op_id>/read")
@signed_in("admin")
def read(op_id: UUID) -> Response:
    """Says that somebody has read it; again is harmless."""
    actor = current_actor()
    return jsonify(db.transact(lambda session: feedback.mark_read(session, actor, str(op_id))))
