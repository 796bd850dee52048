"""The frame is fixed and its hash published, with every household that was left out and why; only then comes a seed."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.inspection.burden import Spared
from server.inspection.candidates import frame_from
from server.inspection.draw_record import DICE, Circumstances, Commitment, freeze_record, signed
from server.inspection.frame_file import frame_from_bytes
from server.inspection.planning import at_work, plan_in
from server.inspection.preview import Survey, survey
from server.inspection.tables import (
    PUBLISHED,
    Inspection,
    InspectionCommitment,
    InspectionExclusion,
    InspectionFrame,
)

BATCH = 1000
COLUMNS = ("household_id", "village", "reason", "treatment", "earlier_inspection", "earlier_on")


def freeze(session: Session, actor: Actor, inspection_id: str, key: Ed25519PrivateKey) -> Inspection:
    """The inspection with its frame fixed, and by dice the freeze published (signed with `key`); again is harmless.

    Problems: inspection.state once it is drawn, frame.invalid (nobody is left).
    """
    inspection = at_work(session, actor, inspection_id, "planned", "frozen")
    if inspection.state == "frozen":
        return inspection
    seen = survey(session, inspection)
    frame = _frame(inspection, actor, seen)
    session.add(frame)
    _leave_out(session, inspection.id, seen)
    inspection.burden, inspection.state = _burden(seen), "frozen"
    note(session, actor.id, "inspection.frozen", inspection.id, frame=frame.sha256, households=frame.households)
    session.flush()
    if inspection.seed_way == DICE:
        publish_freeze(session, inspection, key)
    return inspection


def _frame(inspection: Inspection, actor: Actor, seen: Survey) -> InspectionFrame:
    frame = frame_from(seen.found, seen.marks, seen.out)
    return InspectionFrame(
        inspection_id=inspection.id,
        csv=b"".join(frame.lines()),
        sha256=frame.sha256,
        households=len(frame),
        villages=len(set(frame.villages)),
        frozen_by=actor.id,
    )


def publish_freeze(session: Session, inspection: Inspection, key: Ed25519PrivateKey) -> None:
    """Makes the document that is public before the seed: the hashes of frame, plan and exclusions."""
    row = session.get_one(InspectionFrame, inspection.id)
    around = circumstances(session, inspection)
    document = freeze_record(frame_from_bytes(row.csv), plan_in(inspection), around)
    row.freeze = signed(document, key)
    session.flush()


def circumstances(session: Session, inspection: Inspection) -> Circumstances:
    """What frames the draw, as published: when, by whom (an id, no name), who was left out, which two committed."""
    row = session.get_one(InspectionFrame, inspection.id)
    query = select(InspectionCommitment).where(InspectionCommitment.inspection_id == inspection.id)
    committed = session.scalars(query.order_by(InspectionCommitment.sha256)).all()
    return Circumstances(
        way=inspection.seed_way,
        frozen_at=row.frozen_at.isoformat(),
        frozen_by=row.frozen_by,
        commitments=tuple(Commitment(one.person_id, one.sha256, one.secret) for one in committed),
        exclusions=exclusions_csv(session, inspection.id),
        freeze=row.freeze,
        said={
            "inspection": inspection.id,
            "region": inspection.region_code,
            "name_zh": inspection.name_zh,
            "name_en": inspection.name_en,
        },
    )


def _burden(seen: Survey) -> dict[str, Any]:
    return {"limits": asdict(seen.limits), "spared": len(seen.spared), "left_out": len(seen.out)}


def _leave_out(session: Session, inspection_id: str, seen: Survey) -> None:
    """The list is published, so an earlier inspection is named there only when it was published by now."""
    earlier = {one.check.inspection_id for one in seen.spared.values()} - {None}
    known = set(session.scalars(select(Inspection.id).where(Inspection.state.in_(PUBLISHED)))) if earlier else set()
    rows = [_row(inspection_id, one, seen, known) for one in seen.spared.values()]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(InspectionExclusion), rows[start : start + BATCH])


def _row(inspection_id: str, one: Spared, seen: Survey, named: Collection[str]) -> dict[str, Any]:
    return {
        "inspection_id": inspection_id,
        "household_id": one.household_id,
        "village_code": one.village,
        "reason": one.reason,
        "treatment": "left_out" if one.household_id in seen.out else "shared",
        "earlier_id": one.check.inspection_id if one.check.inspection_id in named else None,
        "earlier_on": one.check.on,
        "earlier_instance_id": one.check.instance_id,
    }


def exclusions_of(session: Session, inspection_id: str) -> Iterator[dict[str, str]]:
    """The published list: ids and codes, no names, by household."""
    query = select(InspectionExclusion).where(InspectionExclusion.inspection_id == inspection_id)
    for row in session.scalars(query.order_by(InspectionExclusion.household_id)):
        yield {
            "household_id": row.household_id,
            "village": row.village_code,
            "reason": row.reason,
            "treatment": row.treatment,
            "earlier_inspection": row.earlier_id or "",
            "earlier_on": row.earlier_on.isoformat(),
        }


def exclusions_csv(session: Session, inspection_id: str) -> bytes:
    """The same as CSV; the record of the draw names its hash."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(exclusions_of(session, inspection_id))
    return text.getvalue().encode()
