"""Installs and rights: who lost what, and which phones have not handed over yet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.accounts.tables import ROLES, Install
from server.api.bodies import Loose
from server.api.lists import Paging, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.sync import device_list, feeds, holdings, inviting, rights
from server.sync.administered import administered, nameable
from server.sync.review import REVIEWERS
from server.sync.scope import find_entity

blueprint = Blueprint("devices", __name__, description="Phones, what they hold, and what they are to hand over")
blueprint.before_request(refuse_nul)


class AskedHandovers(Paging):
    state = fields.String(load_default="revoking", validate=validate.OneOf(["revoking", "wiped"]))
    region = fields.String(load_default=None, validate=validate.Length(max=20))


class AskedDevices(Paging):
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    state = fields.String(load_default=None, validate=validate.OneOf(device_list.STATES))
    q = fields.String(load_default=None, validate=validate.Length(max=60))


class ChangedRole(Loose):
    """`give`: the role begins (true) or ends (false). Every role but the inspector's has a region."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    region = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    give = fields.Boolean(required=True)

    @validates_schema
    def _fits(self, body: dict[str, Any], **_more: Any) -> None:
        if (body.get("role") == "inspector") == bool(body.get("region")):
            raise ValidationError("An inspector has no region; every other role has one.", "region")


class ChangedHousehold(Loose):
    household_id = fields.UUID(required=True)
    position = fields.String(load_default="lead", validate=validate.OneOf(rights.POSITIONS))
    give = fields.Boolean(required=True)


@blueprint.get("/handovers")
@signed_in(*REVIEWERS)
@blueprint.arguments(AskedHandovers, location="query")
def handovers(asked: dict[str, Any]) -> Response:
    """Phones that hold a feed which their person may no longer see and have not said that they wiped it."""
    with db.read() as session:
        return page_answer(
            holdings.list_handovers(
                session, current_actor(), asked["state"], asked["region"], asked["limit"], asked["after"]
            )
        )


@blueprint.get("/devices")
@signed_in(*REVIEWERS)
@blueprint.arguments(AskedDevices, location="query")
def devices(asked: dict[str, Any]) -> Response:
    """Phones of the people in the area: last here, what waits in them, build, clock, and how far a hand-over is."""
    wanted = device_list.Wanted(asked["region"], asked["state"], asked["q"])
    with db.read() as session:
        return page_answer(
            device_list.list_devices(session, current_actor(), wanted, asked["limit"], asked["after"])
        )


@blueprint.get("/users/<uuid:person_id>/installs")
@signed_in("admin")
def installs(person_id: UUID) -> Response:
    """The person's phones, with the feeds that each holds."""
    actor = current_actor()
    with db.read() as session:
        administered(session, actor, str(person_id), without_area=True)
        return jsonify({"items": holdings.installs_of(session, str(person_id)), "next": None})


@blueprint.post("/installs/<install_id>/revoke")
@signed_in("admin")
def revoke(install_id: str) -> Response:
    """Takes a phone's rights: it may still hand over what it holds, and nothing else."""
    actor = current_actor()

    def work(session: Session) -> dict[str, Any]:
        install = session.get(Install, install_id)
        administered(session, actor, install.person_id if install else "", without_area=True)
        if install is None:
            raise Problem("record.not_found")
        holdings.revoke_install(session, install)
        note(session, actor.id, "device.revoked", install_id, of=install.person_id)
        return {"install_id": install_id, "revoked_at": install.revoked_at.isoformat() if install.revoked_at else None}

    return jsonify(db.transact(work))


@blueprint.post("/users/<uuid:person_id>/roles")
@signed_in("admin")
@blueprint.arguments(ChangedRole)
def role(body: dict[str, Any], person_id: UUID) -> Response:
    """Gives or takes a role in the administrator's area; what a taken one showed is to be handed over."""
    actor = current_actor()

    def work(session: Session) -> None:
        _may_give(session, actor, str(person_id), body["role"], body["region"])
        change = rights.give_role if body["give"] else rights.take_role
        if change(session, str(person_id), body["role"], body["region"]):
            action = "user.role_given" if body["give"] else "user.role_taken"
            note(session, actor.id, action, str(person_id), role=body["role"], region=body["region"])

    db.transact(work)
    return jsonify({"role": body["role"], "region": body["region"], "given": body["give"]})


def _may_give(session: Session, actor: Actor, person_id: str, name: str, code: str | None) -> None:
    """The person and the role's region lie in the administrator's area; nobody gives oneself a role, or takes it."""
    administered(session, actor, person_id, without_area=True)
    if person_id == actor.id:
        raise Problem("user.not_oneself")
    if not inviting.may_give(session, actor, name, code):
        raise Problem("auth.forbidden" if name == "inspector" else "record.not_found")


@blueprint.post("/users/<uuid:person_id>/households")
@signed_in(*REVIEWERS)
@blueprint.arguments(ChangedHousehold)
def household(body: dict[str, Any], person_id: UUID) -> Response:
    """Makes the person helper of a household in the own area, or ends that; the rows come to the phone or leave it."""
    actor, wanted = current_actor(), str(body["household_id"])

    def work(session: Session) -> None:
        entity = find_entity(session, actor, wanted)
        if entity is None or entity.root_id != wanted:
            raise Problem("record.not_found")
        if body["give"]:
            nameable(session, actor, str(person_id))
            told = rights.give_household(session, str(person_id), wanted, body["position"])
        else:
            told = rights.take_household(session, str(person_id), wanted)
            if not told:  # nobody, somebody elsewhere, or no helper of this household: all the same from here
                raise Problem("record.not_found")
        action = "user.household_given" if body["give"] else "user.household_taken"
        note(session, actor.id, action, str(person_id), household=wanted)
        feeds.touch(session, told)

    db.transact(work)
    return jsonify({"household_id": wanted, "given": body["give"]})
