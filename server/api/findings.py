"""Findings: opened, appealed, put right, verified on the spot, closed; and similar cases."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, current_app, jsonify, send_file
from flask_smorest import Blueprint
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.api.bodies import Loose
from server.api.lists import Paging, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.evidence import photos, tasks
from server.inspection import finding_checks, finding_similar, finding_steps, findings
from server.inspection.finding_access import clock_rows, workflow
from server.inspection.finding_clocks import flow_in
from server.inspection.finding_news import tell
from server.inspection.finding_photos import find_photo
from server.inspection.finding_similar import VISIT_FORM, Similar
from server.inspection.finding_steps import Asked, note_refused
from server.inspection.finding_tables import SOURCES
from server.inspection.findings import KINDS, Opening, Wanted
from server.registry.reading import Page
from server.sync.review import REVIEWERS

blueprint = Blueprint("findings", __name__, description="What is to be put right, from its opening to its closing")
blueprint.before_request(refuse_nul)
T = TypeVar("T")


class NewFinding(Loose):
    """`source`: `{kind: "hand"}` with `region` or `household_id`, `{kind: "photo" | "rule", id}`, or
    `{kind: "discrepancy", inspection, household, property}`. `id` makes sending it again harmless."""

    id = fields.UUID(load_default=None, allow_none=True)
    source = fields.Dict(required=True)
    region = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    household_id = fields.UUID(load_default=None, allow_none=True)
    kind = fields.String(load_default="other", validate=validate.OneOf(KINDS))
    text = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class NewStep(Loose):
    """`seen`: how many steps were on the screen; `id` makes sending it again harmless."""

    id = fields.UUID(required=True)
    step = fields.String(required=True, validate=validate.Length(max=40))
    seen = fields.Integer(required=True, validate=validate.Range(min=0, max=10_000))
    text = fields.String(load_default="", validate=validate.Length(max=5000))
    due = fields.Date(load_default=None, allow_none=True)
    lead = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    partner = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    check = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))


class AskedFindings(Paging):
    state = fields.String(load_default=None, validate=validate.Length(max=12))
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    household = fields.String(load_default=None, validate=validate.Length(max=36))
    source = fields.String(load_default=None, validate=validate.OneOf(SOURCES))
    overdue = fields.Boolean(load_default=False)
    risen = fields.Integer(load_default=0, validate=validate.Range(min=0, max=4))
    mine = fields.Boolean(load_default=False)


class NewCheck(Loose):
    person_id = fields.UUID(required=True)
    due = fields.Date(load_default=None, allow_none=True)


class NewSimilar(Loose):
    """`person_id` left out: each household's lead helper."""

    person_id = fields.UUID(load_default=None, allow_none=True)
    form_id = fields.String(load_default=VISIT_FORM, validate=validate.Length(min=1, max=100))
    due = fields.Date(load_default=None, allow_none=True)


class OfRegion(Loose):
    region = fields.String(load_default=None, validate=validate.Length(max=20))


class WantedPhoto(Loose):
    size = fields.String(load_default="1280", validate=validate.OneOf(["320", "1280"]))


@blueprint.get("/findings/workflow")
@signed_in()
@blueprint.arguments(OfRegion, location="query")
def course(asked: dict[str, Any]) -> Response:
    """States, steps and clocks, with their words; the clocks as they hold today in the region, or in the nation."""
    with db.read() as session:
        flow = flow_in(workflow(), clock_rows(session), asked["region"] or "", db.today())
    clocks = flow.clocks_on(db.today())
    return jsonify(
        {
            "labels": flow.labels,
            "start": flow.start,
            "states": [
                {"name": one.name, "labels": one.labels, "final": one.final, "clock": one.clock, "then": one.then}
                for one in flow.states.values()
            ],
            "steps": [
                {
                    "name": one.name, "labels": one.labels, "by": one.by, "from": one.of, "to": one.to,
                    "needs": one.needs, "bars": one.bars,
                }
                for one in flow.steps.values()
            ],
            "clocks": {"id": clocks.id, "status": clocks.status, "source": clocks.source, "days": clocks.days},
        }
    )


@blueprint.post("/findings")
@signed_in(*REVIEWERS)
@blueprint.arguments(NewFinding)
def opened(body: dict[str, Any]) -> tuple[Response, int]:
    """201 for a new one; 200 for the one that was opened from this source before."""
    actor = current_actor()
    household = str(body["household_id"]) if body["household_id"] else None
    given = str(body["id"]) if body["id"] else None
    wanted = Opening(body["source"], body["text"], body["kind"], given, body["region"], household)
    finding_id, new = _tried(
        actor, given or "", "open", lambda session: findings.open_finding(session, actor, wanted)
    )
    return _told(actor, finding_id), 201 if new else 200


