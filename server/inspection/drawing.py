"""The draw of an inspection: once, from the frozen frame, with the seed that came after it.

The primary key of the draw refuses a second one, whoever asks at the same time. The same seed again answers what was
drawn; another one is refused, and the attempt goes into the audit.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import now, upsert
from server.errors import Problem
from server.inspection.draw_record import REVEAL, draw_record, signed
from server.inspection.frame_file import frame_from_bytes
from server.inspection.freezing import circumstances
from server.inspection.plan import exact
from server.inspection.planning import at_work, plan_in
from server.inspection.rights import PLANNERS, find_inspection
from server.inspection.sampling import Drawn, DrawnHousehold, draw
from server.inspection.seeds import seed_for
from server.inspection.tables import (
    DRAWN,
    Inspection,
    InspectionDraw,
    InspectionFrame,
    SampledHousehold,
)
from server.inspection.tasks import make_tasks

BATCH = 1000


def draw_sample(
    session: Session, actor: Actor, inspection_id: str, digits: str | None, key: Ed25519PrivateKey
) -> Inspection:
    """The inspection with its sample; `digits` as rolled, None when the seed was revealed. `key` signs the record.

    Problems: inspection.state, draw.refused (no seed), inspection.drawn, plan.invalid.
    """
    db.lock(session, {f"inspection:{inspection_id}"})
    known = find_inspection(session, actor, inspection_id, PLANNERS)
    session.refresh(known)
    if known.state in DRAWN:
        return _drawn_before(session, known, digits)
    inspection = at_work(session, actor, inspection_id, "frozen")
    seed = seed_for(session, inspection, digits)
    frame = session.get_one(InspectionFrame, inspection.id)
    drawn = draw(frame_from_bytes(frame.csv), plan_in(inspection), seed)
    drawn_at = now()
    _keep(session, actor, inspection, drawn, _record(session, actor, inspection, drawn, drawn_at, key), drawn_at)
    sampled = _keep_households(session, inspection, drawn)
    make_tasks(session, inspection, sampled, drawn_at)
    inspection.state = "drawn"
    note(session, actor.id, "inspection.drawn", inspection.id, seed=drawn.seed, households=len(drawn.households))
    session.flush()
    return inspection


def _drawn_before(session: Session, inspection: Inspection, digits: str | None) -> Inspection:
    done = session.get_one(InspectionDraw, inspection.id)
    again = inspection.seed_way == REVEAL if digits is None else "".join(digits.split()) == done.seed
    if not again:
        raise Problem("inspection.drawn")
    return inspection


def _keep(
    session: Session, actor: Actor, inspection: Inspection, drawn: Drawn, record: bytes, drawn_at: datetime
) -> None:
    statement = upsert(session, InspectionDraw).values(
        inspection_id=inspection.id,
        seed=drawn.seed,
        record=record,
        sha256=hashlib.sha256(record).hexdigest(),
        drawn_by=actor.id,
        drawn_at=drawn_at,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["inspection_id"])
    if session.scalar(statement.returning(InspectionDraw.inspection_id)) is None:
        raise Problem("inspection.drawn")


def _keep_households(session: Session, inspection: Inspection, drawn: Drawn) -> list[SampledHousehold]:
    """Stores main and reserves; answers the main ones."""
    rows = [_row(inspection, one, "main") for one in drawn.households]
    rows += [_row(inspection, one, "reserve") for one in drawn.reserves]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(SampledHousehold), rows[start : start + BATCH])
    main = select(SampledHousehold).where(
        SampledHousehold.inspection_id == inspection.id, SampledHousehold.kind == "main"
    )
    return list(session.scalars(main.order_by(SampledHousehold.village_code, SampledHousehold.place)))


def _row(inspection: Inspection, one: DrawnHousehold, kind: str) -> dict[str, Any]:
    return {
        "inspection_id": inspection.id,
        "household_id": one.household_id,
        "kind": kind,
        "stratum": one.stratum,
        "village_code": one.village,
        "township_code": one.township,
        "place": one.place,
        "pi": exact(one.pi),
        "weight": exact(one.weight),
        "ticket": one.ticket,
    }


def _record(
    session: Session,
    actor: Actor,
    inspection: Inspection,
    drawn: Drawn,
    drawn_at: datetime,
    key: Ed25519PrivateKey,
) -> bytes:
    """The published record: what was drawn from what, by which seed, when, by whom, and who was left out before."""
    around = replace(circumstances(session, inspection), drawn_at=drawn_at.isoformat(), drawn_by=actor.id)
    return signed(draw_record(drawn, plan_in(inspection), around), key)
