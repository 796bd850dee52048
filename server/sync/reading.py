"""Reads the list of submissions: newest first, only what the reader may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.tables import Person
from server.forms.tables import FormVersion
from server.geo import ops
from server.geo.inside import codes_inside
from server.geo.tables import Region
from server.registry.masking import CLEAR_ROLES, shown_label, sight
from server.registry.paging import Rows, newest_first
from server.registry.reading import Datasets, Page, matches
from server.registry.tables import Entity
from server.sync.scope import visible_entities, visible_submissions
from server.sync.tables import Attachment, OpLog, Submission, has_findings, without_xml

PLACES = ops.Layer(Submission.instance_id, Submission.geom)


@dataclass(frozen=True)
class SubmissionFilter:
    """What a list is narrowed to; None is no limit.

    `since` is in, `until` is out; both compare when the server received it. `photos`: any, none, or missing (named,
    but not all here yet). `findings`: whether anything was found in it. `q` is looked for in the household's name and
    number. `author`: id or user name. `within`: the place of the visit lies in it.
    """

    region: str | None = None
    household: str | None = None
    form_id: str | None = None
    author: str | None = None
    status: str | None = None
    review: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None
    photos: str | None = None
    findings: bool | None = None
    within: BaseGeometry | None = None


def list_submissions(
    session: Session, actor: Actor, datasets: Datasets, wanted: SubmissionFilter, limit: int, after: str | None
) -> Page | None:
    """Rows of the list; None when `after` names nothing that the person may see."""
    query = list_query(actor).where(*submission_clauses(session, actor, wanted)).options(without_xml())
    known = select(Submission).where(visible_submissions(actor))
    page = newest_first(session, query, known, Submission.received_at, Submission.instance_id, limit, after)
    return Page(_items(session, datasets, page.rows), page.next) if page else None


def list_query(actor: Actor) -> Rows:
    """Submissions that the person may see, with their op, their form and, where it may be seen, their household."""
    return (
        select(
            Submission,
            OpLog.status,
            OpLog.code,
            OpLog.detail,
            FormVersion.names,
            Region.name_zh,
            Region.name_en,
            Entity,
            visible_entities(actor, CLEAR_ROLES).label("clear"),
        )
        .join(OpLog, OpLog.op_id == Submission.op_id)
        .join(
            FormVersion,
            and_(FormVersion.form_id == Submission.form_id, FormVersion.version == Submission.form_version),
            isouter=True,
        )
        .join(Region, Region.code == Submission.region_code, isouter=True)
        .join(Entity, and_(Entity.id == Submission.root_id, visible_entities(actor)), isouter=True)
        .where(visible_submissions(actor))
    )


def submission_clauses(session: Session, actor: Actor, wanted: SubmissionFilter) -> list[ColumnElement[bool]]:
    """The filter as clauses on Submission alone, so that lists and counts agree."""
    clauses = [
        column == value
        for column, value in (
            (Submission.root_id, wanted.household),
            (Submission.form_id, wanted.form_id),
            (Submission.review, wanted.review),
        )
        if value is not None
    ]
    if wanted.region is not None:
        inside = codes_inside(session, wanted.region)
        clauses.append(Submission.region_code.in_(inside))
    if wanted.author is not None:
        named = select(Person.id).where(or_(Person.id == wanted.author, Person.username == wanted.author))
        clauses.append(Submission.person_id.in_(named))
    if wanted.status is not None:
        clauses.append(Submission.op_id.in_(select(OpLog.op_id).where(OpLog.status == wanted.status)))
    if wanted.since is not None:
        clauses.append(Submission.received_at >= wanted.since)
    if wanted.until is not None:
        clauses.append(Submission.received_at < wanted.until)
    if wanted.q:
        clauses.append(Submission.root_id.in_(_households_like(actor, wanted.q)))
    if wanted.photos is not None:
        clauses.append(_photos(wanted.photos))
    if wanted.within is not None:
        clauses.append(ops.within(session, PLACES, wanted.within))
    if wanted.findings is not None:
        clauses.append(has_findings() if wanted.findings else ~has_findings())
    return clauses


def _households_like(actor: Actor, q: str) -> Select[str]:
    """Found before the visits are read: else, where few match, the household of each visit is looked at in its turn."""
    found = select(Entity.id).where(visible_entities(actor), matches(q, visible_entities(actor, CLEAR_ROLES)))
    like = found.cte("alike").prefix_with("MATERIALIZED", dialect="postgresql")
    return select(like.c.id)


def _photos(wanted: str) -> ColumnElement[bool]:
    own = Attachment.instance_id == Submission.instance_id
    if wanted == "missing":
        return exists().where(own, Attachment.blob.is_(None))
    return exists().where(own) if wanted == "any" else ~exists().where(own)


def _items(session: Session, datasets: Datasets, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    people = authors(session, (row.Submission.person_id for row in rows))
    photos = photo_counts(session, [row.Submission.instance_id for row in rows])
    return [{**head_of(row, datasets, people), "photos": photos.get(row.Submission.instance_id)} for row in rows]


def head_of(row: Row[Any], datasets: Datasets, people: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    """What the list and the single view share. `row`: of `list_query`."""
    submission: Submission = row.Submission
    return {
        "instance_id": submission.instance_id,
        "status": row.status,
        "code": row.code,
        "form_id": submission.form_id,
        "form_version": submission.form_version,
        "form_names": row.names,
        "author": people.get(submission.person_id),
        "region": submission.region_code,
        "region_names": {"zh": row.name_zh, "en": row.name_en or row.name_zh} if row.name_zh else None,
        "received_at": submission.received_at.isoformat(),
        "visit": visit_of(submission),
        "review": submission.review,
        "household": _household(row, datasets),
        "findings": len(submission.findings),
    }


def visit_of(submission: Submission) -> dict[str, Any]:
    """When, how and where, as the phone declared it."""
    return {
        "started_at": submission.started_at.isoformat() if submission.started_at else None,
        "ended_at": submission.ended_at.isoformat() if submission.ended_at else None,
        "contact_mode": submission.contact_mode,
        "location": submission.location,
    }


def _household(row: Row[Any], datasets: Datasets) -> dict[str, Any] | None:
    entity: Entity | None = row.Entity
    if entity is None:
        return None
    return {
        "id": entity.id,
        "label": shown_label(datasets.get(entity.dataset), entity.label, sight(bool(row.clear))),
        "household_no": entity.values.get("household_no"),
    }


def photo_counts(session: Session, instance_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Named and present files of each submission."""
    rows = session.execute(
        select(Attachment.instance_id, func.count(Attachment.id), func.count(Attachment.blob))
        .where(Attachment.instance_id.in_(instance_ids))
        .group_by(Attachment.instance_id)
    )
    return {instance_id: {"named": named, "here": here} for instance_id, named, here in rows}
