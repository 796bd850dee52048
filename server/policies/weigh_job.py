"""Weighing a change over all households of its area, batch by batch: the memory does not grow with their number.

A run names itself in the change; a draft that says something else meanwhile takes the name away, and the run stops.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import db
from server.config import Settings
from server.forms.dataset import Dataset
from server.forms.policy_store import policy_rows
from server.forms.policy_versions import stored_policy
from server.forms.tables import PolicyFile
from server.geo.tables import Region
from server.policies.changes import version_of
from server.policies.differences import rows_around
from server.policies.tables import PolicyChange, PolicyEffect
from server.policies.weighing import Line, Scales, policies_read, rules_reading, verdict_properties, weigh
from server.registry.definitions import rules
from server.registry.tables import Entity
from server.sync.scope import regions_below

log = structlog.get_logger()

BATCH = 100
LOST = timedelta(minutes=5)  # a run that has not moved for so long has lost its worker


class Replaced(Exception):
    """The change says something else now, or was withdrawn: this run has nothing to say any more."""


@dataclass
class Tally:
    """What was found so far: lines in the order in which they were met, and how many households each concerns."""

    lines: dict[Line, int] = field(default_factory=dict)
    counts: Counter[Line] = field(default_factory=Counter)
    households: int = 0

    def number(self, line: Line) -> int:
        return self.lines.setdefault(line, len(self.lines))

    def add(self, found: Mapping[str, set[Line]]) -> list[dict[str, Any]]:
        """Rows of PolicyEffect, without their change."""
        rows = []
        for household, lines in found.items():
            self.households += 1
            self.counts.update(lines)
            rows += [{"line": self.number(line), "household_id": household} for line in sorted(lines)]
        return rows

    def told(self) -> dict[str, Any]:
        lines = [vars(line) | {"households": self.counts[line]} for line in self.lines]
        return {"households": self.households, "lines": lines}


def run(settings: Settings, datasets: Mapping[str, Dataset], change_id: str) -> bool:
    """Weighs one change that waits; whether it came to the end. Whoever comes second finds nothing to do."""
    name = str(uuid.uuid4())
    if not db.transact(lambda session: _begin(session, change_id, name)):
        return False
    try:
        _weigh(settings.forms, datasets, change_id, name)
    except Replaced:
        return False
    except DBAPIError:
        raise
    except Exception as error:
        # The text of an exception may hold what a form says of people.
        log.error("policies.weighing_failed", change=change_id, kind=type(error).__name__)
        db.transact(lambda session: _fail(session, change_id, name))
        return False
    return True


def _begin(session: Session, change_id: str, name: str) -> bool:
    row = session.get(PolicyChange, change_id, with_for_update=True, populate_existing=True)
    is_lost = row is not None and row.weighed == "running" and row.beat_at < db.now() - LOST
    if row is None or row.state != "draft" or not (row.weighed == "waiting" or is_lost):
        return False
    session.execute(delete(PolicyEffect).where(PolicyEffect.change_id == change_id))
    row.weighed, row.weighing, row.done, row.effect, row.beat_at = "running", name, 0, None, db.now()
    row.basis = session.scalar(select(PolicyFile.hash).where(PolicyFile.name == row.policy))
    row.total = session.scalar(select(func.count()).select_from(Entity).where(*_inside(session, row))) or 0
    return True


def _weigh(forms: Path, datasets: Mapping[str, Dataset], change_id: str, name: str) -> None:
    with db.read() as session:
        row = session.get_one(PolicyChange, change_id)
        scales, inside = _scales(session, forms, datasets, row), _inside(session, row)
        verdicts = verdict_properties(session, scales)
    tally, after = Tally(), ""
    is_idle = not verdicts and not scales.rules.rules
    while not is_idle:
        with db.read() as session:
            wanted = select(Entity.id).where(*inside, Entity.id > after).order_by(Entity.id).limit(BATCH)
            batch = list(session.scalars(wanted))
            rows = tally.add(weigh(session, scales, verdicts, batch))
        if not batch:
            break
        after = batch[-1]
        db.transact(partial(_keep, change_id=change_id, name=name, rows=rows, households=len(batch)))
    db.transact(lambda session: _end(session, change_id, name, tally.told()))


def _scales(session: Session, forms: Path, datasets: Mapping[str, Dataset], row: PolicyChange) -> Scales:
    policy = stored_policy(session, row.policy)
    before, after = rows_around(policy, version_of(row))
    reading = rules_reading(rules(forms), row.policy)
    others = {name for rule in reading.rules for name in policies_read(rule)}
    return Scales(
        policy=row.policy,
        columns=tuple(policy.values),
        before=before,
        after=after,
        day=row.valid_from,
        datasets=datasets,
        rules=reading,
        others={other: policy_rows(session, other) for other in others},
    )


def _inside(session: Session, row: PolicyChange) -> tuple[ColumnElement[bool], ...]:
    path = session.scalars(select(Region.path).where(Region.code == row.region_code)).one()
    here = Entity.region_code.in_(regions_below((path,)))
    return Entity.dataset == "household", Entity.state == "active", here


def _mine(session: Session, change_id: str, name: str) -> PolicyChange:
    row = session.get_one(PolicyChange, change_id, with_for_update=True, populate_existing=True)
    if row.weighing != name or row.state == "withdrawn":
        raise Replaced
    return row


def _keep(session: Session, change_id: str, name: str, rows: list[dict[str, Any]], households: int) -> None:
    row = _mine(session, change_id, name)
    row.done, row.beat_at = row.done + households, db.now()
    if rows:
        session.execute(PolicyEffect.__table__.insert(), [{**one, "change_id": change_id} for one in rows])  # type: ignore[attr-defined]


def _end(session: Session, change_id: str, name: str, told: dict[str, Any]) -> None:
    row = _mine(session, change_id, name)
    row.weighed, row.weighing, row.effect, row.done = "ready", None, told, row.total


def _fail(session: Session, change_id: str, name: str) -> None:
    row = session.get_one(PolicyChange, change_id, with_for_update=True, populate_existing=True)
    if row.weighing == name:
        row.weighed, row.weighing = "failed", None
