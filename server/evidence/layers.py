"""What a map shows of households, submissions and photos: points of a tile, or counts where there are too many.

Only what the actor may see is drawn or counted, and no name: a style gets ids and states, the page asks for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, cast, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.evidence.tables import Photo
from server.geo import ops
from server.geo.inside import codes_inside
from server.geo.tile import Dot, Tile, encode
from server.registry.paging import Rows
from server.registry.tables import Entity
from server.sync.scope import visible_entities, visible_submissions
from server.sync.tables import Attachment, Submission

COUNTED_BELOW = 10  # zoom; farther out a county is one heap
MOST_DOTS = 4000
CELLS = 32  # along an edge of the tile


@dataclass(frozen=True)
class _Drawn:
    """`query`: what the actor may see, with the columns that `told` reads; `region`: the column of its area; `time`:
    when a visit was received or a photo taken, None for what has no time.
    """

    layer: ops.Layer
    region: Any
    query: Callable[[Actor], Rows]
    told: Callable[[Row[Any]], Mapping[str, Any]]
    time: Any = None


@dataclass(frozen=True)
class Narrowed:
    """To an area and what lies below it, and to a time (`since` is in, `until` out); None is no limit.

    A photo that says no time belongs to every time, as in an export.
    """

    region: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def draw(session: Session, actor: Actor, name: str, tile: Tile, to: Narrowed = Narrowed()) -> bytes:
    """The tile of this layer for this actor."""
    drawn = LAYERS[name]
    query = drawn.query(actor).where(*_clauses(session, drawn, to))
    if tile.z >= COUNTED_BELOW:
        dots = _dots(session, query, drawn, tile)
        if len(dots) <= MOST_DOTS:
            return encode(tile, name, dots)
    return encode(tile, name, _counts(session, query, drawn, tile))


def _clauses(session: Session, drawn: _Drawn, to: Narrowed) -> list[ColumnElement[bool]]:
    # `IS TRUE` keeps it a look into a list: as a join, PostgreSQL would ask for the region of each of 400,000 visits.
    clauses = [drawn.region.in_(codes_inside(session, to.region)).is_(True)] if to.region is not None else []
    if drawn.time is not None and to.since is not None:
        clauses.append(or_(drawn.time >= to.since, drawn.time.is_(None)))
    if drawn.time is not None and to.until is not None:
        clauses.append(or_(drawn.time < to.until, drawn.time.is_(None)))
    return clauses


def _dots(session: Session, query: Rows, drawn: _Drawn, tile: Tile) -> list[Dot]:
    here = ops.in_tile(session, drawn.layer, tile)
    rows = session.execute(query.add_columns(drawn.layer.place).where(here).limit(MOST_DOTS + 1))
    return [Dot(row[-1].x, row[-1].y, drawn.told(row)) for row in rows]


def _counts(session: Session, query: Rows, drawn: _Drawn, tile: Tile) -> list[Dot]:
    """How many lie in each cell of the tile, drawn at their middle."""
    box = tile.box()
    lon, lat = ops.coordinates(session, drawn.layer)
    column = cast((lon - box.west) / (box.east - box.west) * CELLS, Integer)
    row = cast((lat - box.south) / (box.north - box.south) * CELLS, Integer)
    counted = (
        query.with_only_columns(func.count(), func.avg(lon), func.avg(lat), maintain_column_froms=True)
        .where(ops.in_box(session, drawn.layer, box))
        .group_by(column, row)
    )
    return [Dot(float(x), float(y), {"count": count}) for count, x, y in session.execute(counted)]


def _households(actor: Actor) -> Rows:
    mine: tuple[ColumnElement[bool], ...] = (
        Entity.dataset == "household",
        Entity.state == "active",
        visible_entities(actor),
    )
    found: Rows = select(Entity.id, Entity.region_code, Entity.contested).where(*mine)
    return found


def _submissions(actor: Actor) -> Rows:
    columns = (Submission.instance_id, Submission.form_id, Submission.review, Submission.root_id)
    found: Rows = select(*columns).where(visible_submissions(actor))
    return found


def _photos(actor: Actor) -> Rows:
    found: Rows = (
        select(Photo.attachment_id, Attachment.instance_id, Attachment.slot)
        .join(Attachment, Attachment.id == Photo.attachment_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(visible_submissions(actor))
    )
    return found


LAYERS: Mapping[str, _Drawn] = {
    "households": _Drawn(
        ops.Layer(Entity.id, Entity.geom),
        Entity.region_code,
        _households,
        lambda row: {"id": row.id, "region": row.region_code, "contested": bool(row.contested)},
    ),
    "submissions": _Drawn(
        ops.Layer(Submission.instance_id, Submission.geom),
        Submission.region_code,
        _submissions,
        lambda row: {"id": row.instance_id, "form": row.form_id, "review": row.review, "entity": row.root_id or ""},
        Submission.received_at,
    ),
    "photos": _Drawn(
        ops.Layer(Photo.attachment_id, Photo.geom),
        Submission.region_code,
        _photos,
        lambda row: {"id": row.attachment_id, "instance": row.instance_id, "slot": row.slot or ""},
        Photo.taken_at,
    ),
}
