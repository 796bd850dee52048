"""Who saw, decided and exported what, for administrators and auditors of the area."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, stream_with_context
from flask_smorest import Blueprint
from marshmallow import fields, validate

from server import db
from server.accounts.audit import note
from server.api.lists import Paging, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.sync import audit_chain
from server.sync.audit_list import READERS, Wanted, list_audit

blueprint = Blueprint("audit", __name__, description="Who saw, decided and exported what")
blueprint.before_request(refuse_nul)

AT_ONCE = 500


class AskedAudit(Paging):
    """`from` is in, `to` is out. `kind`: an action such as `export.asked`, or its first word."""

    after = fields.String(load_default=None, validate=validate.Regexp(r"[1-9]\d{0,17}\Z"))
    person = fields.UUID(load_default=None)
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    kind = fields.String(load_default=None, validate=validate.Regexp(r"[a-z_]{1,40}(\.[a-z_]{1,40})?\Z"))
    subject = fields.String(load_default=None, validate=validate.Length(max=200))
    since = fields.AwareDateTime(load_default=None, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, data_key="to", format="iso")


def _wanted(asked: dict[str, Any]) -> Wanted:
    person = str(asked["person"]) if asked["person"] else None
    return Wanted(person, asked["region"], asked["kind"], asked["subject"], asked["since"], asked["until"])


@blueprint.get("/audit")
@signed_in(*READERS)
@blueprint.arguments(AskedAudit, location="query")
def show(asked: dict[str, Any]) -> Response:
    """Entries about the caller's areas, newest first, with their place in the chain (`number`, `hash`)."""
    audit_chain.seal()
    with db.read() as session:
        after = int(asked["after"]) if asked["after"] else None
        answer = page_answer(list_audit(session, current_actor(), _wanted(asked), asked["limit"], after))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/audit/export")
@signed_in(*READERS)
@blueprint.arguments(AskedAudit, location="query")
def export(asked: dict[str, Any]) -> Response:
    """The same list whole, as JSON lines; that it was taken is itself an entry."""
    actor, wanted = current_actor(), _wanted(asked)
    told = {f"asked_{name}": str(value) for name, value in vars(wanted).items() if value is not None}
    db.transact(lambda session: note(session, actor.id, "audit.exported", "audit", **told))
    audit_chain.seal()

    def lines() -> Iterator[str]:
        after: int | None = None
        with db.read_apart() as session:
            while True:
                page = list_audit(session, actor, wanted, AT_ONCE, after)
                yield from (json.dumps(item, ensure_ascii=False) + "\n" for item in page.items)
                if page.next is None:
                    return
                after = int(page.next)

    answer = Response(stream_with_context(lines()), content_type="application/x-ndjson; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename="audit.jsonl")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/audit/head")
@signed_in(*READERS)
def head() -> Response:
    """The chain's end, to be noted elsewhere: `ruhu audit verify --hash` says later whether it is still there."""
    audit_chain.seal()
    with db.read() as session:
        found = audit_chain.head_of(session)
        if found is None:
            return jsonify({"number": 0, "hash": None, "vouched": True})
        return jsonify({"number": found.number, "hash": found.hash, "vouched": found.is_ours()})
