"""Qualifications of people: entered, ended and withdrawn by an administrator of the person's area."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from server import db
from server.accounts import qualifications
from server.accounts.qualifications import Certificate
from server.api.bodies import Loose
from server.api.lists import refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.sync.administered import administered

blueprint = Blueprint("qualifications", __name__, description="What people are certified for, by day")
blueprint.before_request(refuse_nul)

KIND = r"[a-z][a-z0-9_]{1,39}\Z"


class NewQualification(Loose):
    """`id` from the client makes sending it again harmless; days are whole days, the last one included."""

    id = fields.UUID(load_default=uuid.uuid4)
    kind = fields.String(required=True, validate=validate.Regexp(KIND))
    number = fields.String(required=True, validate=validate.Length(min=1, max=80))
    issued_by = fields.String(required=True, validate=validate.Length(min=1, max=120))
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(load_default=None, allow_none=True)

    @validates_schema
    def _in_order(self, body: dict[str, Any], **_more: Any) -> None:
        if body.get("valid_until") and body["valid_until"] < body["valid_from"]:
            raise ValidationError("The last day is before the first.", "valid_until")


class Ending(Schema):
    class Meta:
        unknown = EXCLUDE

    last_day = fields.Date(load_default=None)


@blueprint.route("/users/<uuid:person_id>/qualifications")
@signed_in("admin")
def show(person_id: UUID) -> Response:
    """All that were not withdrawn, ended ones too."""
    actor = current_actor()
    with db.read() as session:
        administered(session, actor, str(person_id), without_area=True)
        rows = qualifications.qualifications_of(session, str(person_id))
        return jsonify({"items": [qualifications.for_wire(row) for row in rows], "next": None})


@blueprint.route("/users/<uuid:person_id>/qualifications", methods=["POST"])
@signed_in("admin")
@blueprint.arguments(NewQualification)
def add(body: dict[str, Any], person_id: UUID) -> tuple[Response, int]:
    """Enters a certificate, such as `house_appraiser`."""
    actor = current_actor()
    given = Certificate(**{**body, "id": str(body["id"])})

    def work(session: Session) -> dict[str, Any]:
        administered(session, actor, str(person_id), without_area=True)
        return qualifications.for_wire(qualifications.qualify(session, str(person_id), given, actor.id))

    return jsonify(db.transact(work)), 201


@blueprint.route("/users/<uuid:person_id>/qualifications/<uuid:qualification_id>", methods=["DELETE"])
@signed_in("admin")
@blueprint.arguments(Ending, location="query")
def end(asked: dict[str, Any], person_id: UUID, qualification_id: UUID) -> Response:
    """Ends it with `last_day`; without, it is withdrawn: it was never right and counts on no day."""
    actor = current_actor()

    def work(session: Session) -> None:
        administered(session, actor, str(person_id), without_area=True)
        qualifications.end(session, str(person_id), str(qualification_id), asked["last_day"], actor.id)

    db.transact(work)
    return Response(status=204)
