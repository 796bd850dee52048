"""Who is sent where: assignments of forms, and households lent for them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from server import db
from server.accounts.tables import Loan
from server.api.bodies import Loose
from server.api.lists import Paging, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.inspection import finding_news
from server.sync import assignments, loans
from server.sync.assignments import Errand, Wanted
from server.sync.loans import LENDERS, Lending

blueprint = Blueprint("errands", __name__, description="Which form is to be filled for which household by whom")
blueprint.before_request(refuse_nul)


class NewAssignment(Loose):
    """`id` from the client makes sending it again harmless."""

    id = fields.UUID(load_default=None, allow_none=True)
    person_id = fields.UUID(required=True)
    form_id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    entity_id = fields.UUID(required=True)
    due = fields.Date(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class AskedAssignments(Paging):
    state = fields.String(load_default=None, validate=validate.OneOf(assignments.STATES))
    person = fields.String(load_default=None, validate=validate.Length(max=36))
    region = fields.String(load_default=None, validate=validate.Length(max=20))


class NewLoan(Loose):
    """`until` is the last day."""

    id = fields.UUID(load_default=None, allow_none=True)
    person_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    form_id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    until = fields.Date(load_default=None, allow_none=True)


@blueprint.post("/assignments")
@signed_in(*LENDERS)
@blueprint.arguments(NewAssignment)
def assign(body: dict[str, Any]) -> tuple[Response, int]:
    """Sends somebody: the errand reaches the phone; a household out of that person's sight is lent with it."""
    actor = current_actor()
    given_id = str(body["id"]) if body["id"] else None
    errand = Errand(
        str(body["person_id"]), body["form_id"], str(body["entity_id"]), body["due"], body["reason"], given_id
    )
    return jsonify(db.transact(lambda session: assignments.assign(session, actor, errand))), 201


@blueprint.get("/assignments")
@signed_in()
@blueprint.arguments(AskedAssignments, location="query")
def listed(asked: dict[str, Any]) -> Response:
    """One's own errands and those in the areas that one supervises, newest first."""
    wanted = Wanted(asked["state"], asked["person"], asked["region"])
    with db.read() as session:
        return page_answer(
            assignments.list_assignments(session, current_actor(), wanted, asked["limit"], asked["after"])
        )


@blueprint.post("/assignments/<uuid:row_id>/withdraw")
@signed_in(*LENDERS)
def withdraw(row_id: UUID) -> Response:
    """Takes the errand back, and the loan that came with it."""
    actor = current_actor()

    def work(session: Session) -> dict[str, Any]:
        taken = assignments.withdraw(session, actor, str(row_id))
        finding_news.after_withdrawal(session, str(row_id))
        return taken

    return jsonify(db.transact(work))


@blueprint.post("/loans")
@signed_in(*LENDERS)
@blueprint.arguments(NewLoan)
def lend(body: dict[str, Any]) -> tuple[Response, int]:
    """Lends a household for a form: the person's phone gets what the form reads of it, nothing else."""
    actor = current_actor()
    given_id = str(body["id"]) if body["id"] else None
    lending = Lending(str(body["person_id"]), str(body["household_id"]), body["form_id"], body["until"], given_id)
    return jsonify(db.transact(lambda session: _wire(loans.lend(session, actor, lending)))), 201


@blueprint.post("/loans/<uuid:loan_id>/end")
@signed_in(*LENDERS)
def end(loan_id: UUID) -> Response:
    """Ends a loan now; the rows leave the phone."""
    actor = current_actor()

    def work(session: Session) -> dict[str, Any]:
        return _wire(loans.end_loan(session, actor, str(loan_id)))

    return jsonify(db.transact(work))


def _wire(loan: Loan) -> dict[str, Any]:
    return {
        "id": loan.id,
        "person_id": loan.person_id,
        "household_id": loan.household_id,
        "form_id": loan.form_id,
        "until": loan.until.isoformat() if loan.until else None,
        "lent_at": loan.lent_at.isoformat(),
        "ended_at": loan.ended_at.isoformat() if loan.ended_at else None,
    }
