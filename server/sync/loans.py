"""Households lent to a person for one form, such as an inspection: only what that form reads of them is shown.

An inspector has no area: what is lent is all that an inspector sees, by the own feed `user:<id>` alone. Nobody is lent
a household where the person holds a role or helps, because nobody checks the own work.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, load_actor
from server.accounts.audit import note
from server.accounts.tables import HelperOf, Loan
from server.db import now, today, upsert
from server.errors import Fault, Problem
from server.forms.tables import FormVersion
from server.forms.versions import settings_of
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sync import feeds, scope
from server.sync.administered import nameable
from server.sync.case import Case
from server.sync.feeds import News
from server.sync.followers import keep_out
from server.sync.tables import Feed

Frame = Mapping[str, frozenset[str]]
_READ = re.compile(r"instance\(\s*['\"](\w+)['\"]\s*\)/root/item(?:\[(?:[^\[\]]|\[[^\]]*\])*\])*/([\w@.-]+)")
LENDERS = ("supervisor", "admin")
_ALWAYS = ("name", "label")  # the id, and how the household is called


@dataclass(frozen=True)
class Lending:
    """Which household is lent to whom, for which form, to the end of which day. `id` is the lender's own."""

    person_id: str
    household_id: str
    form_id: str
    until: date | None = None
    id: str | None = None


def lend(session: Session, actor: Actor, wanted: Lending) -> Loan:
    """The loan, with its rows told to the person's phone.

    Problems: record.not_found (out of sight), request.invalid (no such form), loan.own_area.
    """
    entity = _lendable(session, actor, wanted.household_id)
    person = nameable(session, actor, wanted.person_id)
    if not frame_of(session, wanted.form_id):
        fix = "Name a form that is published."
        raise Problem("request.invalid", faults=[Fault("form_id", "There is no published form of that name.", fix)])
    if _is_at_home(session, load_actor(session, person), entity):
        raise Problem("loan.own_area")
    return _lent(session, actor, wanted)


def _lent(session: Session, actor: Actor, wanted: Lending) -> Loan:
    loan_id = wanted.id or str(uuid.uuid4())
    keep_out(session, [wanted.household_id])
    statement = upsert(session, Loan).values(
        id=loan_id,
        person_id=wanted.person_id,
        household_id=wanted.household_id,
        form_id=wanted.form_id,
        until=wanted.until,
        lent_by=actor.id,
        lent_at=now(),
    )
    new = session.scalar(statement.on_conflict_do_nothing(index_elements=["id"]).returning(Loan.id))
    loan = session.get_one(Loan, loan_id)
    if new is None and (loan.person_id, loan.household_id) != (wanted.person_id, wanted.household_id):
        raise Problem("record.not_found")
    if new is not None:
        note(session, actor.id, "household.lent", wanted.household_id, to=wanted.person_id, form=wanted.form_id)
        feeds.touch(session, _told(session, loan))
    return loan


def _lendable(session: Session, actor: Actor, household_id: str) -> Entity:
    """The household, in an area where the actor answers for the work."""
    here = scope.in_regions(actor, LENDERS)
    entity = session.scalar(select(Entity).where(Entity.id == household_id, Entity.root_id == Entity.id, here))
    if entity is None:
        raise Problem("record.not_found")
    return entity


def _is_at_home(session: Session, person: Actor, entity: Entity) -> bool:
    """Whether the person has a part in the work on this household."""
    path = session.get_one(Region, entity.region_code).path
    helps = session.get(HelperOf, (person.id, entity.root_id)) is not None
    return helps or person.covers(path, [role.role for role in person.roles])


def _told(session: Session, loan: Loan) -> list[News]:
    """The rows that the loan shows."""
    shown = frame_of(session, loan.form_id)
    rows = session.execute(select(Entity.id, Entity.dataset).where(Entity.root_id == loan.household_id))
    user = f"user:{loan.person_id}"
    return [News(user, "record", row.id, "entity") for row in rows.all() if row.dataset in shown]


def end(session: Session, loans: Iterable[Loan]) -> list[News]:
    """Ends loans; what the person has no other claim to leaves the phone."""
    ending = [loan for loan in loans if loan.ended_at is None]
    keep_out(session, [loan.household_id for loan in ending])
    gone: list[News] = []
    for loan in ending:
        loan.ended_at = now()
        session.flush()
        gone += _evicted(session, loan)
    return gone


def _evicted(session: Session, loan: Loan) -> list[News]:
    """Of what was told, whatever the form shows by now: since then it may have been retired, or read other records."""
    if session.get(HelperOf, (loan.person_id, loan.household_id)) is not None:
        return []
    others = _datasets_lent(session, loan.person_id, loan.household_id)
    told = exists().where(
        Feed.scope == f"user:{loan.person_id}", Feed.space == "record", Feed.ref == Entity.id, Feed.type == "entity"
    )
    rows = session.execute(select(Entity.id, Entity.dataset).where(Entity.root_id == loan.household_id, told)).all()
    return [left(loan.person_id, row.id, row.dataset, others) for row in rows]


