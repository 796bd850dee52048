"""How administrators change policies for their area: propose, weigh against the records, put in force, take back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Response, current_app, jsonify
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, definitions, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.evidence import tasks as worker
from server.policies import changes, reading, tasks
from server.registry.definitions import rules

blueprint = Blueprint("policy_changes", __name__, description="Changes of policies")
blueprint.before_request(refuse_nul)


class Proposal(Loose):
    """`area`: the beginning of a code; `until`: the first day on which it no longer holds.

    With `ends`, a version that was put in force here, it no longer holds from `from` on; nothing else is read then.
    """

    id = fields.UUID(required=True)
    policy = fields.String(required=True, validate=validate.Length(1, 63))
    ends = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 80))
    area = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 12))
    start = fields.Date(required=True, data_key="from")
    until = fields.Date(load_default=None, allow_none=True)
    status = fields.String(load_default="indicative", validate=validate.OneOf(["confirmed", "indicative"]))
    source = fields.String(load_default="", validate=validate.Length(max=1000))
    values = fields.Dict(
        keys=fields.String(validate=validate.Length(max=63)),
        values=fields.String(validate=validate.Length(max=300)),
        load_default=dict,
        validate=validate.Length(max=100),
    )

    @validates_schema
    def _whole(self, body: dict[str, Any], **_more: Any) -> None:
        for name in ("area", "values"):
            if not body["ends"] and not body[name]:
                raise ValidationError("It is missing.", name)


class Reasoned(Loose):
    reason = fields.String(required=True, validate=[validate.Length(1, 500), validate.Regexp(r"(?s).*\S")])


class OfPolicy(Schema):
    class Meta:
        unknown = EXCLUDE

    policy = fields.String(load_default=None, validate=validate.Length(max=63))


class OfLine(Paging):
    line = fields.Integer(load_default=None, validate=validate.Range(min=0, max=100_000))


@blueprint.get("/policy-changes")
@signed_in("admin")
@blueprint.arguments(OfPolicy, location="query")
def listed(asked: dict[str, Any]) -> Response:
    """Drafts and scheduled changes in the administrator's areas, newest first."""
    with db.read() as session:
        rows = changes.in_sight(session, current_actor(), asked["policy"])
        return jsonify({"items": [reading.brief(session, row) for row in rows], "next": None})


@blueprint.post("/policy-changes")
@signed_in("admin")
@blueprint.arguments(Proposal)
def propose(body: dict[str, Any]) -> Response:
    """Keeps a draft under the caller's id and has it weighed against the records; again with the same is harmless."""
    actor, change_id = current_actor(), str(body["id"])
    days = {"from": body["start"].isoformat(), "until": body["until"].isoformat() if body["until"] else None}
    dated = {**body, "id": change_id, **days}
    db.transact(lambda session: changes.put(session, actor, change_id, body["policy"], dated))
    return _weighed(change_id)


@blueprint.post("/policy-changes/<uuid:change_id>/weigh")
@signed_in("admin")
def weigh(change_id: UUID) -> Response:
    """Weighs a draft anew: records or policies have changed since."""
    actor = current_actor()
    db.transact(lambda session: changes.weigh_again(session, actor, str(change_id)))
    return _weighed(str(change_id))


@blueprint.get("/policy-changes/<uuid:change_id>")
@signed_in("admin")
def one(change_id: UUID) -> Response:
    """A change: its differences, who keeps own values, how far it is weighed and what it would do."""
    return _told(str(change_id))


@blueprint.get("/policy-changes/<uuid:change_id>/households")
@signed_in("admin")
@blueprint.arguments(OfLine, location="query")
def households(asked: dict[str, Any], change_id: UUID) -> Response:
    """The households behind a number of `effect.lines`, or behind all of them."""
    line, limit, after = asked["line"], asked["limit"], asked["after"]
    with db.read() as session:
        household = definitions()["household"]
        page = reading.households(session, current_actor(), str(change_id), line, limit, after, household)
    return page_answer(page)


@blueprint.post("/policy-changes/<uuid:change_id>/schedule")
@signed_in("admin")
@blueprint.arguments(Reasoned)
def schedule(body: dict[str, Any], change_id: UUID) -> Response:
    """Puts a draft in force from its day on; phones get the values with their next sync."""
    actor = current_actor()
    db.transact(lambda session: changes.schedule(session, actor, str(change_id), body["reason"]))
    return _told(str(change_id))


@blueprint.post("/policy-changes/<uuid:change_id>/withdraw")
@signed_in("admin")
@blueprint.arguments(Reasoned)
def withdraw(body: dict[str, Any], change_id: UUID) -> Response:
    """Takes back a draft, or what has not begun. 409 policy.state for what is in force."""
    actor = current_actor()
    db.transact(lambda session: changes.withdraw(session, actor, str(change_id), body["reason"]))
    return _told(str(change_id))


def _weighed(change_id: str) -> Response:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    tasks.register(app, worker.queue(app).huey)(change_id)
    return _told(change_id)


def _told(change_id: str) -> Response:
    with db.read() as session:
        row = changes.find(session, current_actor(), change_id)
        return jsonify(reading.whole(session, row, definitions(), rules(_forms())))


def _forms() -> Path:
    settings: Settings = current_app.config["RUHU"]
    return settings.forms
