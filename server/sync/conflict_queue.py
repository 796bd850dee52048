"""The queue of households in which something waits to be decided, one row a household, by age or by weight.

Weight: what hangs on a household's open conflicts, added up (`WEIGHTS`). The place in the list is told by its values,
not by a row, so that it holds while conflicts are decided and new ones come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.columns import UtcDateTime
from server.geo.inside import codes_inside
from server.registry.masking import CLEAR_ROLES, shown_label, sight
from server.registry.reading import Datasets, Page
from server.registry.tables import Conflict, Entity
from server.sync.broken_rules import RULE
from server.sync.lookalikes import SAME
from server.sync.merge_state import STATE
from server.sync.scope import visible_entities

ORDERS = ("oldest", "weight")
# Whether a record stands at all; a rule over several values; values that hold only together; one value.
WEIGHTS = {"record": 4, "rule": 3, "group": 2, "value": 1}
Wire = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a page ended: weight, oldest open conflict, household."""

    weight: int
    oldest: datetime
    household: str


def read_place(text: str) -> Place | None:
    """A place as `_written` told it; None for anything else."""
    parts = text.split("|")
    if len(parts) != 3 or not re.fullmatch(r"\d{1,9}", parts[0]):
        return None
    try:
        oldest = datetime.fromisoformat(parts[1])
    except ValueError:
        return None
    return Place(int(parts[0]), oldest, parts[2]) if oldest.tzinfo else None


def _written(row: Any) -> str:
    return f"{row.weight}|{row.oldest.isoformat()}|{row.root_id}"


def list_households(
    session: Session, actor: Actor, datasets: Datasets, order: str, region: str | None, limit: int, after: str | None
) -> Page | None:
    """Households with what waits in them; None when `after` is no place in such a list."""
    start = read_place(after) if after is not None else None
    if after is not None and start is None:
        return None
    found = _waiting(session, actor, datasets, region)
    query = select(found)
    if start is not None:
        query = query.where(_behind(found, order, start))
    first = (found.c.weight.desc(),) if order == "weight" else ()
    rows = session.execute(query.order_by(*first, found.c.oldest, found.c.root_id).limit(limit + 1)).all()
    heads = _heads(session, actor, datasets, [row.root_id for row in rows[:limit]])
    items = [{**heads.get(row.root_id, _nameless(row.root_id)), **_told(row)} for row in rows[:limit]]
    return Page(items, _written(rows[limit - 1]) if len(rows) > limit else None)


def _waiting(session: Session, actor: Actor, datasets: Datasets, region: str | None) -> Subquery:
    """(root_id, count, weight, oldest) of each household with open conflicts that the actor may see."""
    clauses = [Conflict.state == "open", visible_entities(actor)]
    if region is not None:
        clauses.append(Entity.region_code.in_(codes_inside(session, region)))
    oldest = func.min(Conflict.opened_at, type_=UtcDateTime)
    return (
        select(
            Entity.root_id,
            func.count(Conflict.id).label("count"),
            func.sum(_weight(datasets)).label("weight"),
            oldest.label("oldest"),
        )
        .join(Conflict, Conflict.entity_id == Entity.id)
        .where(*clauses)
        .group_by(Entity.root_id)
        .subquery()
    )


def _weight(datasets: Datasets) -> ColumnElement[int]:
    groups = {name for dataset in datasets.values() for name in dataset.groups}
    return case(
        (or_(Conflict.key == STATE, Conflict.key.startswith(f"{SAME}:", autoescape=True)), WEIGHTS["record"]),
        (Conflict.key.startswith(f"{RULE}:", autoescape=True), WEIGHTS["rule"]),
        (Conflict.key.in_(groups), WEIGHTS["group"]),
        else_=WEIGHTS["value"],
    )


def _behind(found: Subquery, order: str, start: Place) -> ColumnElement[bool]:
    same_age = and_(found.c.oldest == start.oldest, found.c.root_id > start.household)
    later = or_(found.c.oldest > start.oldest, same_age)
    if order == "oldest":
        return later
    return or_(found.c.weight < start.weight, and_(found.c.weight == start.weight, later))


def _told(row: Any) -> Wire:
    return {"count": row.count, "weight": int(row.weight), "oldest": row.oldest.isoformat()}


def _nameless(root_id: str) -> Wire:
    """A household that the actor may not see, though something below it."""
    return {"id": root_id, "label": None, "region": None}


def _heads(session: Session, actor: Actor, datasets: Datasets, ids: list[str]) -> dict[str, Wire]:
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    rows = session.execute(select(Entity, clear).where(Entity.id.in_(ids), visible_entities(actor)))
    return {
        row.Entity.id: {
            "id": row.Entity.id,
            "label": shown_label(datasets.get(row.Entity.dataset), row.Entity.label, sight(bool(row.clear))),
            "region": row.Entity.region_code,
        }
        for row in rows
    }
