"""What a decision would make of the records, found by taking it and taking it back: nothing is stored, nobody hears."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import now, savepoint, today
from server.errors import Problem
from server.forms.rules import Judged
from server.registry.judging import judge_now
from server.registry.masking import CLEAR_ROLES, shown_label, sight
from server.registry.reading import Datasets, shown_changes
from server.registry.tables import Conflict, Entity, EntityVersion
from server.sync.desk import open_desk
from server.sync.record import Origin, Outcome
from server.sync.resolve import Resolution, records_of, resolve
from server.sync.review import Word, review
from server.sync.scope import visible_entities

T = TypeVar("T")
Wire = dict[str, Any]
_ANY_REASON = "?"  # a rejection needs a word, and this one is taken back with it


def in_vain(session: Session, work: Callable[[], T]) -> T:
    """What `work` answers; what it wrote is undone. Needs a writing transaction."""
    with savepoint(session) as kept:
        try:
            return work()
        finally:
            kept.rollback()


def withdrawal(session: Session, actor: Actor, datasets: Datasets, instance_id: str) -> Wire:
    """What rejecting a submission would take back. Problem record.not_found for what the actor may not review."""

    def work() -> Wire:
        begun = now()
        outcomes = review(session, actor, instance_id, Word("rejected", [{"text": _ANY_REASON}]))
        return {"records": _records(session, actor, datasets, outcomes), **_conflicts(session, outcomes, begun)}

    return in_vain(session, work)


def decision(
    session: Session, actor: Actor, datasets: Datasets, forms: Path, resolutions: Sequence[Resolution]
) -> Wire:
    """The records as these decisions would leave them, taken one after the other, and the rules that would find
    something then and no longer.

    Problems record.not_found (out of sight), conflict.not_decided (nothing that may be chosen).
    """
    roots = _roots(session, resolutions)
    judged = {root: judge_now(session, forms, root, today()) for root in roots}

    def work() -> Wire:
        begun = now()
        outcomes = [outcome for one in resolutions for outcome in _resolved(session, actor, one)]
        found = _records(session, actor, datasets, outcomes)
        after = {root: judge_now(session, forms, root, today()) for root in roots}
        return {"records": found, **_findings(judged, after), **_conflicts(session, outcomes, begun)}

    return in_vain(session, work)


def _resolved(session: Session, actor: Actor, resolution: Resolution) -> tuple[Outcome, ...]:
    op_id = str(uuid.uuid4())
    with open_desk(session):
        outcomes = resolve(session, actor, Origin(op_id, actor.id, f"op:{op_id}", None), resolution)
    if isinstance(outcomes, str):
        raise Problem("record.not_found" if outcomes == "scope.lost" else "conflict.not_decided", detail=outcomes)
    return outcomes


def _roots(session: Session, resolutions: Sequence[Resolution]) -> list[str]:
    ids = {id for resolution in resolutions for id in records_of(session, resolution)}
    return sorted(set(session.scalars(select(Entity.root_id).where(Entity.id.in_(ids)))))


def _findings(before: dict[str, Judged], after: dict[str, Judged]) -> Wire:
    """Cleaning rules: `breaks` would find something new, `mends` would no longer."""
    was, will = _tripped(before), _tripped(after)
    return {
        "breaks": [will[key] for key in sorted(will.keys() - was.keys())],
        "mends": [was[key] for key in sorted(was.keys() - will.keys())],
    }


def _tripped(judged: dict[str, Judged]) -> dict[tuple[str, str], Wire]:
    return {
        (one.rule.id, one.entity_id): {
            "rule": one.rule.id, "severity": one.rule.severity, "message": one.rule.message, "cure": one.rule.cure,
        }
        for verdict in judged.values()
        for one in verdict.tripped
    }  # fmt: skip


def _records(session: Session, actor: Actor, datasets: Datasets, outcomes: Sequence[Outcome]) -> list[Wire]:
    """Each record that would change, as far as the reader may see it, with its values before and after."""
    session.flush()
    told: list[Wire] = []
    for outcome in outcomes:
        clear = visible_entities(actor, CLEAR_ROLES).label("clear")
        row = session.execute(
            select(Entity, EntityVersion, clear)
            .join(EntityVersion, EntityVersion.entity_id == Entity.id)
            .where(Entity.id == outcome.id, EntityVersion.version == outcome.version, visible_entities(actor))
        ).one_or_none()
        if row is None or not outcome.written:
            continue
        entity, version, seen = row.Entity, row.EntityVersion, sight(bool(row.clear))
        dataset = datasets.get(entity.dataset)
        told.append({
            "dataset": entity.dataset,
            "id": entity.id,
            "label": shown_label(dataset, entity.label, seen),
            "state": entity.state,
            "changes": [
                {key: change[key] for key in ("property", "from", "to")}
                for change in shown_changes(dataset, version.changes, seen)
                if change["shown"] and not change["property"].startswith("@")
            ],
        })  # fmt: skip
    return _together(told)


def _together(told: Sequence[Wire]) -> list[Wire]:
    """Versions of one record as one: each property from what it is now to what it would be in the end."""
    records: dict[str, Wire] = {}
    for one in told:
        before = {change["property"]: change for change in records.get(one["id"], {"changes": []})["changes"]}
        for change in one["changes"]:
            first = before.get(change["property"], change)
            before[change["property"]] = {**change, "from": first["from"]}
        records[one["id"]] = {**one, "changes": list(before.values())}
    return list(records.values())


def _conflicts(session: Session, outcomes: Sequence[Outcome], begun: datetime) -> Wire:
    """How many conflicts would begin to wait for a person (`opens`), and how many would no longer (`closes`)."""
    changed = {id for outcome in outcomes for id in outcome.news}
    rows = session.scalars(select(Conflict).where(Conflict.id.in_(changed))).all()
    opened = sum(row.state == "open" and row.opened_at >= begun for row in rows)
    return {"opens": opened, "closes": sum(row.state != "open" and row.opened_at < begun for row in rows)}