def retold(session: Session, row: FormVersion) -> list[News]:
    """What the form's open loans show anew, where a version that came or went reads what no other one does.

    While no version is published all stays as it was told: who is on the way goes on.
    """
    others, own = frame_of(session, row.form_id, FormVersion.version != row.version), _read_of(row)
    is_more = any(dataset not in others or names - others[dataset] for dataset, names in own.items())
    if not is_more or not frame_of(session, row.form_id):
        return []
    lent = session.scalars(select(Loan).where(_open(), Loan.form_id == row.form_id).order_by(Loan.id)).all()
    keep_out(session, {loan.household_id for loan in lent})
    return [item for loan in lent for item in [*_evicted(session, loan), *_told(session, loan)]]


def left(person_id: str, entity_id: str, dataset: str, lent: Collection[str]) -> News:
    """A record that somebody lost; one of the datasets that a loan (still) shows is told anew, with what it shows."""
    user = f"user:{person_id}"
    if dataset in lent:
        return News(user, "record", entity_id, "entity")
    return feeds.eviction(user, "record", entity_id, dataset)


def _datasets_lent(session: Session, person_id: str, household_id: str) -> set[str]:
    forms = select(Loan.form_id).where(_open(), Loan.person_id == person_id, Loan.household_id == household_id)
    return {dataset for form_id in session.scalars(forms) for dataset in frame_of(session, form_id)}


def to_be_ended(session: Session, loan_id: str) -> Loan | None:
    """The loan as it is by now, ours before its household's followers are: `end_due` takes both in this order."""
    return session.get(Loan, loan_id, with_for_update=True)


def end_due(session: Session, person_id: str | None = None) -> int:
    """Ends loans whose last day is over (of one person, or of all), with their news; answers how many."""
    query = select(Loan).where(_open(), Loan.until < today())
    if person_id is not None:
        query = query.where(Loan.person_id == person_id)
    over = session.scalars(query.with_for_update(skip_locked=True)).all()
    if over:
        feeds.touch(session, end(session, over))
    return len(over)


def end_loan(session: Session, actor: Actor, loan_id: str) -> Loan:
    """Ends one; Problem record.not_found for what the actor did not have the right to lend."""
    loan = to_be_ended(session, loan_id)
    _lendable(session, actor, loan.household_id if loan else "")
    if loan is None:
        raise Problem("record.not_found")
    gone = end(session, [loan])
    if gone:
        note(session, actor.id, "household.loan_ended", loan.household_id, of=loan.person_id)
        feeds.touch(session, gone)
    return loan


def _open() -> ColumnElement[bool]:
    return Loan.ended_at.is_(None)


def lent_to(actor: Actor) -> Select[str]:
    """Ids of the households lent to this person."""
    return select(Loan.household_id).where(Loan.person_id == actor.id, _open())


def is_lent(session: Session, actor: Actor, household_id: str) -> bool:
    return session.scalar(lent_to(actor).where(Loan.household_id == household_id).limit(1)) is not None


def read_lent(session: Session, cases: Sequence[Case]) -> None:
    """Marks the records that the authors of these ops do not see otherwise, but have on loan."""
    for case in cases:
        foreign = {entity.root_id: entity.id for entity, may in case.known.values() if not may}
        if foreign:
            rows = session.scalars(lent_to(case.powers).where(Loan.household_id.in_(foreign)))
            case.lent = frozenset(foreign[root] for root in rows)


def frames_of(session: Session, actor: Actor) -> dict[str, Frame]:
    """What the person's loans show, by household."""
    rows = session.execute(select(Loan.household_id, Loan.form_id).where(Loan.person_id == actor.id, _open())).all()
    frames: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for row in rows:
        for dataset, names in frame_of(session, row.form_id).items():
            frames[row.household_id][dataset] = frames[row.household_id].get(dataset, frozenset()) | names
    return dict(frames)


def frame_of(session: Session, form_id: str, *clauses: ColumnElement[bool]) -> Frame:
    """Which values of which datasets a form reads, over its published versions (those of the clauses); empty for an
    unknown form.

    The setting `frame` (`household.address member.full_name …`) adds what a person needs to find the house.
    """
    published = (FormVersion.form_id == form_id, FormVersion.state == "published", *clauses)
    return _union([_read_of(row) for row in session.scalars(select(FormVersion).where(*published))])


def _read_of(row: FormVersion) -> Frame:
    return _read_by(row.xform, settings_of(row).get("frame", ""))


def _union(frames: Sequence[Frame]) -> Frame:
    names = {dataset for frame in frames for dataset in frame}
    return {name: frozenset().union(*(frame.get(name, frozenset()) for frame in frames)) for name in names}


@lru_cache(maxsize=256)
def _read_by(xform: str, setting: str) -> Frame:
    found: dict[str, set[str]] = {"household": set()}
    for dataset, name in _READ.findall(xform):
        found.setdefault(dataset, set()).add(name)
    for word in setting.split():
        dataset, _, name = word.partition(".")
        found.setdefault(dataset, set()).add(name)
    return {
        dataset: frozenset(names.difference(_ALWAYS))
        for dataset, names in found.items()
        if not dataset.startswith("policy_")
    }
