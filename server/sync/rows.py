"""Feed rows as the wire contract shows them. Only what the actor may see is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, String, and_, case, cast, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.forms.dataset import Dataset
from server.forms.migrations import Vocabulary
from server.geo import datum
from server.registry.masking import mask
from server.registry.tables import Entity
from server.sealing.json_columns import LOST
from server.sync import loans, scope
from server.sync.conflict_reading import conflict_entries
from server.sync.definitions import datasets
from server.sync.place import geometry_of
from server.sync.tables import Feed
from server.sync.vocabulary import older_in_use, past_of, vocabulary

# A region's and a helper's cadres work with these values; who only reads sees less (masking in the reading API).
FULL_VIEW = ("cadre", "supervisor", "admin")
Wire = dict[str, Any]

_COLUMNS = (
    Entity.id,
    Entity.dataset,
    Entity.root_id,
    Entity.version,
    Entity.label,
    Entity.region_code,
    Entity.parent_id,
    Entity.state,
    Entity.values,
    Entity.vocabulary,
    # Mostly empty: what is not there need not be read as JSON.
    case((cast(Entity.contested, String) == "[]", None), else_=Entity.contested).label("contested"),
    case((Entity.geom.is_(None), None), else_=True).label("geom"),
    Entity.updated_at,
    Entity.updated_by,
)


def news_query(feed: str, after: int, limit: int) -> Select[*tuple[Any, ...]]:
    """The next rows of a feed, each with its record where it tells of one."""
    told = and_(Entity.id == Feed.ref, Feed.type == "entity")
    query = select(Feed.n, Feed.type, Feed.ref, Feed.payload, *_COLUMNS).join(Entity, told, isouter=True)
    return query.where(Feed.scope == feed, Feed.n > after).order_by(Feed.n).limit(limit)


class Pages:
    """Makes entries for one actor in one snapshot; what all pages share is asked for once."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self._session, self._actor = session, actor
        self._older = older_in_use(session)
        self._names: dict[str, dict[str, str]] = {}
        self._frames: Mapping[str, loans.Frame] | None = None
        self._kinds: dict[str, Kind] = {}

    def entries(self, feed: str, news: Sequence[Row[Any]]) -> list[Wire]:
        """The entries of rows of `news_query`, in feed order. A conflict of a record out of sight leaves the phone."""
        records = [row for row in news if row.id is not None]
        new = {row.updated_by for row in records} - self._names.keys()
        self._names |= authors(self._session, new) if new else {}
        for name in {row.dataset for row in records} - self._kinds.keys():
            self._kinds[name] = kind_of(name, self._actor)
        own = self._seen(records) if feed.startswith("user:") and records else None
        conflicts = self._conflicts([row.ref for row in news if row.type == "conflict"])
        told = ((row, self._told(row, own, conflicts)) for row in news)
        return [{"n": row.n, "type": row.type, **entry} for row, entry in told if entry is not None]

    def _conflicts(self, ids: Sequence[str]) -> Mapping[str, Wire]:
        return conflict_entries(self._session, self._actor, datasets(), ids) if ids else {}

    def _told(self, row: Row[Any], own: set[str] | None, conflicts: Mapping[str, Wire]) -> Wire | None:
        if row.type == "entity":
            return None if row.id is None else self._record(row, own)
        if row.type == "conflict":
            return conflicts.get(row.ref) or {"type": "eviction", "dataset": "conflict", "id": row.ref}
        said: Wire | None = row.payload
        return said or {}

    def _whole(self, row: Row[Any]) -> Wire:
        return entity_row(row, self._actor, self._names, self._older, self._kinds[row.dataset])

    def _record(self, row: Row[Any], own: set[str] | None) -> Wire:
        if own is None or row.id in own:
            return self._whole(row)
        return self._framed(row)

    def _seen(self, rows: Sequence[Row[Any]]) -> set[str]:
        """Those records of the own feed that the person sees whole; the others are on loan, or no longer there. Who
        works elsewhere and only reads here has no more of them than the loan shows.
        """
        here = (Entity.id.in_([row.id for row in rows]), scope.visible_entities(self._actor, FULL_VIEW))
        return set(self._session.scalars(select(Entity.id).where(*here)))

    def _framed(self, row: Row[Any]) -> Wire:
        """A record on loan: what the form reads of it. Without a loan the claim has ended: it leaves the phone."""
        if self._frames is None:
            self._frames = loans.frames_of(self._session, self._actor)
        frame = self._frames.get(row.root_id, {}).get(row.dataset)
        if frame is None:
            return {"type": "eviction", "dataset": row.dataset, "id": row.id}
        shown, kind = self._whole(row), self._kinds[row.dataset]
        place = set((kind.dataset.location or {}).values())
        kept = {name: value for name, value in shown.items() if name not in ("past", "contested", "updated_by")}
        if not place & frame:
            kept.pop("location", None)
        # What the form declares it reads is shown; a number in part only. Who is to call asks for it by itself.
        values = kind.words.forward(row.values, row.vocabulary)
        data = {name: lent_value(kind.dataset, name, value) for name, value in values.items() if name in frame}
        return kept | {"lent": True, "data": data, "contested": [name for name in shown["contested"] if name in frame]}


