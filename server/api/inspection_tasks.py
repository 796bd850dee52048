"""The field work of an inspection: teams, tasks, tries, reserves, and the one number of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, request
from flask_smorest import Blueprint
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.api.bodies import Loose
from server.api.lists import Paging, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.inspection import numbers, peeks, results, substitution, task_list, tasks, teams
from server.inspection.on_wire import inspection_wire
from server.inspection.refusals import transact_noting
from server.inspection.rights import PLANNERS, READERS, find_inspection
from server.inspection.tables import InspectionTask
from server.inspection.tasks import Sending

blueprint = Blueprint("inspection_tasks", __name__, description="Who visits which drawn household, and what came of it")
blueprint.before_request(refuse_nul)
_REASON = validate.Length(min=2, max=1000)


@blueprint.after_app_request
def note_peeks(answer: Response) -> Response:
    """An inspector was refused to read something: it is noted when it is about a household on loan or an inspection."""
    actor: Actor | None = g.get("actor")
    if actor is not None and actor.has("inspector") and request.method == "GET" and answer.status_code in (403, 404):
        path = request.path
        db.transact(lambda session: peeks.note_peek(session, actor, path))
    return answer


class Asked(Paging):
    state = fields.String(load_default=None, validate=validate.Length(max=8))
    village = fields.String(load_default=None, validate=validate.Length(max=20))
    person = fields.String(load_default=None, validate=validate.Length(max=36))
    kind = fields.String(load_default=None, validate=validate.OneOf(["visit", "phone"]))


class Sent(Loose):
    """`id`: of this sending, so that sending it again sends once. `due` is the last day; default: the inspection's."""

    id = fields.UUID(required=True)
    task_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 500))
    person_id = fields.UUID(required=True)
    team_id = fields.UUID(load_default=None, allow_none=True)
    due = fields.Date(load_default=None, allow_none=True)