@blueprint.get("/findings")
@signed_in()
@blueprint.arguments(AskedFindings, location="query")
def listed(asked: dict[str, Any]) -> Response:
    """Findings in sight, newest first: of one's area, of the households that one helps, those that one checks."""
    names = ("state", "region", "source", "overdue", "risen", "mine")
    wanted = Wanted(household_id=asked["household"], **{name: asked[name] for name in names})
    with db.read() as session:
        return page_answer(findings.list_findings(session, current_actor(), wanted, asked["limit"], asked["after"]))


@blueprint.get("/findings/<uuid:finding_id>")
@signed_in()
def one(finding_id: UUID) -> Response:
    """One finding with its steps, its errands, and the steps that the reader may take now."""
    return _told(current_actor(), str(finding_id))


@blueprint.post("/findings/<uuid:finding_id>/steps")
@signed_in()
@blueprint.arguments(NewStep)
def step(body: dict[str, Any], finding_id: UUID) -> Response:
    """Takes a step. 409 finding.moved where somebody was faster; what is refused is noted in the audit."""
    actor, asked = current_actor(), Asked(**{**body, "id": str(body["id"])})

    def work(session: Session) -> None:
        finding, new = finding_steps.take(session, actor, str(finding_id), asked)
        if new:
            tell(session, finding)

    _tried(actor, str(finding_id), asked.step, work)
    return _told(actor, str(finding_id))


@blueprint.post("/findings/<uuid:finding_id>/checks")
@signed_in(*REVIEWERS)
@blueprint.arguments(NewCheck)
def check(body: dict[str, Any], finding_id: UUID) -> tuple[Response, int]:
    """Sends somebody to see on the spot: an errand of the form `rectification_check`, with the household on loan."""
    actor, person = current_actor(), str(body["person_id"])
    _tried(
        actor, str(finding_id), "check",
        lambda session: tell(
            session, finding_checks.send_check(session, actor, str(finding_id), person, body["due"])
        ),
    )  # fmt: skip
    return _told(actor, str(finding_id)), 201


@blueprint.get("/findings/<uuid:finding_id>/checkers")
@signed_in(*REVIEWERS)
def checkers(finding_id: UUID) -> Response:
    """Who may be sent to look on the spot."""
    with db.read() as session:
        people = finding_checks.checkers(session, current_actor(), str(finding_id))
    return found(None if people is None else Page(people, None))


@blueprint.get("/findings/<uuid:finding_id>/similar")
@signed_in(*REVIEWERS)
def similar(finding_id: UUID) -> Response:
    """How many households of the township have the same matter, and the first of them; else `why` there is none."""
    with db.read() as session:
        return found(finding_similar.preview_similar(session, current_actor(), str(finding_id)))


@blueprint.post("/findings/<uuid:finding_id>/similar")
@signed_in(*REVIEWERS)
@blueprint.arguments(NewSimilar)
def look_at_similar(body: dict[str, Any], finding_id: UUID) -> tuple[Response, int]:
    """Learn from one, check all: an errand to each of them; else `why`. Again adds only what is new."""
    actor = current_actor()
    wanted = Similar(str(body["person_id"]) if body["person_id"] else None, body["form_id"], body["due"])
    answer = _tried(
        actor, str(finding_id), "similar",
        lambda session: finding_similar.check_similar(session, actor, str(finding_id), wanted),
    )  # fmt: skip
    return jsonify(answer), 201


@blueprint.get("/findings/<uuid:finding_id>/photos/<sha256>")
@signed_in()
@blueprint.arguments(WantedPhoto, location="query")
def photo(wanted: dict[str, Any], finding_id: UUID, sha256: str) -> Response:
    """A re-encoded copy: `before` is the photo that showed it, others are named by their hash."""
    settings: Settings = current_app.config["RUHU"]
    with db.read() as session:
        shown = find_photo(session, current_actor(), str(finding_id), sha256)
    path = photos.copy_path(settings, shown.sha256, int(wanted["size"]))
    if not path.is_file() and not tasks.make_copies(settings, shown.sha256, shown.media_type):
        raise Problem("photo.unreadable")
    return _private(path)


def _private(path: Path) -> Response:
    answer = send_file(BytesIO(path.read_bytes()), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    answer.headers["Vary"] = "Authorization, Cookie"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _told(actor: Actor, finding_id: str) -> Response:
    with db.read() as session:
        return found(finding_steps.read_finding(session, actor, finding_id))


def _tried(actor: Actor, finding_id: str, step: str, work: Callable[[Session], T]) -> T:
    """What the work answers; an attempt that is refused leaves a trace, although nothing else of it is stored."""
    try:
        return db.transact(work)
    except Problem as problem:
        code = problem.code
        db.transact(lambda session: note_refused(session, actor, finding_id, step, code))
        raise
