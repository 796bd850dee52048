"""Batches of positions that look like another datum: found by the clock, kept for those who look after the area.

A batch is what one phone sent for one person on one day (in China). Its fixes are compared with where the houses stood
by the word of others. A doubt stays until later visits of the batch say otherwise or a person has spoken.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from server import db
from server.db import CHINA, now, upsert
from server.geo.doubt import DoubtLimits, Shift, look
from server.registry.place_limits import PlaceLimits, place_limits
from server.registry.tables import Entity, Head
from server.sync.definitions import datasets
from server.sync.office_tables import DatumDoubt
from server.sync.place import geometry_of
from server.sync.record import key_of
from server.sync.tables import Submission

REACH = timedelta(days=2)  # how far back batches are looked at again when something of them arrived
MOST = 500  # positions of a batch: a phone that sends more in a day is told by these
_METRES = ("east_m", "north_m", "apart_m", "left_m")
_Place = tuple[float, float]


@dataclass(frozen=True)
class Batch:
    """What one phone sent for one person on one day."""

    install_id: str
    person_id: str
    day: date

    @property
    def span(self) -> tuple[datetime, datetime]:
        start = datetime.combine(self.day, time(), CHINA)
        return start, start + timedelta(days=1)


def look_at_all(arrived: timedelta = REACH) -> int:
    """Looks at every batch of which something arrived lately; how many are doubted.

    Most are not, and then nothing is written: those who push need not wait for this.
    """
    with db.read() as session:
        batches = _batches(session, now() - arrived)
    found = 0
    for batch in batches:
        with db.read() as session:
            seen = judge(session, batch)
            known = session.scalar(_kept(batch)) is not None
        if seen is not None or known:
            db.transact(partial(keep, batch=batch))
        found += seen is not None
    return found


@dataclass(frozen=True)
class Doubt:
    """A batch that is doubted: where, by how much, by which limits."""

    region: str | None
    shift: Shift
    limits: PlaceLimits


def judge(session: Session, batch: Batch) -> Doubt | None:
    """The doubt about a batch; None for an honest one, too small a one, or without a policy."""
    pairs = _pairs(session, batch)
    region = pairs[0][2] if pairs else None
    limits = place_limits(session, region, batch.day)
    if limits is None:
        return None
    wanted = DoubtLimits(limits.datum_pairs, limits.datum_shift_m, limits.datum_left_percent / 100)
    shift = look([fix for fix, _, _ in pairs], [house for _, house, _ in pairs], wanted)
    return Doubt(region, shift, limits) if shift is not None and shift.doubtful else None


def keep(session: Session, batch: Batch) -> None:
    """What is kept of a batch says what it looks like now. Again is harmless."""
    doubt = judge(session, batch)
    if doubt is not None:
        _store(session, batch, doubt)
    row = session.scalar(_kept(batch))
    if row is not None and row.state in ("open", "gone"):
        row.state = "open" if doubt else "gone"


def _batches(session: Session, since: datetime) -> list[Batch]:
    """Of each batch of which something with a position arrived since then."""
    rows = session.execute(
        select(
            Submission.install_id,
            Submission.person_id,
            func.max(Submission.received_at),
            func.min(Submission.received_at),
        )
        .where(Submission.received_at >= since, Submission.geom.is_not(None), Submission.install_id.is_not(None))
        .group_by(Submission.install_id, Submission.person_id)
    )
    found = []
    for install_id, person_id, last, first in rows:
        day = first.astimezone(CHINA).date()
        while day <= last.astimezone(CHINA).date():
            found.append(Batch(str(install_id), person_id, day))
            day += timedelta(days=1)
    return found


def _pairs(session: Session, batch: Batch) -> list[tuple[_Place, _Place, str | None]]:
    """(fix, house, region) of each household visited: its last fix by a phone, and its place by the word of others."""
    start, end = batch.span
    rows = session.execute(
        select(Submission.op_id, Submission.root_id, Submission.region_code, Submission.geom, Submission.location)
        .where(
            Submission.install_id == batch.install_id,
            Submission.person_id == batch.person_id,
            Submission.received_at >= start,
            Submission.received_at < end,
            Submission.geom.is_not(None),
            Submission.root_id.is_not(None),
        )
        .order_by(Submission.received_at, Submission.instance_id)
        .limit(MOST)
    ).all()
    fixes = {
        row.root_id: ((row.geom.x, row.geom.y), row.region_code)
        for row in rows
        if (row.location or {}).get("source", "gps") == "gps"
    }
    houses = _houses(session, batch, list(fixes), {row.op_id for row in rows})
    return [(fix, houses[root], region) for root, (fix, region) in fixes.items() if root in houses]


def _houses(session: Session, batch: Batch, ids: Sequence[str], own: Collection[str]) -> dict[str, _Place]:
    """Where each household stood before the batch placed it: the newest place by another phone or a desk, else the
    newest of this phone's earlier ones.
    """
    found: dict[str, _Place] = {}
    rows = session.execute(select(Entity.id, Entity.dataset).where(Entity.id.in_(ids)))
    kinds = {row.id: row.dataset for row in rows}
    for name in set(kinds.values()):
        dataset = datasets().get(name)
        if dataset is None or not dataset.location:
            continue
        key = key_of(dataset, dataset.location["lon"])
        mine = [id for id, kind in kinds.items() if kind == name]
        heads = session.execute(
            select(Head.entity_id, Head.op_id, Head.value)
            .where(Head.entity_id.in_(mine), Head.key == key, Head.withdrawn_at.is_(None))
            .order_by(case((Head.lineage == batch.install_id, 0), else_=1), Head.version)
        )
        for entity_id, op_id, value in heads:
            where = geometry_of(dataset, value) if op_id not in own else None
            if where is not None:
                found[entity_id] = (where.x, where.y)
    return found


def _kept(batch: Batch) -> Select[DatumDoubt]:
    return select(DatumDoubt).filter_by(install_id=batch.install_id, person_id=batch.person_id, day=batch.day)


def _store(session: Session, batch: Batch, doubt: Doubt) -> None:
    """Numbers follow what arrives; a person's word stays."""
    shift, limits = doubt.shift, doubt.limits
    numbers: dict[str, Any] = {name: round(getattr(shift, name), 1) for name in _METRES}
    held = {name: getattr(limits, name) for name in ("datum_pairs", "datum_shift_m", "datum_left_percent")}
    told = {"n": shift.n, "likely": shift.likely, "region_code": doubt.region}
    values = {**numbers, **told, "limits": held, "rule": limits.rule, "seen_at": now()}
    statement = upsert(session, DatumDoubt).values(id=str(uuid.uuid4()), **asdict(batch), **values)
    session.execute(statement.on_conflict_do_update(index_elements=["install_id", "person_id", "day"], set_=values))
