"""The audit as administrators and auditors of an area read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.tables import AuditEntry, Install
from server.errors import CATALOGUE
from server.geo.inside import codes_inside
from server.registry.masking import shown_label
from server.registry.reading import Page
from server.registry.tables import Entity
from server.sync import contacts
from server.sync.administered import is_of_all
from server.sync.audit_chain import SALT
from server.sync.definitions import datasets
from server.sync.scope import in_regions
from server.sync.tables import Attachment, Submission

READERS = ("admin", "auditor")
Wire = dict[str, Any]
# What layers above name: ids → what each is.
SUBJECTS: dict[str, Callable[[Session, Collection[str]], dict[str, Wire]]] = {}


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None is no limit. `kind`: an action, or what it begins with ("export")."""

    person_id: str | None = None
    region: str | None = None
    kind: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_audit(session: Session, actor: Actor, wanted: Wanted, limit: int, after: int | None) -> Page:
    """Entries of the chain about the actor's areas, newest first. `after`: a number of the list."""
    query = select(AuditEntry).where(*_clauses(session, actor, wanted)).order_by(AuditEntry.number.desc())
    if after is not None:
        query = query.where(AuditEntry.number < after)
    rows = session.scalars(query.limit(limit + 1)).all()
    following = str(rows[limit - 1].number) if len(rows) > limit else None
    return Page(_on_wire(session, rows[:limit]), following)


def _clauses(session: Session, actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    clauses = [AuditEntry.number.is_not(None), _mine(session, actor)]
    if wanted.person_id is not None:
        clauses.append(AuditEntry.person_id == wanted.person_id)
    if wanted.region is not None:
        clauses.append(AuditEntry.region_code.in_(codes_inside(session, wanted.region)))
    if wanted.kind is not None:
        begins = AuditEntry.action.startswith(f"{wanted.kind}.", autoescape=True)
        clauses.append(or_(AuditEntry.action == wanted.kind, begins))
    if wanted.subject is not None:
        clauses.append(AuditEntry.subject == wanted.subject)
    if wanted.since is not None:
        clauses.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        clauses.append(AuditEntry.at < wanted.until)
    return clauses


def _mine(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Entries about the actor's areas; what is about no area, or about several counties, is for who reads in all."""
    here = in_regions(actor, READERS, AuditEntry.region_code)
    if not is_of_all(session, actor, READERS):
        return here
    return or_(here, AuditEntry.region_code.is_(None), AuditEntry.region_code.in_(actor.above(READERS)))


def _on_wire(session: Session, rows: Sequence[AuditEntry]) -> list[Wire]:
    subjects = {row.subject for row in rows}
    people = authors(session, {*subjects, *(row.person_id for row in rows), *_named(rows, "to", "of")})
    records = _records(session, {*subjects, *_named(rows, "household")})
    about = {**records, **_visits(session, subjects), **_devices(session, subjects)}
    for names_of in SUBJECTS.values():
        about |= names_of(session, {*subjects, *_named(rows, "inspection", "task")})
    about |= {id: {"kind": "person", "id": id, "name": people[id]["display_name"]} for id in subjects if id in people}
    return [
        {
            "number": row.number,
            "at": row.at.isoformat(),
            "person": people.get(row.person_id or ""),
            "action": row.action,
            "subject": row.subject,
            "about": about.get(row.subject),
            "other": people.get(str((row.detail or {}).get("to") or (row.detail or {}).get("of") or "")),
            "household": about.get(str((row.detail or {}).get("household"))),
            "within": about.get(str((row.detail or {}).get("inspection") or (row.detail or {}).get("task"))),
            "region": row.region_code,
            "detail": {name: value for name, value in (row.detail or {}).items() if name != SALT} or None,
            "words": _in_words(row.detail or {}),
            "hash": row.hash,
        }
        for row in rows
    ]


def _in_words(detail: Mapping[str, Any]) -> Wire:
    """Those codes of the detail that have words: why something was refused, how a visit ended."""
    found = {}
    refusal = CATALOGUE.get(str(detail.get("code")))
    if refusal is not None:
        found["code"] = {"zh": refusal.zh, "en": refusal.en}
    ended = contacts.words_of(str(detail.get("disposition")))
    if ended is not None:
        found["disposition"] = ended
    return found


def _named(rows: Sequence[AuditEntry], *names: str) -> set[str]:
    """Ids that details name under these words."""
    return {str(value) for row in rows for name in names if (value := (row.detail or {}).get(name))}


def _records(session: Session, ids: Collection[str]) -> dict[str, Wire]:
    """Records by a name that is masked: the audit says what was done, not who lives there."""
    rows = session.execute(select(Entity.id, Entity.dataset, Entity.label, Entity.root_id).where(Entity.id.in_(ids)))
    known = datasets()
    return {
        row.id: {
            "kind": row.dataset,
            "id": row.root_id,
            "name": shown_label(known.get(row.dataset), row.label, "audit"),
        }
        for row in rows
    }


def _visits(session: Session, ids: Collection[str]) -> dict[str, Wire]:
    """Visits and photos, by the visit that they belong to."""
    visits = session.scalars(select(Submission.instance_id).where(Submission.instance_id.in_(ids)))
    photos = session.execute(select(Attachment.id, Attachment.instance_id).where(Attachment.id.in_(ids)))
    found: dict[str, Wire] = {id: {"kind": "visit", "id": id, "name": None} for id in visits}
    return found | {row.id: {"kind": "photo", "id": row.instance_id, "name": None} for row in photos}


def _devices(session: Session, ids: Collection[str]) -> dict[str, Wire]:
    rows = session.execute(select(Install.id, Install.name, Install.model).where(Install.id.in_(ids)))
    return {row.id: {"kind": "device", "id": row.id, "name": row.name or row.model or None} for row in rows}
