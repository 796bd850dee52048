"""Which submissions an export or a reading takes, always within what the person may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from server.accounts.actor import READING, Actor
from server.accounts.tables import Person
from server.forms.model import FormModel
from server.forms.tables import FormVersion
from server.geo.tables import Region
from server.registry.masking import CLEAR_ROLES
from server.registry.paging import Rows
from server.sync.definitions import model_of
from server.sync.reading import SubmissionFilter, submission_clauses
from server.sync.scope import visible_regions, visible_submissions
from server.sync.tables import OpLog, Submission

_AT_ONCE = 200


@dataclass(frozen=True)
class Selection:
    """Submissions of one form. `since` is in, `until` is out, by time of receipt; None is no limit."""

    form_id: str
    region: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: str | None = None

    def filter(self) -> SubmissionFilter:
        return SubmissionFilter(
            region=self.region, form_id=self.form_id, since=self.since, until=self.until, status=self.status
        )


def may_see_region(session: Session, actor: Actor, code: str) -> bool:
    """An unknown region and a foreign one are alike."""
    return session.scalar(select(Region.code).where(Region.code == code, visible_regions(actor))) is not None


def models_of(session: Session, actor: Actor, wanted: Selection) -> dict[str, FormModel]:
    """The versions that occur, in the order of their publication: {version: model}."""
    occurring = select(Submission.form_version).where(*_clauses(session, actor, wanted)).distinct()
    rows = session.scalars(
        select(FormVersion)
        .where(FormVersion.form_id == wanted.form_id, FormVersion.version.in_(occurring))
        .order_by(FormVersion.published_at, FormVersion.version)
    )
    return {row.version: model_of(row) for row in rows}


def newest_model(session: Session, form_id: str) -> FormVersion | None:
    """The version of a form that was published last, retired or not."""
    published = (FormVersion.form_id == form_id, FormVersion.state != "draft")
    return session.scalars(
        select(FormVersion).where(*published).order_by(FormVersion.published_at.desc()).limit(1)
    ).first()


def selected(session: Session, actor: Actor, wanted: Selection) -> Iterator[Row[Any]]:
    """The submissions, oldest first, a few in memory at a time; `clear`: whether the person works where it is."""
    query = (
        _query(actor)
        .where(*_clauses(session, actor, wanted))
        .order_by(Submission.received_at, Submission.instance_id)
        .execution_options(yield_per=_AT_ONCE)
    )
    row: Row[Any]
    for row in session.execute(query):
        yield row
        session.expunge(row.Submission)


def submission_row(session: Session, actor: Actor, instance_id: str) -> Row[Any] | None:
    """One submission, as in `selected`; None when it is not there for this person."""
    mine = (Submission.instance_id == instance_id, visible_submissions(actor))
    return session.execute(_query(actor).where(*mine)).one_or_none()


def _query(actor: Actor) -> Rows:
    return (
        select(
            Submission,
            OpLog.status,
            Region.name_zh,
            Person.display_name,
            visible_submissions(actor, CLEAR_ROLES).label("clear"),
        )
        .join(OpLog, OpLog.op_id == Submission.op_id)
        .join(Person, Person.id == Submission.person_id)
        .join(Region, Region.code == Submission.region_code, isouter=True)
    )


def _clauses(session: Session, actor: Actor, wanted: Selection) -> Sequence[Any]:
    return [visible_submissions(actor), *submission_clauses(session, actor, wanted.filter())]


def areas_of(actor: Actor) -> list[str]:
    """What the person's roles cover now, each with its sight: kept with an export and checked at download."""
    clear = {f"clear {path}" for path in actor.paths(CLEAR_ROLES)}
    return sorted(clear | {f"audit {path}" for path in actor.paths(READING)})


def still_covers(actor: Actor, areas: Sequence[str]) -> bool:
    """Whether the person may still see all that these areas showed."""
    roles = {"clear": CLEAR_ROLES, "audit": READING}
    return all(actor.covers(path, roles[kind]) for kind, _, path in (area.partition(" ") for area in areas))
