"""Codes by which people begin on a phone, issued by an administrator of the person's area."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import segno
from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy.orm import Session

from server import db
from server.accounts import enrolments
from server.accounts.tables import Enrolment
from server.api.bodies import Loose
from server.api.lists import refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.sync.administered import administered

blueprint = Blueprint("enrolments", __name__, description="Codes by which people begin on a phone")
blueprint.before_request(refuse_nul)

MINUTES = 60
MOST_MINUTES = 7 * 24 * 60  # a training next week is no reason for a code that lies about for months


class NewEnrolment(Loose):
    person_id = fields.UUID(required=True)
    minutes = fields.Integer(load_default=MINUTES, strict=True, validate=validate.Range(1, MOST_MINUTES))


class Asked(Schema):
    class Meta:
        unknown = EXCLUDE

    person_id = fields.UUID(required=True)


@blueprint.route("/enrolments", methods=["POST"])
@signed_in("admin")
@blueprint.arguments(NewEnrolment)
def add(body: dict[str, Any]) -> tuple[Response, int]:
    """A code for one phone of a person, with the address that opens the app with it, and its QR code. Shown once."""
    actor = current_actor()

    def work(session: Session) -> enrolments.Given:
        person = administered(session, actor, str(body["person_id"]), without_area=True)
        return enrolments.issue(session, person.id, actor.id, timedelta(minutes=body["minutes"]))

    given = db.transact(work)
    address = app_address(request.url_root, given.code)
    answer = {"code": given.code, "address": address, "qr_png": qr_png(address)}
    return jsonify(enrolments.for_wire(given.row) | answer), 201


@blueprint.route("/enrolments")
@signed_in("admin")
@blueprint.arguments(Asked, location="query")
def show(asked: dict[str, Any]) -> Response:
    """The newest codes of a person and what became of them; the codes themselves nobody sees again."""
    actor = current_actor()
    with db.read() as session:
        administered(session, actor, str(asked["person_id"]), without_area=True)
        return jsonify({"items": enrolments.enrolments_of(session, str(asked["person_id"])), "next": None})


@blueprint.route("/enrolments/<uuid:enrolment_id>", methods=["DELETE"])
@signed_in("admin")
def end(enrolment_id: UUID) -> Response:
    """Ends a code that nobody used yet."""
    actor = current_actor()

    def work(session: Session) -> None:
        row = session.get(Enrolment, str(enrolment_id), with_for_update=True)
        administered(session, actor, row.person_id if row else "", without_area=True)
        if row is None:
            raise Problem("record.not_found")
        enrolments.withdraw(session, row, actor.id)

    db.transact(work)
    return Response(status=204)


def app_address(root: str, code: str) -> str:
    """What stands after # never reaches a server, so the code is in no log."""
    return f"{root}#/sign-in?code={code}"


def qr_png(address: str) -> str:
    """The address as a QR code that any camera reads, as the address of a picture."""
    picture: str = segno.make_qr(address, error="m").png_data_uri(scale=6, border=4)
    return picture
