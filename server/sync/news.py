"""Which feeds must hear of what was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms import versions
from server.forms.tables import FormVersion
from server.registry.tables import Conflict, Entity, Head
from server.sync.audience import audience
from server.sync.feeds import News, eviction
from server.sync.lookalikes import pair_of
from server.sync.place import path_of
from server.sync.record import Move, Outcome
from server.sync.scope import feed_scopes_of


def of_outcomes(session: Session, outcomes: Sequence[Outcome]) -> list[News]:
    """Evictions from feeds that were left, then the records that have a new version; where something moved one outcome
    after the other, for a later one may take a record from where an earlier one brought it.
    """
    if len(outcomes) > 1 and any(outcome.moves for outcome in outcomes):
        return [item for few in _apart(outcomes) for item in of_outcomes(session, few)]
    moves = [(move, outcome) for outcome in outcomes for move in outcome.moves]
    records = [(outcome.id, outcome.root_id, outcome.region) for outcome in outcomes if outcome.written]
    records += [(move.id, move.root_id, outcome.region) for move, outcome in moves if move.id != outcome.id]
    records += [record for outcome in outcomes for record in outcome.beside]
    gone = _evictions(session, [move for move, _ in moves])
    return gone + _records(session, records) + [*_taken_along(session, moves), *_conflicts(session, outcomes)]


def _apart(outcomes: Sequence[Outcome]) -> Iterator[Sequence[Outcome]]:
    """In order: those that move something each by itself, what lies between them together."""
    for moved, some in groupby(outcomes, key=lambda outcome: bool(outcome.moves)):
        few = list(some)
        yield from ([one] for one in few) if moved else [few]


def _evictions(session: Session, moves: Sequence[Move]) -> list[News]:
    """From the village and from everybody who had the household; who has a claim still is told of it afterwards."""
    people = audience(session, {move.root_id for move in moves})
    areas = _scopes(session, [move.left for move in moves])
    return [
        eviction(scope, "record", move.id, move.dataset)
        for move, here in zip(moves, areas, strict=True)
        for scope in (*here, *people.feeds(move.root_id, move.dataset))
    ]


def _taken_along(session: Session, moves: Sequence[tuple[Move, Outcome]]) -> list[News]:
    """Conflicts go with their records. Helpers and whoever wrote a value are told anew: what they see of it by now."""
    told = conflicts_of(session, [move.id for move, _ in moves])
    if not told:
        return []
    ways = {move.id: (move, outcome) for move, outcome in moves}
    people = audience(session, {root for move, outcome in moves for root in (move.root_id, outcome.root_id)})
    writers, news = _writers(session, list(told)), []
    for conflict, record in told.items():
        move, outcome = ways[record]
        left, here = _scopes(session, [move.left, outcome.region])
        own = {feed for root in (move.root_id, outcome.root_id) for feed in people.own_feeds(root, writers[conflict])}
        news += [eviction(scope, "conflict", conflict, "conflict") for scope in left]
        news += [News(scope, "conflict", conflict, "conflict") for scope in (*here, *sorted(own))]
    return news


def conflicts_of(session: Session, record_ids: Collection[str]) -> dict[str, str]:
    """The conflicts of these records, each with its record."""
    if not record_ids:
        return {}
    rows = session.execute(select(Conflict.id, Conflict.entity_id).where(Conflict.entity_id.in_(record_ids)))
    return {row.id: row.entity_id for row in rows}


def _conflicts(session: Session, outcomes: Sequence[Outcome]) -> list[News]:
    """A conflict is told where its record is told, and to everybody who wrote one of its values."""
    told = [(conflict, outcome) for outcome in outcomes for conflict in outcome.news]
    if not told:
        return []
    people = audience(session, {outcome.root_id for _, outcome in told})
    areas = _scopes(session, [outcome.region for _, outcome in told])
    writers = _writers(session, [conflict for conflict, _ in told])
    return [
        News(scope, "conflict", conflict, "conflict")
        for (conflict, outcome), here in zip(told, areas, strict=True)
        for scope in (*here, *people.own_feeds(outcome.root_id, writers[conflict]))
    ]


def feeds_of_conflict(session: Session, conflict: Conflict, record: Entity) -> list[str]:
    """The feeds that tell of a conflict: of its record's area, of the household's helpers, of who wrote a value."""
    people, writers = audience(session, {record.root_id}), _writers(session, [conflict.id])
    (here,) = _scopes(session, [record.region_code])
    return [*here, *people.own_feeds(record.root_id, writers[conflict.id])]


def _writers(session: Session, conflict_ids: Sequence[str]) -> dict[str, set[str]]:
    """Who wrote the values that each conflict is about."""
    found: dict[str, set[str]] = {conflict_id: set() for conflict_id in conflict_ids}
    rows = session.scalars(select(Conflict).where(Conflict.id.in_(conflict_ids)))
    for row in rows:
        records = pair_of(row) or (row.entity_id,)
        people = select(Head.person_id).where(Head.entity_id.in_(records), Head.op_id.in_(row.op_ids))
        found[row.id] = set(session.scalars(people))
    return found


def of_households(session: Session, root_ids: Iterable[str]) -> list[News]:
    """All rows of these households anew: for a helper who got them, or a first load."""
    rows = session.execute(
        select(Entity.id, Entity.root_id, Entity.region_code).where(Entity.root_id.in_(list(root_ids)))
    )
    return _records(session, [(row.id, row.root_id, row.region_code) for row in rows])


def of_op(person_id: str, op_id: str, status: str, code: str | None) -> News:
    """A held op got its outcome: told to its author."""
    return News(f"user:{person_id}", "op", op_id, "op", {"op_id": op_id, "status": status, "code": code})


def of_form(form_id: str, version: str, hash: str, state: str, **more: Any) -> News:
    payload: dict[str, Any] = {"form_id": form_id, "version": version, "hash": hash, "state": state, **more}
    return News("forms", "form", f"{form_id}/{version}", "form", payload)


def of_forms(session: Session, forms: Sequence[FormVersion]) -> list[News]:
    """Form versions with the hashes of their files: a file may change (a policy) while the version stays."""
    media = versions.media_hashes(session, forms)
    return [
        of_form(
            row.form_id,
            row.version,
            row.hash,
            row.state,
            published_at=row.published_at.isoformat() if row.published_at else None,
            starts_on=row.starts_on.isoformat() if row.starts_on else None,
            offered_from=begins.isoformat() if (begins := versions.offered_from(row)) else None,
            media=[{"name": name, "hash": hash} for name, hash in sorted(media[row.form_id, row.version].items())],
            settings=versions.settings_of(row),
        )
        for row in forms
    ]


def _records(session: Session, records: Sequence[tuple[str, str, str]]) -> list[News]:
    """News of records (id, root, region), wherever they are followed."""
    people = audience(session, {root for _, root, _ in records})
    kinds = _datasets(session, [entity_id for entity_id, root, _ in records if root in people.borrowers])
    areas = _scopes(session, [region for _, _, region in records])
    return [
        News(scope, "record", entity_id, "entity")
        for (entity_id, root, _), here in zip(records, areas, strict=True)
        for scope in (*here, *people.feeds(root, kinds.get(entity_id, "")))
    ]


def _datasets(session: Session, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = session.execute(select(Entity.id, Entity.dataset).where(Entity.id.in_(ids)))
    return {row.id: row.dataset for row in rows}


def _scopes(session: Session, codes: Sequence[str]) -> list[tuple[str, ...]]:
    """The feeds of each region."""
    paths = {code: path for code in codes if (path := path_of(session, code)) is not None}
    return [feed_scopes_of(paths[code]) for code in codes]
