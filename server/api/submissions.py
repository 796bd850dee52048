"""Submissions: lists, one with everything known of it, and the reviewer's word. Submissions never change."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, PolygonField, definitions, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Fault, Problem
from server.evidence.submission_view import read_submission
from server.sync.preview import withdrawal
from server.sync.reading import SubmissionFilter, list_submissions
from server.sync.review import REVIEWERS, STATES, Word, review

blueprint = Blueprint("submissions", __name__, description="What came from the field, as far as the reader may see")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    """`from` is in, `to` is out; both RFC 3339 with zone, and both of the time of receipt."""

    region = fields.String(load_default=None, validate=validate.Length(max=20))
    household = fields.String(load_default=None, validate=validate.Length(max=36))
    form_id = fields.String(load_default=None, validate=validate.Length(max=100))
    author = fields.String(load_default=None, validate=validate.Length(max=64))
    status = fields.String(load_default=None, validate=validate.Length(max=12))
    review = fields.String(load_default=None, validate=validate.Length(max=12))
    since = fields.AwareDateTime(load_default=None, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, data_key="to", format="iso")
    q = fields.String(load_default=None, validate=validate.Length(max=100))
    has_photo = fields.Boolean(load_default=None, allow_none=True)
    findings = fields.Boolean(load_default=None, allow_none=True)
    photos = fields.String(load_default=None, validate=validate.OneOf(["any", "none", "missing"]))
    within = PolygonField(load_default=None)


def _filter(asked: dict[str, Any]) -> SubmissionFilter:
    names = (
        "region", "household", "form_id", "author", "status", "review", "since", "until", "q", "photos", "findings",
        "within",
    )  # fmt: skip
    wanted = {name: asked[name] for name in names}
    if asked["has_photo"] is not None and wanted["photos"] is None:
        wanted["photos"] = "any" if asked["has_photo"] else "none"
    return SubmissionFilter(**wanted)


@blueprint.route("/submissions")
@signed_in()
@blueprint.arguments(Asked, location="query")
def submissions(asked: dict[str, Any]) -> Response:
    """Submissions, newest first."""
    with db.read() as session:
        return page_answer(
            list_submissions(session, current_actor(), definitions(), _filter(asked), asked["limit"], asked["after"])
        )


class Comment(Loose):
    text = fields.String(required=True, validate=validate.Length(min=1, max=2000))
    path = fields.String(validate=validate.Length(max=500))


class Judged(Loose):
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    comments = fields.List(fields.Nested(Comment), load_default=list, validate=validate.Length(max=100))


@blueprint.post("/submissions/<path:instance_id>/review")
@signed_in(*REVIEWERS)
@blueprint.arguments(Judged)
def judged(body: dict[str, Any], instance_id: str) -> Response:
    """Approves, sends back with comments, or rejects; a rejection withdraws what the submission wrote."""
    if body["state"] != "approved" and not body["comments"]:
        fix = "Say what is to be mended: it reaches the author's phone."
        raise Problem("request.invalid", faults=[Fault("comments", "They are missing.", fix)])
    actor, word = current_actor(), Word(body["state"], body["comments"])
    outcomes = db.transact(lambda session: review(session, actor, instance_id, word))
    return jsonify({"state": word.state, "entities": [outcome.for_wire() for outcome in outcomes]})


@blueprint.get("/submissions/<path:instance_id>/withdrawal")
@signed_in(*REVIEWERS)
def withdrawn(instance_id: str) -> Response:
    """What a rejection would take back: records with values before and after, conflicts that it opens and closes."""
    actor = current_actor()
    return jsonify(db.transact(lambda session: withdrawal(session, actor, definitions(), instance_id)))


# An instance id is any text that a client made up, slashes included.
@blueprint.route("/submissions/<path:instance_id>")
@signed_in()
def submission(instance_id: str) -> Response:
    """One submission: answers, files, what it wrote, the household before and after, where it was."""
    with db.read() as session:
        return found(read_submission(session, current_actor(), definitions(), instance_id))
