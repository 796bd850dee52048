"""Ops of kind `place`: a person says on a map where a record stands, or corrects a wrong place, and why."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.accounts.audit import note
from server.db import upsert
from server.failpoints import hit
from server.sync.apply import apply_write
from server.sync.authority import rank_of
from server.sync.case import Case, Verdict
from server.sync.definitions import datasets
from server.sync.grounds import known_base, lost, quarantined, stopped
from server.sync.office_tables import Placement
from server.sync.placing import PlaceOp, read_place, values_of
from server.sync.record import Origin, RecordWrite, status_of
from server.sync.record_rows import RecordRow
from server.sync.suggestion import suggest
from server.sync.write import known_records


def read(_session: Session, case: Case) -> None:
    case.said = said = read_place(case.op.body)
    if said is None:
        case.fault = ("op.incomplete", "entity_id, place {lon, lat, datum, source} or reason")
    else:
        case.touches.add(said.entity_id)


def judge(session: Session, case: Case) -> Verdict:
    kept = stopped(session, case)
    if kept is not None or not isinstance(case.said, PlaceOp):
        return kept or quarantined(session, case, "op.incomplete")
    said = case.said
    case.known = known_records(session, case.powers, {said.entity_id})
    entity, may = case.known.get(said.entity_id, (None, False))
    if entity is None or not may:
        return lost(case)
    if not datasets()[entity.dataset].location:
        return quarantined(session, case, "entity.no_place", entity.dataset)
    base = known_base(case, entity, said.base_version)
    if base is None:
        return quarantined(session, case, "entity.base_unknown", f"{entity.id} {said.base_version}")
    hit("push.judging")
    return _written(session, case, said, entity, base)


def _written(session: Session, case: Case, said: PlaceOp, entity: RecordRow, base: int) -> Verdict:
    dataset, row = datasets()[entity.dataset], case.row
    origin = Origin(
        row.op_id,
        row.person_id,
        case.lineage,
        row.seq,
        rank=rank_of(session, case.actor, entity.region_code),
    )
    suggested = _ground(session, case, said, entity)
    write = RecordWrite(dataset.name, entity.id, values_of(dataset, said), base)
    outcome = apply_write(session, dataset, origin, write, entity)
    _keep(session, case, said, suggested)
    return Verdict(status_of((outcome,)), outcomes=(outcome,))


def _ground(session: Session, case: Case, said: PlaceOp, entity: RecordRow) -> dict[str, Any] | None:
    """What the suggestion goes by, when this is the place that it offers now; else the place is the person's own."""
    found = suggest(session, case.powers, entity) if said.suggested else None
    if found is None or found.why is not None:
        return None
    offered = found.place()
    return found.ground() if (offered["lon"], offered["lat"]) == (said.lon, said.lat) else None


def _keep(session: Session, case: Case, said: PlaceOp, suggested: dict[str, Any] | None) -> None:
    """Why, beside the value; and in the audit, without where or why."""
    statement = upsert(session, Placement).values(
        op_id=case.row.op_id,
        entity_id=said.entity_id,
        person_id=case.row.person_id,
        source=said.source,
        reason=said.reason,
        suggested=suggested,
        received_at=case.row.received_at,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["op_id"]))
    kind = "place.suggested" if suggested else f"place.{said.source}"
    note(session, case.row.person_id, kind, said.entity_id, op_id=case.row.op_id)
