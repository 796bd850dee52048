"""Photos of a finding: what showed it, and what came with its steps. Who sees the finding sees them.

What is worth a look in the photos of steps is told to whoever looks over photos in the area, never to who took them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import CHINA
from server.errors import Problem
from server.evidence.named_photos import Occasion, judge_named
from server.evidence.reasons import READERS, reasons_in_words
from server.inspection.finding_access import find, is_village, path_of
from server.inspection.finding_tables import Finding, FindingStep
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


def with_reasons(session: Session, actor: Actor, finding: Finding, steps: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The steps as they are told, each of their files with `reasons` to look at it, where this person reviews photos.

    The reasons of visits' photos: place, times, the way from other photos, the very same bytes elsewhere, the seal.
    """
    if is_village(session, actor, finding) or not actor.covers(path_of(session, finding), READERS):
        return list(steps)
    return [step | {"files": _judged(session, actor, finding, step)} for step in map(dict, steps)]


def _judged(session: Session, actor: Actor, finding: Finding, step: Mapping[str, Any]) -> list[dict[str, Any]]:
    files: Sequence[Mapping[str, Any]] = step["files"]
    here = {file["sha256"] for file in files if file["state"] == "complete"}
    if not here:
        return [dict(file) for file in files]
    day = session.get_one(FindingStep, step["id"]).at.astimezone(CHINA).date()
    occasion = Occasion(files[0]["op_id"], finding.household_id, finding.region_code, day)
    found = judge_named(session, occasion, here)
    return [{**file, "reasons": reasons_in_words(session, actor, found.get(file["name"], ()))} for file in files]
