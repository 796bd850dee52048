"""What waits for a person: ops set aside and ops held. Supervisors, by region."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate, validates_schema

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.sync import set_aside
from server.sync.set_aside import DECIDERS, STATES, Placing, Wanted

blueprint = Blueprint("set_aside", __name__, description="Field work that waits for a person; nothing of it is lost")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    code = fields.String(load_default=None, validate=validate.Length(max=60))


class Let(Loose):
    """`region`: a village or group for a household whose own could not be taken (`region.unknown`), with the reason."""

    region = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=20))
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=2000))

    @validates_schema
    def _says_why(self, body: dict[str, Any], **_more: Any) -> None:
        if body["region"] is not None and not (body["reason"] or "").strip():
            raise ValidationError("A chosen region needs a reason.", "reason")


class Reason(Loose):
    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))


def _wanted(asked: dict[str, Any]) -> Wanted:
    return Wanted(asked["region"], asked["state"], asked["code"])


@blueprint.get("/quarantine")
@signed_in(*DECIDERS)
@blueprint.arguments(Asked, location="query")
def quarantine(asked: dict[str, Any]) -> Response:
    """Ops and bytes that could not be applied, newest first, each with its reason."""
    with db.read() as session:
        page = set_aside.list_quarantine(session, current_actor(), _wanted(asked), asked["limit"], asked["after"])
        return page_answer(page)


@blueprint.get("/quarantine/<row_id>")
@signed_in(*DECIDERS)
def one(row_id: str) -> Response:
    """One of them with its bytes as text; reading it is noted."""
    actor = current_actor()
    return found(db.transact(lambda session: set_aside.read_set_aside(session, actor, row_id)))


@blueprint.post("/quarantine/<row_id>/apply")
@signed_in(*DECIDERS)
@blueprint.arguments(Let)
def apply(body: dict[str, Any], row_id: str) -> Response:
    """Judges it again with the rights of whoever calls. 422 quarantine.not_applied when it still cannot be."""
    actor = current_actor()
    placing = Placing(body["region"], body["reason"]) if body["region"] else None
    return jsonify(db.transact(lambda session: set_aside.apply_set_aside(session, actor, row_id, placing)))


@blueprint.post("/quarantine/<row_id>/dismiss")
@signed_in(*DECIDERS)
@blueprint.arguments(Reason)
def dismiss(body: dict[str, Any], row_id: str) -> Response:
    """Leaves it unapplied, kept for ever; the author's phone is told."""
    actor = current_actor()
    db.transact(lambda session: set_aside.dismiss_set_aside(session, actor, row_id, body["reason"]))
    return jsonify({"id": row_id, "state": "dismissed"})


@blueprint.get("/held")
@signed_in(*DECIDERS)
@blueprint.arguments(Asked, location="query")
def held(asked: dict[str, Any]) -> Response:
    """Ops that wait for another one, newest first."""
    with db.read() as session:
        page = set_aside.list_held(session, current_actor(), _wanted(asked), asked["limit"], asked["after"])
        return page_answer(page)


@blueprint.post("/held/<op_id>/apply")
@signed_in(*DECIDERS)
def apply_held(op_id: str) -> Response:
    """Judges it without what it waits for."""
    actor = current_actor()
    return jsonify(db.transact(lambda session: set_aside.apply_held(session, actor, op_id)))


@blueprint.post("/held/<op_id>/dismiss")
@signed_in(*DECIDERS)
@blueprint.arguments(Reason)
def dismiss_held(body: dict[str, Any], op_id: str) -> Response:
    """Sets it aside for good; nothing of it is lost."""
    actor = current_actor()
    db.transact(lambda session: set_aside.dismiss_held(session, actor, op_id, body["reason"]))
    return jsonify({"op_id": op_id, "state": "dismissed"})
