"""Photos of a finding: what showed it, and what came with its steps. Who sees the finding sees them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Problem
from server.inspection.finding_access import find
from server.inspection.finding_tables import FindingStep
from server.sync import named_files
from server.sync.office_tables import OpFile
from server.sync.tables import Attachment


@dataclass(frozen=True)
class FindingPhoto:
    """Bytes of the store that a finding shows."""

    sha256: str
    media_type: str


def find_photo(session: Session, actor: Actor, finding_id: str, sha256: str) -> FindingPhoto:
    """The photo with these bytes. Problems record.not_found, photo.missing while they are not here."""
    finding = find(session, actor, finding_id)
    if finding is None:
        raise Problem("record.not_found")
    shown = session.get(Attachment, finding.photo_id) if finding.photo_id else None
    if shown is not None and sha256 == "before":
        if shown.blob is None:
            raise Problem("photo.missing")
        return FindingPhoto(shown.blob, shown.media_type)
    query = named_files.with_bytes().join(FindingStep, FindingStep.op_id == OpFile.op_id)
    row = session.execute(query.where(FindingStep.finding_id == finding_id, OpFile.sha256 == sha256)).first()
    if row is None:
        raise Problem("record.not_found")
    if not row.here:
        raise Problem("photo.missing")
    return FindingPhoto(row.OpFile.sha256, row.OpFile.media_type)
