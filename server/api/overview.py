"""An area at a glance: what waits in it, how it went over time, how well its phones hand over. Areas, never people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import pairwise
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server import db
from server.api.lists import found, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.sync.areas import MEASURES, overview
from server.sync.reading import SubmissionFilter
from server.sync.review import REVIEWERS
from server.sync.sync_health import sync_health
from server.sync.trends import SERIES, trends

blueprint = Blueprint("overview", __name__, description="Areas at a glance, each number the length of a list")
blueprint.before_request(refuse_nul)

MOST_EDGES = 60


class OfArea(Schema):
    class Meta:
        unknown = EXCLUDE

    region = fields.String(required=True, validate=validate.Length(max=20))


class EdgesField(fields.Field[list[datetime]]):
    """Times with zone between commas, each later than the one before: the edges of weeks or months."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[datetime]:
        moment = fields.AwareDateTime(format="iso")
        edges = [moment.deserialize(part) for part in str(value).split(",")]
        if not 2 <= len(edges) <= MOST_EDGES or any(one >= other for one, other in pairwise(edges)):
            raise ValidationError(f"2 to {MOST_EDGES} times, each later than the one before.")
        return edges


class NamesField(fields.Field[list[str]]):
    """Some of these names between commas."""

    def __init__(self, known: Collection[str], **more: Any) -> None:
        super().__init__(load_default=list(known), **more)
        self.known = known

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        names = list(dict.fromkeys(str(value).split(",")))
        if not set(names) <= set(self.known):
            raise ValidationError(f"Some of: {', '.join(self.known)}.")
        return names


class Asked(OfArea):
    since = fields.AwareDateTime(load_default=None, data_key="from", format="iso")
    until = fields.AwareDateTime(load_default=None, data_key="to", format="iso")
    measures = NamesField(MEASURES)


class AskedTrends(OfArea):
    edges = EdgesField(required=True)
    series = NamesField(tuple(SERIES))


@blueprint.get("/overview")
@signed_in()
@blueprint.arguments(Asked, location="query")
def counts(asked: dict[str, Any]) -> Response:
    """Counts of an area and of the areas below it; each is the length of a list. `measures`: only some of them."""
    wanted = SubmissionFilter(since=asked["since"], until=asked["until"])
    with db.read() as session:
        return found(overview(session, current_actor(), asked["region"], wanted, asked["measures"]))


@blueprint.get("/overview/trends")
@signed_in()
@blueprint.arguments(AskedTrends, location="query")
def series(asked: dict[str, Any]) -> Response:
    """One number for each stretch between two `edges`, of an area and of the areas below it."""
    with db.read() as session:
        return found(trends(session, current_actor(), asked["region"], asked["edges"], asked["series"]))


@blueprint.get("/overview/sync")
@signed_in(*REVIEWERS)
@blueprint.arguments(OfArea, location="query")
def health(asked: dict[str, Any]) -> Response:
    """Phones that were not here for days or hold work back, and what came but could not be taken, by area."""
    with db.read() as session:
        return found(sync_health(session, current_actor(), asked["region"]))
