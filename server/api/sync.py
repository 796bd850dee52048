"""Sync: hello, push, pull."""

from __future__ import annotations

from itertools import chain
from typing import Any

from flask import Response, jsonify, request, stream_with_context
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import update
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.tables import Install
from server.api import shapes
from server.api.bodies import Loose
from server.api.compression import streamed
from server.api.signed_in import current_actor, signed_in
from server.errors import Fault, Problem
from server.evidence.tasks import enqueue
from server.sync import holdings, loans
from server.sync.batch import NotJson, is_crowded, read_body
from server.sync.digest import digest
from server.sync.epoch import epoch
from server.sync.ferry import push_together
from server.sync.pull import DEFAULT_PAGE, LARGEST_PAGE, MOST_SCOPES, Cursor, Pull, feeds_of, stream
from server.sync.push import parcel
from server.sync.said import said_by

blueprint = Blueprint("sync", __name__, description="The one way in and out for field work")

PUSH_OPS = 200
PUSH_BYTES = 1024 * 1024
OP_BYTES = 16 * 1024 * 1024
LIMITS = {"push_ops": PUSH_OPS, "push_bytes": PUSH_BYTES, "op_bytes": OP_BYTES}
MINIMUM_APP_BUILD = "0"


class FeedCursor(Loose):
    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**62))
    view = fields.String(load_default=None, allow_none=True)


class Hello(Loose):
    install_id = fields.String(load_default=None, allow_none=True)
    app_build = fields.String(load_default="", validate=validate.Length(max=64))
    device_time = fields.String(load_default=None, allow_none=True)
    feeds = fields.Dict(keys=fields.String(), values=fields.Nested(FeedCursor), load_default=dict)
    outbox = fields.Dict(load_default=dict)


class AskedPull(Loose):
    """`epoch`: the one that the phone knows; with another one every feed must be fetched anew."""

    epoch = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))
    install_id = fields.String(load_default=None, allow_none=True)
    feeds = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(FeedCursor),
        required=True,
        validate=validate.Length(max=MOST_SCOPES),
    )
    limit = fields.Integer(load_default=DEFAULT_PAGE, validate=validate.Range(min=1, max=LARGEST_PAGE))


@blueprint.route("/sync/hello", methods=["POST"])
@blueprint.response(200, shapes.HelloAnswer)
@signed_in(revoked_may=True)
@blueprint.arguments(Hello)
def hello(body: dict[str, Any]) -> Response:
    """What this phone may pull, what it is to hand over (`revoking`), where each feed stands, the limits of a push."""
    actor = current_actor()
    db.transact(lambda session: _seen(session, actor, body))
    with db.read(often=True) as session:
        feeds = feeds_of(session, actor)
        answer = {
            "server_time": db.now().isoformat(),
            "epoch": epoch(session),
            "feeds": feeds,
            "limits": LIMITS,
            "minimum_app_build": MINIMUM_APP_BUILD,
        }
    return jsonify(answer)


def _seen(session: Session, actor: Actor, body: dict[str, Any]) -> None:
    """Loans that are over end before the phone asks for rows; rights that ended become hand-overs."""
    if actor.install_id is not None:
        holdings.notice(session, actor)
        _note_said(session, actor, body)
    loans.end_due(session, actor.id)  # last, because it writes to a feed


def _note_said(session: Session, actor: Actor, body: dict[str, Any]) -> None:
    values = {"last_seen_at": db.now(), **said_by(body)}
    if body["app_build"]:
        values["app_build"] = body["app_build"]
    session.execute(update(Install).where(Install.id == actor.install_id).values(**values))


@blueprint.route("/sync/push", methods=["POST"])
@blueprint.doc(requestBody={"content": {"application/json": {"schema": shapes.PushBody}}})
@blueprint.response(200, shapes.PushAnswerShape)
@signed_in(revoked_may=True)
def push_ops() -> Response:
    """Takes ops; one committed result each, in the order sent."""
    answer = push_together(parcel(current_actor(), _ops()))
    enqueue(answer.bound)
    return jsonify({"results": [result.for_wire() for result in answer.results], "acked_seq": answer.acked_seq})


def _ops() -> list[object]:
    """The ops of the body; Problems request.not_json and request.too_large, and then nothing was stored."""
    body = request.get_data()
    if len(body) > PUSH_BYTES and is_crowded(body):
        raise Problem("request.too_large")
    try:
        parsed = read_body(body, PUSH_OPS)
    except NotJson as error:
        where = f"byte {error.at}" if error.at is not None else "body"
        fix = 'Send {"ops": [ … ]} as JSON in UTF-8; what the phone has is still there.'
        raise Problem("request.not_json", faults=[Fault(where, "From here on it is no JSON.", fix)]) from error
    ops = parsed.get("ops") if isinstance(parsed, dict) else None
    if not isinstance(ops, list):
        fix = 'Send {"ops": [ … ]}.'
        raise Problem("request.invalid", faults=[Fault("ops", "It is missing or no list.", fix)])
    if len(ops) > PUSH_OPS or len(body) > (OP_BYTES if len(ops) == 1 else PUSH_BYTES):
        raise Problem("request.too_large")
    return ops


@blueprint.route("/sync/pull", methods=["POST"])
@blueprint.response(200, shapes.PullAnswer)
@signed_in()
@blueprint.arguments(AskedPull)
def pull_feeds(body: dict[str, Any]) -> Response:
    """The next page of each feed, from one snapshot."""
    cursors = {name: Cursor(item["after"], item["view"]) for name, item in body["feeds"].items()}
    pieces = stream(current_actor(), Pull(cursors, body["limit"], body["epoch"]))
    first = next(pieces)  # what fails before the first row is answered as an error
    return streamed(stream_with_context(chain([first], pieces)))


class AskedDigest(Schema):
    class Meta:
        unknown = EXCLUDE

    scope = fields.String(required=True, validate=validate.Length(max=80))


@blueprint.route("/sync/digest", methods=["GET"])
@signed_in()
@blueprint.arguments(AskedDigest, location="query")
def feed_digest(asked: dict[str, Any]) -> Response:
    """What a phone at the feed's head should hold: 256 sums over ids and versions. 404 for a feed not granted."""
    with db.read() as session:
        answer = digest(session, current_actor(), asked["scope"])
    if answer is None:
        raise Problem("record.not_found")
    return jsonify(answer)
