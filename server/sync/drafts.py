"""Unfinished forms handed over for safe keeping: for their author on another phone, or whoever takes over a lost one.

They are what a phone held, not what somebody said: nothing is validated and no record is written. A draft is open
until its form arrives as a submission.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.audit import note
from server.db import upsert
from server.geo.inside import codes_inside
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.sync import scope
from server.sync.envelope import File
from server.sync.named_files import keep_files, of_drafts
from server.sync.office_tables import Draft, DraftFile
from server.sync.op_row import OpRow
from server.sync.review import REVIEWERS
from server.sync.tables import Blob, BlobHolder, Submission

Wire = dict[str, Any]


class Kept(Protocol):
    """What a draft says of itself (kinds.draft.DraftOp)."""

    @property
    def instance_id(self) -> str: ...
    @property
    def form_id(self) -> str: ...
    @property
    def form_version(self) -> str: ...
    @property
    def instance_xml(self) -> str: ...
    @property
    def entity_id(self) -> str | None: ...
    @property
    def saved_at(self) -> datetime | None: ...
    @property
    def files(self) -> tuple[File, ...]: ...


def keep(session: Session, op: OpRow, said: Kept, region: str | None) -> None:
    """Keeps the draft with the names of its files; the one that its author saved last counts."""
    statement = upsert(session, Draft).values(
        op_id=op.op_id,
        instance_id=said.instance_id,
        form_id=said.form_id,
        form_version=said.form_version,
        entity_id=said.entity_id,
        region_code=region,
        person_id=op.person_id,
        install_id=op.install_id,
        seq=op.seq,
        instance_xml=said.instance_xml,
        saved_at=said.saved_at,
        received_at=op.received_at,
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["op_id"]))
    keep_files(session, DraftFile, op.op_id, said.files)
    _choose_newest(session, op.person_id, said.instance_id)


def _choose_newest(session: Session, person_id: str, instance_id: str) -> None:
    """The last by the install's own numbers, whatever order they came in."""
    mine = (Draft.person_id == person_id, Draft.instance_id == instance_id)
    last = select(Draft.op_id).where(*mine).order_by(Draft.seq.desc().nulls_last(), Draft.received_at.desc()).limit(1)
    newest = session.scalar(last)
    session.execute(update(Draft).where(*mine).values(is_newest=Draft.op_id == newest))
    session.flush()


def _mine(actor: Actor) -> ColumnElement[bool]:
    """Clause on Draft: one's own, or in an area that one supervises, but of no unannounced visit."""
    area = scope.in_regions(actor, REVIEWERS, Draft.region_code)
    kept = scope.unannounced(actor, Draft.person_id, roles=REVIEWERS)
    return or_(Draft.person_id == actor.id, and_(area, not_(kept)))


def _open() -> ColumnElement[bool]:
    """Clause on Draft: the form has not arrived, and nothing newer was saved of it."""
    sent = exists().where(Submission.instance_id == Draft.instance_id, Submission.person_id == Draft.person_id)
    return Draft.is_newest & ~sent


def list_drafts(
    session: Session, actor: Actor, region: str | None, author: str | None, limit: int, after: str | None
) -> Page | None:
    """Open drafts, newest first; None when `after` names none that the person may see."""
    known: Rows = select(Draft).where(_mine(actor))
    query = known.where(_open())
    if region is not None:
        query = query.where(Draft.region_code.in_(codes_inside(session, region)))
    if author is not None:
        query = query.where(Draft.person_id == author)
    page = newest_first(session, query, known, Draft.received_at, Draft.op_id, limit, after)
    if page is None:
        return None
    names = authors(session, (row.Draft.person_id for row in page.rows))
    return Page([_wire(row.Draft, names) for row in page.rows], page.next)


def read_draft(session: Session, actor: Actor, op_id: str) -> Wire | None:
    """One draft with its form and its files. Reading another's is noted. None when it is not there for this person."""
    row = session.scalar(select(Draft).where(Draft.op_id == op_id, _mine(actor)))
    if row is None:
        return None
    if row.person_id != actor.id:
        note(session, actor.id, "draft.read", op_id)
    files = session.scalars(select(DraftFile).where(DraftFile.op_id == op_id).order_by(DraftFile.name))
    waiting = of_drafts(session, [op_id]).get(op_id, [])
    return _wire(row, authors(session, [row.person_id])) | {
        "instance_xml": row.instance_xml,
        "attachments": [_file(file, file.sha256 not in waiting) for file in files],
    }


def find_file(session: Session, actor: Actor, op_id: str, name: str) -> DraftFile | None:
    """A file of a draft in sight whose bytes its author uploaded."""
    query = select(DraftFile).join(Draft, Draft.op_id == DraftFile.op_id).join(Blob, Blob.sha256 == DraftFile.sha256)
    held = exists().where(BlobHolder.sha256 == DraftFile.sha256, BlobHolder.person_id == Draft.person_id)
    return session.scalar(query.where(Draft.op_id == op_id, DraftFile.name == name, _mine(actor), held))


def _wire(row: Draft, names: dict[str, dict[str, str]]) -> Wire:
    return {
        "op_id": row.op_id,
        "instance_id": row.instance_id,
        "form_id": row.form_id,
        "form_version": row.form_version,
        "entity_id": row.entity_id,
        "region": row.region_code,
        "author": names.get(row.person_id),
        "install_id": row.install_id,
        "saved_at": row.saved_at.isoformat() if row.saved_at else None,
        "received_at": row.received_at.isoformat(),
    }


def _file(file: DraftFile, here: bool) -> Wire:
    return {
        "name": file.name,
        "sha256": file.sha256,
        "size": file.size,
        "media_type": file.media_type,
        "slot": file.slot,
        "capture": file.capture,
        "state": "complete" if here else "missing",
    }
