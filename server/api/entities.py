"""Records: lists, one, its history. Only reads; records change through sync alone."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import ColumnElement, and_

from server import db
from server.api.lists import BoxField, CircleField, Paging, PolygonField, definitions, found, page_answer, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.errors import Problem
from server.evidence.series import household_photos
from server.registry.reading import EntityFilter, list_entities, read_entity, read_history
from server.sync.concerns import CONCERNS, CURRENT, concerned, visited
from server.sync.contacts import list_contacts
from server.sync.scope import find_entity, reading_scope

blueprint = Blueprint("entities", __name__, description="Records of the datasets, as far as the reader may see")
blueprint.before_request(refuse_nul)


class Asked(Paging):
    dataset = fields.String(load_default=None, validate=validate.Length(max=40))
    region = fields.String(load_default=None, validate=validate.Length(max=20))
    parent = fields.String(load_default=None, validate=validate.Length(max=36))
    q = fields.String(load_default=None, validate=validate.Length(max=100))
    state = fields.String(load_default=None, validate=validate.OneOf(["active", "archived"]))
    bbox = BoxField(load_default=None)
    near = CircleField(load_default=None)
    within = PolygonField(load_default=None)
    concern = fields.String(load_default=None, validate=validate.OneOf(list(CONCERNS)))
    visited = fields.String(load_default=None, validate=validate.OneOf(["yes", "no"]))
    since = fields.AwareDateTime(load_default=None, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, data_key="to", format="iso")


class AskedPhotos(Paging):
    slot = fields.String(load_default=None, validate=validate.Length(max=40))


class AskedHistory(Schema):
    class Meta:
        unknown = EXCLUDE

    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=500))
    after = fields.Integer(load_default=None, validate=validate.Range(min=1, max=2**31 - 1))


@blueprint.route("/entities")
@signed_in()
@blueprint.arguments(Asked, location="query")
def entities(asked: dict[str, Any]) -> Response:
    """Records by name; `bbox=west,south,east,north`, `near=lon,lat,metres`, `within=lon,lat,lon,lat,…` (a drawn area).

    About households: `concern`, and `visited` yes or no: whether a visit was received `from` (in) `to` (out).
    """
    wanted = EntityFilter(
        dataset=asked["dataset"],
        region=asked["region"],
        q=asked["q"],
        state=asked["state"],
        parent=asked["parent"],
        box=asked["bbox"],
        near=asked["near"],
        within=asked["within"],
        concern=_about(asked),
    )
    with db.read() as session:
        scope = reading_scope(current_actor())
        return page_answer(list_entities(session, definitions(), scope, wanted, asked["limit"], asked["after"]))


def _about(asked: dict[str, Any]) -> ColumnElement[bool] | None:
    """What is asked of the households beside their place and name; None for nothing."""
    clauses = [concern] if (concern := concerned(asked["concern"])) is not None else []
    if asked["visited"] is not None:
        seen = visited(current_actor(), asked["since"], asked["until"])
        clauses += [CURRENT, seen if asked["visited"] == "yes" else ~seen]
    return and_(*clauses) if clauses else None


@blueprint.route("/entities/<entity_id>")
@signed_in()
def entity(entity_id: str) -> Response:
    """One record, as a feed's entry without its number."""
    with db.read() as session:
        return found(read_entity(session, definitions(), reading_scope(current_actor()), entity_id))


@blueprint.route("/entities/<entity_id>/history")
@signed_in()
@blueprint.arguments(AskedHistory, location="query")
def history(asked: dict[str, Any], entity_id: str) -> Response:
    """Who changed what, when and by which submission; newest first."""
    with db.read() as session:
        scope = reading_scope(current_actor())
        return found(read_history(session, definitions(), scope, entity_id, asked["limit"], asked["after"]))


@blueprint.route("/entities/<entity_id>/contacts")
@signed_in()
@blueprint.arguments(Paging, location="query")
def contacts(asked: dict[str, Any], entity_id: str) -> Response:
    """Tries to reach the household, newest first: how each ended, by whom, when and where."""
    with db.read() as session:
        if find_entity(session, current_actor(), entity_id) is None:
            raise Problem("record.not_found")
        return page_answer(list_contacts(session, current_actor(), entity_id, asked["limit"], asked["after"]))


@blueprint.route("/entities/<entity_id>/photos")
@signed_in()
@blueprint.arguments(AskedPhotos, location="query")
def photos(asked: dict[str, Any], entity_id: str) -> Response:
    """Photos of the household over time, newest first; `slot=` what they show: before and after, from the same spot."""
    with db.read() as session:
        wanted = (entity_id, asked["slot"], asked["limit"], asked["after"])
        return page_answer(household_photos(session, current_actor(), *wanted))
