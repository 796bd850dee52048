"""Inspections: planned, frozen, drawn in public, opened, closed. Tasks are in inspection_tasks.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Response, current_app, jsonify
from flask_smorest import Blueprint
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from server import db
from server.api.bodies import Loose
from server.api.lists import Paging, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.inspection import drawing, freezing, opening, planning, seeds
from server.inspection.on_wire import inspection_wire
from server.inspection.planning import SEED_WAYS, SPARING, Wanted
from server.inspection.preview import preview
from server.inspection.reading import (
    Narrowed,
    list_inspections,
    list_published,
    overlaps_of,
    published_file,
)
from server.inspection.refusals import transact_noting
from server.inspection.rights import PLANNERS, READERS, find_inspection
from server.inspection.signing import draw_key
from server.inspection.tables import STATES, Inspection

blueprint = Blueprint("inspections", __name__, description="Samples that anyone can draw again, and how they are drawn")
blueprint.before_request(refuse_nul)


class Planned(Loose):
    """`plan` as docs/INSPECTION.md tells; `id` from the client makes sending it again harmless."""

    id = fields.UUID(required=True)
    region = fields.String(required=True, validate=validate.Length(min=2, max=20))
    name_zh = fields.String(required=True, validate=validate.Length(min=1, max=200))
    name_en = fields.String(load_default="", validate=validate.Length(max=200))
    plan = fields.Dict(required=True)
    form_ids = fields.List(
        fields.String(validate=validate.Length(min=1, max=100)), required=True, validate=validate.Length(1, 5)
    )
    recent = fields.String(load_default="leave_out", validate=validate.OneOf(SPARING))
    seed_way = fields.String(load_default="dice", validate=validate.OneOf(SEED_WAYS))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)


class Asked(Paging):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    unclosed = fields.Boolean(load_default=False)


class Rolled(Loose):
    """`seed`: the digits as rolled; left out where the seed was revealed."""

    seed = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=400))


class Committed(Loose):
    """`sha256` of an own secret of 16 to 200 ASCII characters without blanks: checked only when it is revealed."""

    sha256 = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))


class Revealed(Loose):
    """Refused (`inspection.seed`) where it is not what was committed to, or is no such secret."""

    secret = fields.String(required=True, validate=validate.Length(min=1, max=200))


def _key() -> Ed25519PrivateKey:
    settings: Settings = current_app.config["RUHU"]
    return draw_key(settings.keys)


def _wanted(body: dict[str, Any]) -> Wanted:
    given = {name: body[name] for name in Wanted.__annotations__ if name not in ("id", "form_ids")}
    return Wanted(id=str(body["id"]), form_ids=tuple(dict.fromkeys(body["form_ids"])), **given)


def _steered(row_id: UUID | str, work: Callable[[Session, str], Inspection]) -> Response:
    """What one step made of the inspection; a refusal that must be answerable is noted."""
    actor, inspection_id = current_actor(), str(row_id)

    def step(session: Session) -> dict[str, Any]:
        return inspection_wire(session, actor, work(session, inspection_id))

    return jsonify(transact_noting(actor, inspection_id, step))


@blueprint.get("/inspections")
@signed_in()
@blueprint.arguments(Asked, location="query")
def listed(asked: dict[str, Any]) -> Response:
    """Inspections of the areas that one answers for or audits, newest first; nobody else has any here."""
    wanted = Narrowed(asked["state"], asked["region"], asked["unclosed"])
    with db.read() as session:
        return page_answer(list_inspections(session, current_actor(), wanted, asked["limit"], asked["after"]))


@blueprint.post("/inspections")
@signed_in(*PLANNERS)
@blueprint.arguments(Planned)
def plan(body: dict[str, Any]) -> tuple[Response, int]:
    """Plans an inspection."""
    actor, wanted = current_actor(), _wanted(body)
    return _steered(wanted.id, lambda session, _id: planning.make_plan(session, actor, wanted)), 201


@blueprint.post("/inspections/<uuid:row_id>/plan")
@signed_in(*PLANNERS)
@blueprint.arguments(Planned)
def change(body: dict[str, Any], row_id: UUID) -> Response:
    """Changes the plans, as long as nothing is frozen."""
    actor, wanted = current_actor(), _wanted({**body, "id": row_id})
    return _steered(row_id, lambda session, _id: planning.change_plan(session, actor, wanted))


@blueprint.get("/inspections/published")
@signed_in()
@blueprint.arguments(Paging, location="query")
def published(asked: dict[str, Any]) -> Response:
    """What is published of the inspections that were opened about one's own area: hashes, seed and files."""
    with db.read() as session:
        return page_answer(list_published(session, current_actor(), asked["limit"], asked["after"]))


