"""Ops of kind `draft`: an unfinished form, handed over for safe keeping. No record is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.failpoints import hit
from server.sync import drafts, loans
from server.sync.case import Case, Verdict
from server.sync.envelope import EARLIEST, LATEST, MOST_FILES, File, as_text, as_uuid, parse_time, read_files
from server.sync.grounds import lost, quarantined, region_of, stopped
from server.sync.write import known_records


@dataclass(frozen=True)
class DraftOp:
    """`{instance_id, form_id, form_version, instance_xml, entity_id?, saved_at?, attachments}`."""

    instance_id: str
    form_id: str
    form_version: str
    instance_xml: str
    entity_id: str | None
    saved_at: datetime | None
    files: tuple[File, ...]


def read_draft(body: Mapping[str, Any]) -> DraftOp | None:
    """The draft in an op's body; None when one of its four texts is missing or it names too many files."""
    instance_id, form_id = as_text(body.get("instance_id"), 100), as_text(body.get("form_id"), 100)
    version, xml = body.get("form_version"), body.get("instance_xml")
    files = tuple(file for file in read_files(body.get("attachments")) if file.sha256)
    if instance_id is None or form_id is None or not isinstance(version, str) or len(version) > 64:
        return None
    if not isinstance(xml, str) or not xml or len(files) > MOST_FILES:
        return None
    saved = parse_time(body.get("saved_at"))
    saved = saved if saved and EARLIEST <= saved < LATEST else None
    return DraftOp(instance_id, form_id, version, xml, as_uuid(body.get("entity_id")), saved, files)


def read(_session: Session, case: Case) -> None:
    case.said = said = read_draft(case.op.body)
    if said is None:
        case.fault = ("op.incomplete", "instance_id, form_id, form_version, instance_xml or attachments")
    else:
        case.touches.add(f"draft:{said.instance_id}")


def judge(session: Session, case: Case) -> Verdict:
    """Kept as it is: also of a form that nobody knows here, but not of a household out of sight."""
    kept = stopped(session, case)
    if kept is not None or not isinstance(case.said, DraftOp):
        return kept or quarantined(session, case, "op.incomplete")
    said = case.said
    case.known = known_records(session, case.powers, {said.entity_id} if said.entity_id else ())
    found = case.known.get(said.entity_id or "")
    if said.entity_id and not (found and (found[1] or loans.is_lent(session, case.powers, found[0].root_id))):
        return lost(case)
    hit("push.judging")
    region = found[0].region_code if found else region_of(session, case)
    drafts.keep(session, case.row, said, region)
    return Verdict("applied")
