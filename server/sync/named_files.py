"""Files that ops name: kept by name, and which bytes are still waited for (submissions, answers, drafts, other ops)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Exists, Select, exists, select
from sqlalchemy.orm import Session

from server.db import upsert
from server.sync import attachments
from server.sync.blobs import guard
from server.sync.envelope import File
from server.sync.office_tables import Draft, DraftFile, OpFile
from server.sync.tables import Attachment, BlobHolder, OpLog

Missing = dict[str, list[str]]


def keep_files(session: Session, table: type[DraftFile | OpFile], op_id: str, files: Sequence[File]) -> None:
    """Keeps the names of an op's files; bytes that are here already stay. Again changes nothing."""
    guard(session, [file.sha256 for file in files if file.sha256])
    for file in files:
        statement = upsert(session, table).values(
            op_id=op_id,
            name=file.name,
            sha256=file.sha256,
            size=file.size,
            media_type=file.media_type,
            slot=file.slot,
            capture=dict(file.capture) if file.capture is not None else None,
        )
        session.execute(statement.on_conflict_do_nothing(index_elements=["op_id", "name"]))


def missing_files(session: Session, kinds: dict[str, str]) -> Missing:
    """Hashes by op, sorted; an op that misses nothing is absent. `kinds`: op → its kind."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for op_id, kind in kinds.items():
        by_kind[kind].add(op_id)
    found = attachments.missing_of_ops(session, by_kind["submission"]) if by_kind["submission"] else {}
    if by_kind["answer"]:
        found |= _of_answers(session, by_kind["answer"])
    if by_kind["finding_step"]:
        found |= of_ops(session, by_kind["finding_step"])
    return found | (of_drafts(session, by_kind["draft"]) if by_kind["draft"] else {})


def _of_answers(session: Session, op_ids: Collection[str]) -> Missing:
    waiting = (Attachment.blob.is_(None), Attachment.sha256.is_not(None))
    query = select(Attachment.answer_id, Attachment.sha256).where(Attachment.answer_id.in_(op_ids), *waiting)
    return _by_op(session.execute(query.distinct()))


def of_drafts(session: Session, op_ids: Collection[str]) -> Missing:
    """A draft's author has to upload its files, whoever else may have done so."""
    here = exists().where(BlobHolder.sha256 == DraftFile.sha256, BlobHolder.person_id == Draft.person_id)
    query = select(DraftFile.op_id, DraftFile.sha256).join(Draft, Draft.op_id == DraftFile.op_id)
    return _by_op(session.execute(query.where(DraftFile.op_id.in_(op_ids), ~here).distinct()))


def of_ops(session: Session, op_ids: Collection[str]) -> Missing:
    """As `of_drafts`, for the files that ops themselves keep."""
    query = select(OpFile.op_id, OpFile.sha256).join(OpLog, OpLog.op_id == OpFile.op_id)
    return _by_op(session.execute(query.where(OpFile.op_id.in_(op_ids), ~_held()).distinct()))


def with_bytes() -> Select[OpFile, bool]:
    """The files that ops themselves keep, each with whether its bytes are `here`."""
    return select(OpFile, _held().label("here")).join(OpLog, OpLog.op_id == OpFile.op_id)


def _held() -> Exists:
    """Clause on OpFile and OpLog: whoever sent the op has uploaded the file."""
    return exists().where(BlobHolder.sha256 == OpFile.sha256, BlobHolder.person_id == OpLog.person_id)


def _by_op(rows: Iterable[tuple[Any, Any]]) -> Missing:
    found: Missing = defaultdict(list)
    for op_id, sha256 in sorted(rows):
        found[op_id].append(sha256)
    return dict(found)
