"""Ops of kind `contact_attempt`: a try to reach a household. It stands in its history and in its group `contact`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.failpoints import hit
from server.sync import contacts, loans
from server.sync.apply import apply_write
from server.sync.authority import rank_of
from server.sync.case import Case, Verdict
from server.sync.clock import observed_at
from server.sync.definitions import datasets
from server.sync.envelope import Visit, as_text, as_uuid, as_version, read_clock, read_visit
from server.sync.grounds import known_base, lost, quarantined, stopped
from server.sync.record import Origin, RecordWrite, status_of
from server.sync.record_rows import RecordRow
from server.sync.write import known_records


@dataclass(frozen=True)
class ContactOp:
    """`{entity_id, disposition, visit, base_version?}`: what came of going there, in the words of the code list."""

    entity_id: str
    disposition: str
    visit: Visit
    base_version: int


def read_contact(body: Mapping[str, Any]) -> ContactOp | None:
    """The try in an op's body; None when a part is missing or the disposition is no code of ours."""
    entity_id, disposition = as_uuid(body.get("entity_id")), as_text(body.get("disposition"), 40)
    if entity_id is None or disposition not in contacts.dispositions():
        return None
    return ContactOp(entity_id, str(disposition), read_visit(body.get("visit")), as_version(body.get("base_version")))


def read(_session: Session, case: Case) -> None:
    case.said = said = read_contact(case.op.body)
    if said is None:
        case.fault = ("op.incomplete", "entity_id or disposition")
    else:
        case.touches.add(said.entity_id)


def judge(session: Session, case: Case) -> Verdict:
    kept = stopped(session, case)
    if kept is not None or not isinstance(case.said, ContactOp):
        return kept or quarantined(session, case, "op.incomplete")
    said = case.said
    case.known = known_records(session, case.powers, {said.entity_id})
    entity, may = case.known.get(said.entity_id, (None, False))
    is_lent = entity is not None and not may and loans.is_lent(session, case.powers, entity.root_id)
    if entity is None or entity.dataset != contacts.DATASET or not (may or is_lent):
        return lost(case)
    base = known_base(case, entity, said.base_version)
    if base is None:
        return quarantined(session, case, "entity.base_unknown", f"{entity.id} {said.base_version}")
    hit("push.judging")
    contacts.add(session, case.row, entity.id, said.disposition, said.visit, independent=is_lent)
    # Who has a household on loan checks it and writes nothing of it.
    return Verdict("applied") if is_lent else _written(session, case, said, entity, base)


def _written(session: Session, case: Case, said: ContactOp, entity: RecordRow, base: int) -> Verdict:
    """The record as the form contact_attempt would leave it."""
    when = said.visit.ended_at or said.visit.started_at
    origin = Origin(
        case.row.op_id,
        case.row.person_id,
        case.lineage,
        case.row.seq,
        rank=rank_of(session, case.actor, entity.region_code),
        observed=observed_at(when, read_clock(case.op.body)),
    )
    values = contacts.values_of(entity, said.disposition, when or case.row.received_at)
    write = RecordWrite(entity.dataset, entity.id, values, base)
    outcome = apply_write(session, datasets()[entity.dataset], origin, write, entity)
    return Verdict(status_of((outcome,)), outcomes=(outcome,))
