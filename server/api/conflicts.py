"""Conflicts: what waits for a person, and the person's decision."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, current_app, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api import one_op
from server.api.bodies import Loose
from server.api.lists import Paging, definitions, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.sync.conflict_queue import ORDERS, list_households
from server.sync.conflict_reading import STATES, ConflictFilter, list_conflicts, read_conflict
from server.sync.preview import decision
from server.sync.resolve import LONGEST_REASON, MOST_SEEN, Resolution, read_resolution
from server.sync.undoing import undo

MOST_TOGETHER = 50

blueprint = Blueprint("conflicts", __name__, description="Different values of one property, and who decided")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    entity = fields.String(load_default=None, validate=validate.Length(max=36))
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AskedQueue(Paging):
    order = fields.String(load_default="oldest", validate=validate.OneOf(ORDERS))
    region = fields.String(load_default=None, validate=validate.Length(max=20))


class Decision(Loose):
    """`op_id` makes a repetition harmless: send the same one again after a lost answer."""

    op_id = fields.UUID(load_default=None)
    choose = fields.String(required=True, validate=validate.Length(min=1, max=36))
    value = fields.Raw(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_REASON))
    seen = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=MOST_SEEN))


class Considered(Decision):
    """A choice that is only looked at needs no reason yet."""

    reason = fields.String(load_default="", validate=validate.Length(max=LONGEST_REASON))


class ConsideredOne(Considered):
    conflict_id = fields.UUID(required=True)


class ConsideredTogether(Loose):
    decisions = fields.List(
        fields.Nested(ConsideredOne), required=True, validate=validate.Length(min=1, max=MOST_TOGETHER)
    )


class TakenBack(Loose):
    anew = fields.Boolean(load_default=False)


@blueprint.get("/conflicts")
@signed_in()
@blueprint.arguments(Asked, location="query")
def conflicts(asked: dict[str, Any]) -> Response:
    """Conflicts, newest first. `entity` names a household with everything below it."""
    wanted = ConflictFilter(asked["entity"], asked["region"], asked["state"])
    with db.read() as session:
        actor = current_actor()
        return page_answer(list_conflicts(session, actor, definitions(), wanted, asked["limit"], asked["after"]))


@blueprint.get("/conflicts/households")
@signed_in()
@blueprint.arguments(AskedQueue, location="query")
def households(asked: dict[str, Any]) -> Response:
    """Households in which something waits: those that wait longest first, or those in which most hangs on it."""
    with db.read() as session:
        return page_answer(
            list_households(
                session, current_actor(), definitions(), asked["order"], asked["region"], asked["limit"], asked["after"]
            )
        )


@blueprint.get("/conflicts/<conflict_id>")
@signed_in()
def conflict(conflict_id: str) -> Response:
    """One conflict: every value with author, visit, place and photos; and how it ended."""
    with db.read() as session:
        return found(read_conflict(session, current_actor(), definitions(), conflict_id))


@blueprint.post("/conflicts/<conflict_id>/resolve")
@signed_in("supervisor", "admin", "cadre")
@blueprint.arguments(Decision)
def resolve(body: dict[str, Any], conflict_id: str) -> Response:
    """Decides, as the op of kind `resolution` does. 404 for what the reader may not decide, 422 for an unknown choice.

    A value that nobody had on screen stays open: then the status is `conflicted`.
    """
    actor = current_actor()
    with db.read() as session:
        found(read_conflict(session, actor, definitions(), conflict_id))
    op = {
        "op_id": str(body["op_id"] or uuid.uuid4()),
        "kind": "resolution",
        "conflict_id": conflict_id,
        "choose": body["choose"],
        "value": body["value"],
        "reason": body["reason"],
        "seen": [str(op_id) for op_id in body["seen"]],
    }
    return one_op.do(actor, op, refused="conflict.not_decided")


@blueprint.post("/conflicts/<conflict_id>/preview")
@signed_in("supervisor", "admin", "cadre")
@blueprint.arguments(Considered)
def preview(body: dict[str, Any], conflict_id: str) -> Response:
    """What this decision would make of the record, and which cleaning rules it would then break or no longer break."""
    return _previewed([{**body, "conflict_id": conflict_id}])


@blueprint.post("/conflicts/preview")
@signed_in("supervisor", "admin", "cadre")
@blueprint.arguments(ConsideredTogether)
def preview_together(body: dict[str, Any]) -> Response:
    """As the preview of one decision, of several together: those about one household before they are taken."""
    return _previewed([{**one, "conflict_id": str(one["conflict_id"])} for one in body["decisions"]])


def _previewed(decisions: list[dict[str, Any]]) -> Response:
    actor = current_actor()
    with db.read() as session:
        for one in decisions:
            found(read_conflict(session, actor, definitions(), one["conflict_id"]))
    considered = [_considered(one) for one in decisions]
    forms = current_app.config["RUHU"].forms
    return jsonify(db.transact(lambda session: decision(session, actor, definitions(), forms, considered)))


def _considered(body: dict[str, Any]) -> Resolution:
    given = {**body, "reason": body["reason"].strip() or "?", "seen": [str(op_id) for op_id in body["seen"]]}
    considered = read_resolution(given)
    if considered is None:
        raise Problem("conflict.not_decided", detail="op.incomplete")
    return considered


@blueprint.post("/conflicts/<conflict_id>/undo")
@signed_in("supervisor", "admin", "cadre")
@blueprint.arguments(TakenBack)
def taken_back(body: dict[str, Any], conflict_id: str) -> Response:
    """Takes back one's own decision until a phone has fetched it; with `anew` also after that.

    What was open before it is open anew, as another conflict.
    """
    actor = current_actor()
    return jsonify(db.transact(lambda session: undo(session, actor, conflict_id, anew=body["anew"])).for_wire())