class Team(Loose):
    """`villages`: whose open tasks are the team's; left out, they stay as they are."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=100))
    members = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 50))
    villages = fields.List(fields.String(validate=validate.Length(max=20)), load_default=None, allow_none=True)


class GivenUp(Loose):
    disposition = fields.String(required=True, validate=validate.Length(min=1, max=40))
    reason = fields.String(required=True, validate=_REASON)


class Replaced(Loose):
    """`household_id`: the reserve that the desk expects; left out, the next one stands in."""

    reason = fields.String(required=True, validate=_REASON)
    household_id = fields.UUID(load_default=None, allow_none=True)


class Called(Loose):
    reason = fields.String(required=True, validate=_REASON)


@blueprint.get("/inspections/<uuid:row_id>/tasks")
@signed_in(*READERS)
@blueprint.arguments(Asked, location="query")
def listed(asked: dict[str, Any], row_id: UUID) -> Response:
    """Tasks by village and household, with what has arrived of them."""
    actor, wanted = current_actor(), task_list.Wanted(asked["state"], asked["village"], asked["person"], asked["kind"])

    def work(session: Session) -> Response:
        inspection = find_inspection(session, actor, str(row_id))
        results.read_results(session, inspection.id)
        return page_answer(
            task_list.list_tasks(session, actor, inspection, wanted, asked["limit"], asked["after"])
        )

    return db.transact(work)


@blueprint.get("/inspections/<uuid:row_id>/villages")
@signed_in(*READERS)
def villages(row_id: UUID) -> Response:
    """Each drawn village with its tasks by state and the reserves that are left."""
    actor = current_actor()

    def work(session: Session) -> Response:
        inspection = find_inspection(session, actor, str(row_id))
        results.read_results(session, inspection.id)
        return jsonify({"items": task_list.villages_of(session, inspection)})

    return db.transact(work)


@blueprint.get("/inspections/<uuid:row_id>/routes")
@signed_in(*READERS)
def routes(row_id: UUID) -> Response:
    """Each team with its villages and households in the order of a walk, and what no team has yet."""
    actor = current_actor()

    def work(session: Session) -> Response:
        inspection = find_inspection(session, actor, str(row_id))
        results.read_results(session, inspection.id)
        return jsonify({"items": teams.routes(session, actor, inspection)})

    return db.transact(work)


@blueprint.get("/inspections/<uuid:row_id>/inspectors")
@signed_in(*PLANNERS)
def inspectors(row_id: UUID) -> Response:
    """People who may be sent."""
    actor = current_actor()
    with db.read() as session:
        inspection = find_inspection(session, actor, str(row_id), PLANNERS)
        return jsonify({"items": task_list.inspectors_for(session, inspection)})


@blueprint.post("/inspections/<uuid:row_id>/teams/<uuid:team_id>")
@signed_in(*PLANNERS)
@blueprint.arguments(Team)
def team(body: dict[str, Any], row_id: UUID, team_id: UUID) -> Response:
    """A team with exactly these inspectors, and the villages that it goes to."""
    actor, inspection_id = current_actor(), str(row_id)
    members = [str(one) for one in body["members"]]

    def work(session: Session) -> dict[str, Any]:
        teams.put_team(session, actor, inspection_id, str(team_id), body["name"], members, body["villages"])
        return inspection_wire(session, actor, find_inspection(session, actor, inspection_id))

    return jsonify(transact_noting(actor, inspection_id, work))


@blueprint.post("/inspections/<uuid:row_id>/tasks/send")
@signed_in(*PLANNERS)
@blueprint.arguments(Sent)
def send(body: dict[str, Any], row_id: UUID) -> Response:
    """Sends an inspector to these households: errands and blind loans reach the phone, in the order of a walk."""
    actor = current_actor()
    team_id = str(body["team_id"]) if body["team_id"] else None
    ids = tuple(str(one) for one in body["task_ids"])
    sending = Sending(str(body["id"]), ids, str(body["person_id"]), team_id, body["due"])

    def work(session: Session) -> list[dict[str, Any]]:
        done = tasks.send(session, actor, str(row_id), sending)
        return task_list.task_rows(session, actor, find_inspection(session, actor, str(row_id)), done)

    return jsonify({"items": transact_noting(actor, str(row_id), work)})


@blueprint.post("/inspections/<uuid:row_id>/tasks/<uuid:task_id>/give-up")
@signed_in(*PLANNERS)
@blueprint.arguments(GivenUp)
def give_up(body: dict[str, Any], row_id: UUID, task_id: UUID) -> Response:
    """Ends a task without answers, with a code of the list `disposition` and a reason, once it was tried enough."""
    actor, given = current_actor(), (body["disposition"], body["reason"])
    return _one(row_id, lambda session: results.give_up(session, actor, str(row_id), str(task_id), *given))


@blueprint.post("/inspections/<uuid:row_id>/tasks/<uuid:task_id>/substitute")
@signed_in(*PLANNERS)
@blueprint.arguments(Replaced)
def substitute(body: dict[str, Any], row_id: UUID, task_id: UUID) -> Response:
    """Lets the next reserve by ticket stand in for a household that was not reached; any other is refused and noted."""
    actor = current_actor()
    expected = str(body["household_id"]) if body["household_id"] else None
    given = (body["reason"], expected)
    return _one(row_id, lambda session: substitution.substitute(session, actor, str(row_id), str(task_id), *given))


def _one(row_id: UUID, work: Callable[[Session], InspectionTask]) -> Response:
    actor, inspection_id = current_actor(), str(row_id)

    def step(session: Session) -> dict[str, Any]:
        task = work(session)
        return task_list.task_rows(session, actor, find_inspection(session, actor, inspection_id), [task])[0]

    return jsonify(transact_noting(actor, inspection_id, step))


@blueprint.post("/assignments/<uuid:assignment_id>/number")
@signed_in("inspector")
@blueprint.arguments(Called)
def number(body: dict[str, Any], assignment_id: UUID) -> Response:
    """The whole telephone number of one household, for the inspector who is sent to call it; noted with the reason."""
    actor = current_actor()
    shown = db.transact(
        lambda session: numbers.reveal_number(session, actor, str(assignment_id), body["reason"])
    )
    return jsonify({"number": shown.number, "masked": shown.masked})
