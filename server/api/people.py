"""People of an area: the list, inviting them, their households, leaving and coming back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.accounts.invite_file import MOST_BYTES, InviteRow, UnreadableTable, read_invitations
from server.accounts.people import new_password
from server.accounts.tables import ROLES
from server.api import parts
from server.api.bodies import Loose
from server.api.lists import Paging, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.sync import handing_on, inviting, leaving, people_list
from server.sync.review import REVIEWERS

blueprint = Blueprint("people", __name__, description="People, invitations, households that people help")
blueprint.before_request(refuse_nul)


class AskedPeople(Paging):
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    role = fields.String(load_default=None, validate=validate.OneOf(ROLES))
    q = fields.String(load_default=None, validate=validate.Length(max=60))
    active = fields.Boolean(load_default=None, allow_none=True)


class Place(Loose):
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    region = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))


class NewPerson(Loose):
    """`id` from the client makes sending it again harmless."""

    id = fields.UUID(load_default=None, allow_none=True)
    username = fields.String(required=True, validate=validate.Length(max=64))
    display_name = fields.String(required=True, validate=validate.Length(max=64))
    roles = fields.List(fields.Nested(Place), required=True, validate=validate.Length(1, 20))


class HandOn(Loose):
    """`to` null: the helping only ends. `households` left out: all of them. `preview`: only say what would move."""

    to = fields.UUID(required=True, allow_none=True)
    households = fields.List(fields.UUID(), load_default=None, allow_none=True, validate=validate.Length(1, 5000))
    preview = fields.Boolean(required=True)


@blueprint.get("/people")
@signed_in(*REVIEWERS)
@blueprint.arguments(AskedPeople, location="query")
def show(asked: dict[str, Any]) -> Response:
    """People whose whole area lies in the caller's, by user name, with roles and counts of households and phones."""
    wanted = people_list.Wanted(asked["region"], asked["role"], asked["q"], asked["active"])
    with db.read() as session:
        return page_answer(people_list.list_people(session, current_actor(), wanted, asked["limit"], asked["after"]))


@blueprint.get("/people/<uuid:person_id>")
@signed_in(*REVIEWERS)
def one(person_id: UUID) -> Response:
    """One of them."""
    with db.read() as session:
        person = people_list.find_person(session, current_actor(), str(person_id))
        if person is None:
            raise Problem("record.not_found")
        return jsonify(people_list.on_wire(session, [person])[0])


@blueprint.post("/people")
@signed_in("admin")
@blueprint.arguments(NewPerson)
def invite(body: dict[str, Any]) -> tuple[Response, int]:
    """Adds a person with roles in the caller's area and no password; `POST /enrolments` gives the code to begin."""
    actor = current_actor()
    places = [(place["role"], place["region"]) for place in body["roles"]]
    given = str(body["id"]) if body["id"] else None
    id = db.transact(
        lambda session: inviting.one(session, actor, body["username"], body["display_name"], places, given)
    )
    return jsonify({"id": id, "username": body["username"].strip().lower()}), 201


@blueprint.post("/people/table")
@blueprint.doc(
    requestBody=parts.described(
        ["file"],
        {
            "file": {"type": "string", "format": "binary", "description": "CSV: username,name,role,region"},
            "apply": {"type": "string", "description": "1: add them; else only look the table over"},
        },
    )
)
@signed_in("admin")
def invite_table() -> Response:
    """Every row of a table with its state and its problems; with `apply=1` and no problem, people are added."""
    request.max_content_length = MOST_BYTES + 64 * 1024
    file = parts.sent_file("table")
    actor, rows = current_actor(), _rows(file.stream.read(MOST_BYTES + 1))
    if request.form.get("apply") == "1":
        done = db.transact(lambda session: inviting.invite(session, actor, _fresh(rows)))
    else:
        with db.read() as session:
            done = inviting.look_over(session, actor, _fresh(rows))
    applied = done.is_sound and request.form.get("apply") == "1"
    return jsonify({"rows": [vars(row) for row in done.rows], "applied": applied, "people": done.people})


def _rows(raw: bytes) -> list[InviteRow]:
    try:
        return read_invitations(raw)
    except UnreadableTable as error:
        raise Problem("user.unreadable", detail=error.code) from error


def _fresh(rows: list[InviteRow]) -> list[InviteRow]:
    """Copies: a transaction may run again, and adds its problems anew."""
    return [InviteRow(**{**vars(row), "problems": list(row.problems)}) for row in rows]


@blueprint.get("/people/<uuid:person_id>/households")
@signed_in(*REVIEWERS)
def households(person_id: UUID) -> Response:
    """Households in the caller's area that the person helps, with the position and who else helps them."""
    with db.read() as session:
        found = handing_on.households_of(session, current_actor(), str(person_id))
    return jsonify({"items": [one.for_wire() for one in found], "next": None})


@blueprint.post("/people/<uuid:person_id>/hand-on")
@signed_in(*REVIEWERS)
@blueprint.arguments(HandOn)
def hand_on(body: dict[str, Any], person_id: UUID) -> Response:
    """Hands a person's households to another one, all at once; `preview` says what would move and moves nothing."""
    actor, to = current_actor(), str(body["to"]) if body["to"] else None
    wanted = None if body["households"] is None else {str(id) for id in body["households"]}
    if body["preview"]:
        with db.read() as session:
            moved = handing_on.look_over(session, actor, str(person_id), to, wanted)
    else:
        moved = db.transact(lambda session: handing_on.hand_on(session, actor, str(person_id), to, wanted))
    return jsonify({"items": [one.for_wire() for one in moved], "moved": not body["preview"]})


@blueprint.post("/people/<uuid:person_id>/leave")
@signed_in("admin")
def leave(person_id: UUID) -> Response:
    """Ends all of a person's rights; the phones may still hand over. Problem user.has_households."""
    actor = current_actor()
    db.transact(lambda session: leaving.leave(session, actor, str(person_id)))
    return Response(status=204)


@blueprint.post("/people/<uuid:person_id>/return")
@signed_in("admin")
def come_back(person_id: UUID) -> Response:
    """The person is active again, with the roles of before; a new code begins a new phone."""
    actor = current_actor()
    db.transact(lambda session: leaving.come_back(session, actor, str(person_id)))
    return Response(status=204)


@blueprint.post("/people/<uuid:person_id>/password")
@signed_in("admin")
def reset_password(person_id: UUID) -> Response:
    """A new password for somebody else, shown once; the person is signed out everywhere."""
    actor = current_actor()
    password = new_password()
    db.transact(lambda session: leaving.reset_password(session, actor, str(person_id), password))
    answer = jsonify({"password": password})
    answer.headers["Cache-Control"] = "no-store"
    return answer