@blueprint.get("/inspections/<uuid:row_id>")
@signed_in(*READERS)
def one(row_id: UUID) -> Response:
    """One inspection at its stage."""
    actor = current_actor()
    with db.read() as session:
        return jsonify(inspection_wire(session, actor, find_inspection(session, actor, str(row_id))))


@blueprint.get("/inspections/<uuid:row_id>/preview")
@signed_in(*PLANNERS)
def previewed(row_id: UUID) -> Response:
    """How many could be drawn, who is spared and why, what is asked of households already, which others overlap."""
    actor = current_actor()
    with db.read() as session:
        return jsonify(preview(session, actor, find_inspection(session, actor, str(row_id), PLANNERS)))


@blueprint.get("/inspections/<uuid:row_id>/overlaps")
@signed_in(*PLANNERS)
def overlapping(row_id: UUID) -> Response:
    """Other inspections about the same households in the same days."""
    actor = current_actor()
    with db.read() as session:
        return jsonify({"items": overlaps_of(session, actor, find_inspection(session, actor, str(row_id), PLANNERS))})


@blueprint.post("/inspections/<uuid:row_id>/freeze")
@signed_in(*PLANNERS)
def freeze(row_id: UUID) -> Response:
    """Fixes the frame and publishes its hash, before there is a seed."""
    actor = current_actor()
    return _steered(row_id, lambda session, one_id: freezing.freeze(session, actor, one_id, _key()))


@blueprint.post("/inspections/<uuid:row_id>/commit")
@signed_in(*PLANNERS)
@blueprint.arguments(Committed)
def commit(body: dict[str, Any], row_id: UUID) -> Response:
    """Gives the SHA-256 of an own secret; of two people."""
    actor = current_actor()
    return _steered(row_id, lambda session, one_id: seeds.commit(session, actor, one_id, body["sha256"], _key()))


@blueprint.post("/inspections/<uuid:row_id>/reveal")
@signed_in(*PLANNERS)
@blueprint.arguments(Revealed)
def reveal(body: dict[str, Any], row_id: UUID) -> Response:
    """Gives the secret that was committed to, once both have committed."""
    actor = current_actor()
    return _steered(row_id, lambda session, one_id: seeds.reveal(session, actor, one_id, body["secret"]))


@blueprint.post("/inspections/<uuid:row_id>/draw")
@signed_in(*PLANNERS)
@blueprint.arguments(Rolled)
def draw(body: dict[str, Any], row_id: UUID) -> Response:
    """Draws, once. The same seed again answers what was drawn, another is refused and noted."""
    actor, digits = current_actor(), body["seed"]
    return _steered(row_id, lambda session, one_id: drawing.draw_sample(session, actor, one_id, digits, _key()))


@blueprint.post("/inspections/<uuid:row_id>/open")
@signed_in(*PLANNERS)
def open_up(row_id: UUID) -> Response:
    """Publishes the inspection to the villages."""
    actor = current_actor()
    return _steered(row_id, lambda session, one_id: opening.open_up(session, actor, one_id))


@blueprint.post("/inspections/<uuid:row_id>/close")
@signed_in(*PLANNERS)
def close(row_id: UUID) -> Response:
    """Ends it: errands that are still out are taken back."""
    actor = current_actor()
    return _steered(row_id, lambda session, one_id: opening.close(session, actor, one_id))


@blueprint.get("/inspections/<uuid:row_id>/files/<name>")
@signed_in()
def file(row_id: UUID, name: str) -> Response:
    """A published file, exactly as it is hashed and signed."""
    with db.read() as session:
        content, media_type = published_file(session, current_actor(), str(row_id), name)
    answer = Response(content, mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
