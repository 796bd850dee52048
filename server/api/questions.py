"""Questions about submissions, and their answers; drafts that phones handed over for safe keeping."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, jsonify, send_file
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.sync import drafts, questions
from server.sync.blobs import store_of
from server.sync.questions import Asked, Wanted
from server.sync.review import REVIEWERS

blueprint = Blueprint("questions", __name__, description="What goes back and forth between office and village")
blueprint.before_request(refuse_nul)


class NewQuestion(Loose):
    """`id` from the client makes sending it again harmless."""

    id = fields.UUID(load_default=None, allow_none=True)
    text = fields.String(required=True, validate=validate.Length(min=1, max=2000))
    path = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
    attachment_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=36))


class WhyClosed(Loose):
    reason = fields.String(required=True, validate=validate.And(validate.Length(max=500), validate.Regexp(r".*\S")))


class AskedQuestions(Paging):
    state = fields.String(load_default=None, validate=validate.OneOf(questions.STATES))
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    instance_id = fields.String(load_default=None, validate=validate.Length(max=100))


class AskedDrafts(Paging):
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    author = fields.String(load_default=None, validate=validate.Length(max=36))


@blueprint.post("/submissions/<path:instance_id>/questions")
@signed_in(*REVIEWERS)
@blueprint.arguments(NewQuestion)
def ask(body: dict[str, Any], instance_id: str) -> tuple[Response, int]:
    """Asks the author: the question reaches the phone, an op of kind `answer` closes it."""
    actor = current_actor()
    asked = Asked(body["text"], body["path"], body["attachment_id"], str(body["id"]) if body["id"] else None)
    return jsonify(db.transact(lambda session: questions.ask(session, actor, instance_id, asked))), 201


@blueprint.post("/questions/<uuid:question_id>/close")
@signed_in(*REVIEWERS)
@blueprint.arguments(WhyClosed)
def close(body: dict[str, Any], question_id: UUID) -> Response:
    """Ends a question without an answer, with a reason; it leaves the phone. Problem question.answered."""
    actor, why = current_actor(), body["reason"].strip()
    return jsonify(db.transact(lambda session: questions.close(session, actor, str(question_id), why)))


@blueprint.get("/questions")
@signed_in()
@blueprint.arguments(AskedQuestions, location="query")
def listed(asked: dict[str, Any]) -> Response:
    """Questions about submissions in sight, newest first, with their answers."""
    wanted = Wanted(asked["state"], asked["region"], asked["instance_id"])
    with db.read() as session:
        return page_answer(questions.list_questions(session, current_actor(), wanted, asked["limit"], asked["after"]))


@blueprint.get("/drafts")
@signed_in()
@blueprint.arguments(AskedDrafts, location="query")
def kept(asked: dict[str, Any]) -> Response:
    """Unfinished forms in safe keeping: one's own, and those of the area that one supervises."""
    with db.read() as session:
        actor = current_actor()
        return page_answer(
            drafts.list_drafts(session, actor, asked["region"], asked["author"], asked["limit"], asked["after"])
        )


@blueprint.get("/drafts/<op_id>")
@signed_in()
def one(op_id: str) -> Response:
    """One draft with its form and the names of its files; reading another person's is noted."""
    actor = current_actor()
    return found(db.transact(lambda session: drafts.read_draft(session, actor, op_id)))


@blueprint.get("/drafts/<op_id>/files/<path:name>")
@signed_in()
def file(op_id: str, name: str) -> Response:
    """The exact bytes of a draft's file, as a download."""
    with db.read() as session:
        row = drafts.find_file(session, current_actor(), op_id, name)
    if row is None:
        raise Problem("record.not_found")
    settings: Settings = current_app.config["RUHU"]
    try:
        stream = store_of(settings).open(row.sha256)
    except FileNotFoundError:
        raise Problem("photo.missing") from None
    answer = send_file(stream, mimetype="application/octet-stream", as_attachment=True, download_name="file")
    answer.headers["Content-Security-Policy"] = "sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
