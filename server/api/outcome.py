"""What an inspection found: the whole, its households, one household side by side. And how a batch was answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.accounts.audit import note
from server.api.lists import Paging, definitions, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.inspection.one_household import Wanted, households, one_household
from server.inspection.outcome import gather, over
from server.inspection.pattern_reading import Batch, patterns
from server.inspection.ready import bring_up
from server.inspection.rights import READERS
from server.inspection.summary import summary
from server.sync.definitions import datasets

blueprint = Blueprint("outcome", __name__, description="What an inspection found, and how answers were given")
blueprint.before_request(refuse_nul)


class AskedHouseholds(Paging):
    """`property`: `dataset#name` that differs; `region`: a township or village of the sample."""

    property = fields.String(load_default=None, validate=validate.Length(max=130))
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    differing = fields.Boolean(load_default=False)
    below = fields.Boolean(load_default=False)


class AskedBatch(Paging):
    """Submissions of one form, of a region and, by time of receipt, from `from` (in) to `to` (out)."""

    form_id = fields.String(required=True, validate=validate.Length(1, 100))
    region = fields.String(required=True, validate=validate.Length(1, 20))
    since = fields.AwareDateTime(load_default=None, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, data_key="to", format="iso")


@blueprint.get("/inspections/<uuid:row_id>/outcome")
@signed_in(*READERS)
def outcome(row_id: UUID) -> Response:
    """Response, indicators with intervals and verdicts, discrepancies; refused while visits are open."""
    actor = current_actor()
    bring_up(actor, str(row_id))
    with db.read() as session:
        inspection = over(session, actor, str(row_id))
        return jsonify(summary(session, inspection, gather(session, inspection), datasets()))


@blueprint.get("/inspections/<uuid:row_id>/comparisons")
@signed_in(*READERS)
@blueprint.arguments(AskedHouseholds, location="query")
def compared(asked: dict[str, Any], row_id: UUID) -> Response:
    """The drawn households by village and ticket, with how many items differ and why one is below the standard."""
    actor = current_actor()
    bring_up(actor, str(row_id))
    limit, after = asked.pop("limit"), asked.pop("after")
    with db.read() as session:
        inspection = over(session, actor, str(row_id))
        return page_answer(households(session, definitions(), actor, inspection, Wanted(**asked), limit, after))


@blueprint.get("/inspections/<uuid:row_id>/comparisons/<uuid:household_id>")
@signed_in(*READERS)
def side_by_side(row_id: UUID, household_id: UUID) -> Response:
    """Each item with both values, what came of it and why. Reading it is in the audit."""
    actor, inspection_id = current_actor(), str(row_id)
    bring_up(actor, inspection_id)
    return jsonify(
        db.transact(lambda session: one_household(session, definitions(), actor, inspection_id, str(household_id)))
    )


@blueprint.get("/answer-patterns")
@signed_in(*READERS)
@blueprint.arguments(AskedBatch, location="query")
def answered(asked: dict[str, Any]) -> Response:
    """Reasons to look at records of a batch, each with its limit and an innocent explanation; nobody is named."""
    actor = current_actor()
    batch = Batch(asked["form_id"], asked["region"], asked["since"], asked["until"])
    with db.read() as session:
        found = patterns(session, definitions(), actor, batch)
    told = {"form": batch.form_id, "records": found["records"], "reasons": len(found["items"])}
    db.transact(lambda session: note(session, actor.id, "patterns.read", batch.region, **told))
    return jsonify(found)