def lent_value(dataset: Dataset, name: str, value: str | None) -> str | None:
    """What a loan shows of a value: of a sensitive one its ends."""
    declared = dataset.properties.get(name)
    is_open = name.startswith("@") or (declared is not None and declared.sensitivity != "sensitive")
    return value if is_open or not value else mask(value)


_NONE: Mapping[str, tuple[int, ...]] = {}


@dataclass(frozen=True)
class Kind:
    """What making rows of one dataset needs. `shown`: the values that the actor's role may see; None: all."""

    dataset: Dataset
    words: Vocabulary
    shown: frozenset[str] | None


def kind_of(name: str, actor: Actor) -> Kind:
    """A retired property is no longer declared: nobody knows how sensitive it is, so it counts as sensitive."""
    dataset = datasets()[name]
    if actor.has(*FULL_VIEW):
        return Kind(dataset, vocabulary(name), None)
    open_to_all = {prop.name for prop in dataset.properties.values() if prop.sensitivity != "sensitive"}
    return Kind(dataset, vocabulary(name), frozenset(open_to_all))


def entity_row(
    entity: Any,
    actor: Actor,
    names: Mapping[str, dict[str, str]],
    older: Mapping[str, tuple[int, ...]] = _NONE,
    kind: Kind | None = None,
) -> Wire:
    """A record (an Entity, or a row with its columns) as a phone gets it.

    `older`: the vocabularies before today's that forms still speak. `kind`: of its dataset, for who makes many rows.
    """
    kind = kind or kind_of(entity.dataset, actor)
    stored = entity.values
    values = shown_values(kind, stored, entity.vocabulary)
    spoken = older.get(entity.dataset)
    row = {
        "dataset": entity.dataset,
        "id": entity.id,
        "version": entity.version,
        "label": entity.label,
        "region": entity.region_code,
        "parent": entity.parent_id,
        "state": entity.state,
        "data": values,
        "past": (past_of(entity.dataset, values, spoken) or None) if spoken else None,
        "contested": entity.contested or [],
        "location": None if entity.geom is None else _location(kind.dataset, stored),
        "updated_at": entity.updated_at.isoformat(),
        "updated_by": names.get(entity.updated_by),
    }
    return {name: value for name, value in row.items() if value is not None}


def shown_values(kind: Kind, stored: Mapping[str, str | None], known: int) -> dict[str, str | None]:
    """The values that the actor's role may see, in today's words; the others are absent."""
    values = kind.words.forward(stored, known)
    if kind.shown is None:
        return {name: value for name, value in values.items() if name != LOST} if LOST in values else values
    return {name: value for name, value in values.items() if name in kind.shown or name.startswith("@")}


def _location(dataset: Dataset, stored: Mapping[str, str | None]) -> dict[str, str | None] | None:
    """As written when that is WGS-84 (phones' is, and most rows are phones'), else converted by declaration."""
    names = dataset.location
    if not names:
        return None
    parts = ("lon", "lat", "accuracy_m")
    found: dict[str, str | None] = {part: stored.get(names[part]) for part in parts if part in names}
    if datum.named(stored.get(names.get("datum", "")) or datum.WGS84) != datum.WGS84:
        where = geometry_of(dataset, stored)
        found |= {"lon": f"{where.x:.7f}", "lat": f"{where.y:.7f}"} if where else {}
    return found
