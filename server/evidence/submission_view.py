"""One submission with everything that is known of it, for the person who reviews it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.evidence.findings import in_words
from server.evidence.one_visit import day_of
from server.evidence.reasons import may_review, reasons_of
from server.evidence.submission_map import submission_map
from server.evidence.tables import Photo, PhotoLook
from server.forms.tables import FormVersion
from server.geo.tables import Region
from server.registry.masking import CLEAR_ROLES, Sight, property_treatment, sight
from server.registry.place_limits import PlaceLimits, place_limits
from server.registry.reading import Datasets
from server.sync.answer_list import answer_list
from server.sync.definitions import model_of
from server.sync.places import bounded_region
from server.sync.reading import head_of, list_query
from server.sync.review import comments_of
from server.sync.scope import visible_submissions
from server.sync.tables import Attachment, Submission
from server.sync.written_records import household_on_wire, record_on_wire, writes_on_wire, written_records

Files = Sequence[tuple[Attachment, Photo | None]]
Reasons = Mapping[str, list[dict[str, Any]]]


def read_submission(session: Session, actor: Actor, datasets: Datasets, instance_id: str) -> dict[str, Any] | None:
    """The whole submission; None when it is not there for this person."""
    row = session.execute(list_query(actor).where(Submission.instance_id == instance_id)).one_or_none()
    if row is None:
        return None
    submission: Submission = row.Submission
    works_here = session.scalar(
        select(visible_submissions(actor, CLEAR_ROLES)).where(Submission.instance_id == instance_id)
    )
    seen = sight(bool(works_here))
    records = written_records(session, actor, submission)
    household = next((record for record in records if record.entity.id == submission.root_id), None)
    files = _files(session, instance_id)
    reasons, looks = _review(session, actor, submission, files)
    return {
        **head_of(row, datasets, authors(session, [submission.person_id])),
        "op_id": submission.op_id,
        "detail": row.detail,
        "install_id": submission.install_id,
        "clock": submission.clock,
        **_corrections(session, actor, submission),
        "answers": answer_list(session, datasets, submission, seen),
        "attachments": [_file(*one, reasons.get(one[0].id, []), looks.get(one[0].id)) for one in files],
        "findings": _findings(session, submission, datasets, seen),
        "reviews": _reviews(session, instance_id),
        "writes": writes_on_wire(records, datasets),
        "household": household_on_wire(household, datasets) if household else None,
        "records": [record_on_wire(record, datasets) for record in records],
        "map": submission_map(submission, household, files, datasets, *_ground(session, submission)),
    }


def _ground(session: Session, submission: Submission) -> tuple[PlaceLimits | None, Region | None]:
    """The limits of places on the day of the visit, and the boundary that it is told against."""
    village = bounded_region(session, submission.region_code) if submission.region_code else None
    return place_limits(session, submission.region_code, day_of(submission)), village


def _reviews(session: Session, instance_id: str) -> list[dict[str, Any]]:
    """What reviewers said, newest first."""
    rows = comments_of(session, instance_id)
    people = authors(session, (row.person_id for row in rows))
    return [
        {"state": row.state, "comments": row.comments, "at": row.at.isoformat(), "author": people.get(row.person_id)}
        for row in rows
    ]


def _corrections(session: Session, actor: Actor, submission: Submission) -> dict[str, Any]:
    """The submission that this one corrects, and the newest that corrects it."""
    later = session.scalar(
        select(Submission.instance_id)
        .where(Submission.deprecated_id == submission.instance_id, visible_submissions(actor))
        .order_by(Submission.received_at.desc())
        .limit(1)
    )
    return {"supersedes": submission.deprecated_id, "superseded_by": later}


def _files(session: Session, instance_id: str) -> Files:
    rows = session.execute(
        select(Attachment, Photo)
        .join(Photo, Photo.attachment_id == Attachment.id, isouter=True)
        .where(Attachment.instance_id == instance_id)
        .order_by(Attachment.name)
    )
    return [(attachment, photo) for attachment, photo in rows]


def _review(session: Session, actor: Actor, submission: Submission, files: Files) -> tuple[Reasons, Mapping[str, str]]:
    """Reasons to look at each photo and the state of those in the queue, for those who review here.

    The author is asked about a photo, not shown these.
    """
    if not session.scalar(select(may_review(actor)).where(Submission.instance_id == submission.instance_id)):
        return {}, {}
    ids = [attachment.id for attachment, _ in files]
    looks = session.execute(select(PhotoLook.attachment_id, PhotoLook.state).where(PhotoLook.attachment_id.in_(ids)))
    return reasons_of(session, actor, ids), {row.attachment_id: row.state for row in looks}


def _file(
    attachment: Attachment, photo: Photo | None, reasons: list[dict[str, Any]], look: str | None
) -> dict[str, Any]:
    """`state`: whether the bytes are here; `photo_state`: whether copies to look at were made of them.

    `look`: how it stands in the queue of reviewers (open, asked, done); None where it does not, or to other readers.
    `answer`: the op of the answer that brought it, of files that came with one.
    """
    own_name = attachment.name.partition("/")[2] if attachment.answer_id else attachment.name
    return {
        "id": attachment.id,
        "name": own_name,
        **({"answer": attachment.answer_id} if attachment.answer_id else {}),
        "slot": attachment.slot,
        "sha256": attachment.sha256,
        "size": attachment.size,
        "media_type": attachment.media_type,
        "state": "complete" if attachment.blob else "missing",
        "photo_state": photo.state if photo else "pending",
        "width": photo.width if photo else None,
        "height": photo.height if photo else None,
        "taken_at": photo.taken_at.isoformat() if photo and photo.taken_at else None,
        "findings": [in_words(finding) for finding in photo.findings] + reasons if photo else [],
        "capture_source": (attachment.capture or {}).get("source"),
        "look": look,
    }


def _findings(session: Session, submission: Submission, datasets: Datasets, seen: Sight) -> list[dict[str, Any]]:
    """The findings with the labels of the questions that they are about; a record's rule tells what to look at.

    Who may not see a property at all is not told of a rule about it.
    """
    form = session.get(FormVersion, (submission.form_id, submission.form_version)) if submission.findings else None
    questions = model_of(form).by_path if form is not None else {}
    return [
        {key: finding.get(key) for key in ("path", "kind", "code", "message")}
        | {"labels": question.labels if (question := questions.get(_without_rows(finding["path"]))) else {}}
        | {key: finding[key] for key in ("rule", "severity", "properties") if key in finding}
        for finding in submission.findings
        if all(_is_shown(datasets, name, seen) for name in finding.get("properties", ()))
    ]


def _is_shown(datasets: Datasets, name: str, seen: Sight) -> bool:
    """`name` is dataset.property."""
    dataset, _, own = name.partition(".")
    return dataset in datasets and property_treatment(datasets[dataset], own, seen) != "hide"


def _without_rows(path: str) -> str:
    """/data/row[2]/name → /data/row/name"""
    return re.sub(r"\[\d+\]", "", path)
