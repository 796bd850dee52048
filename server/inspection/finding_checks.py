"""Looking again: who is sent to see whether a finding was put right, and checking similar cases (举一反三)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, authors, load_actor
from server.accounts.audit import note
from server.accounts.tables import HelperOf, Person, RoleGrant
from server.db import upsert
from server.errors import Problem
from server.evidence.tables import PhotoCheck, PhotoLook
from server.forms.instance import parse_instance
from server.geo.inside import codes_inside
from server.geo.tables import Region
from server.inspection.finding_access import find, is_village, path_of, sides
from server.inspection.finding_sources import invalid
from server.inspection.finding_tables import Finding, FindingErrand, FindingStep
from server.inspection.finding_wire import number_of
from server.inspection.tables import InspectionTask
from server.registry.tables import Entity, RuleFinding
from server.sync import assignments, scope
from server.sync.assignments import Errand
from server.sync.office_tables import Assignment
from server.sync.review import REVIEWERS
from server.sync.tables import Attachment, Submission

CHECK_FORM, VISIT_FORM = "rectification_check", "household_visit"
VERIFIED = "closing/verified"  # of that form: yes, no, or nothing
MOST_SIMILAR = 200  # errands at once
_ERRANDS = uuid.UUID("0f7d4c52-0d55-4a53-9a0e-2c3c70c3b9a4")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Similar:
    """Errands to households with the same matter. `person_id` None: each household's lead helper."""

    person_id: str | None
    form_id: str
    due: date | None


def send_check(session: Session, actor: Actor, finding_id: str, person_id: str, due: date | None) -> Finding:
    """Sends somebody to see on the spot; sending the same person twice is one errand. The caller tells its news.

    Nobody of the village's side is sent, nobody who is still to visit that household blind (the finding shows what the
    village did there), and a finding about no household has nobody to visit. Problems as assignments.assign.
    """
    finding = _led(session, actor, finding_id)
    if finding.household_id is None:
        raise invalid("household", "The finding is about no household.", "Say in the step what was seen on the spot.")
    if _answers_for(session, person_id, finding):
        raise Problem("finding.own")
    if person_id in _still_blind(session, finding):
        raise Problem("finding.blind")
    given = str(uuid.uuid5(_ERRANDS, f"{finding.id}:{finding.last}:{person_id}"))
    reasons = _reasons("整改复核", "Look whether it was put right", finding)
    errand = Errand(person_id, CHECK_FORM, finding.household_id, due, reasons[0], given, reasons[1])
    assignments.assign(session, actor, errand)
    _keep(session, finding, "check", [given])
    return finding


def _reasons(zh: str, en: str, finding: Finding) -> tuple[str, str]:
    """Why somebody is sent, in both languages; what was found is said as it was written."""
    found = number_of(finding)
    return f"{zh} {found}：{finding.text}"[:500], f"{en}, {found}: {finding.text}"[:500]


def _still_blind(session: Session, finding: Finding) -> set[str | None]:
    """Who has yet to visit this household independently."""
    out = (InspectionTask.household_id == finding.household_id, InspectionTask.state == "sent")
    return set(session.scalars(select(InspectionTask.person_id).where(*out)))


def checkers(session: Session, actor: Actor, finding_id: str) -> list[Wire] | None:
    """Who may be sent to look on the spot: inspectors, and those of the office; None when out of the actor's lead."""
    finding = find(session, actor, finding_id)
    if finding is None or "office" not in sides(session, actor, finding):
        return None
    above = select(Region.code).where(Region.code.in_(path_of(session, finding).strip("/").split("/")))
    office = and_(RoleGrant.role.in_(REVIEWERS), RoleGrant.region_code.in_(above))
    may = select(RoleGrant.person_id).where(or_(RoleGrant.role == "inspector", office))
    people = session.scalars(select(Person).where(Person.active, Person.id.in_(may)).order_by(Person.username)).all()
    blind = _still_blind(session, finding)
    fit = [one for one in people if one.id not in blind and not _answers_for(session, one.id, finding)]
    return [{"id": one.id, "username": one.username, "display_name": one.display_name} for one in fit]


def _answers_for(session: Session, person_id: str, finding: Finding) -> bool:
    """Whether this person stands on the village's side of it, or made what it is about."""
    person = session.get(Person, person_id)
    if person is None:
        raise Problem("record.not_found")
    return person_id == finding.author_id or is_village(session, load_actor(session, person), finding)


def _led(session: Session, actor: Actor, finding_id: str) -> Finding:
    """The finding, for who leads its handling. Problems record.not_found, finding.not_yours."""
    db.lock(session, {finding_id})
    finding = find(session, actor, finding_id)
    if finding is None:
        raise Problem("record.not_found")
    if "office" not in sides(session, actor, finding):
        raise Problem("finding.not_yours")
    return finding


def _keep(session: Session, finding: Finding, kind: str, ids: Sequence[str]) -> None:
    for given in ids:
        statement = upsert(session, FindingErrand).values(assignment_id=given, finding_id=finding.id, kind=kind)
        session.execute(statement.on_conflict_do_nothing())


def errands_of(session: Session, actor: Actor, finding: Finding) -> list[Wire]:
    """The errands that came of it, newest first, with what a check on the spot said (`verified`: yes, no or None)."""
    query = select(Assignment, FindingErrand.kind).join(FindingErrand, FindingErrand.assignment_id == Assignment.id)
    query = query.where(FindingErrand.finding_id == finding.id).order_by(Assignment.made_at.desc(), Assignment.id)
    rows = session.execute(query).all()
    names = authors(session, (row.Assignment.person_id for row in rows))
    return [
        {
            "id": one.id, "kind": kind, "person": names.get(one.person_id), "form_id": one.form_id,
            "entity_id": one.entity_id, "due": one.due.isoformat() if one.due else None, "state": one.state,
            "done_by": one.done_by, "verified": _said(session, one.done_by) if kind == "check" else None,
        }
        for one, kind in rows
    ]  # fmt: skip


def _said(session: Session, instance_id: str | None) -> str | None:
    row = session.get(Submission, instance_id) if instance_id else None
    return (parse_instance(row.instance_xml).root.findtext(VERIFIED) or None) if row else None


def check_seen(session: Session, finding: Finding, instance_id: str | None, text: str) -> None:
    """The check on the spot says “put right”, is of this finding's household and came after the last report.

    A finding about no household is seen without the form: then the words are needed. Problem request.invalid.
    """
    if finding.household_id is None:
        if not text.strip():
            raise invalid("text", "This step must say what was seen on the spot.", "Write it.")
        return
    row = session.get(Submission, instance_id) if instance_id else None
    mine = row is not None and (row.form_id, row.root_id) == (CHECK_FORM, finding.household_id)
    if row is None or not mine or row.review == "rejected" or _answers_for(session, row.person_id, finding):
        why = "No check on the spot of this household is named."
        raise invalid("check", why, "Send somebody to look, then name the check.")
    claims = (FindingStep.finding_id == finding.id, FindingStep.step == "claim")
    last = session.scalar(select(FindingStep.at).where(*claims).order_by(FindingStep.n.desc()).limit(1))
    if (last is not None and row.received_at < last) or _said(session, row.instance_id) != "yes":
        why = "It is older than the report, or does not say that the finding was put right."
        raise invalid("check", why, "Send it back, or have it looked at again.")


def preview_similar(session: Session, actor: Actor, finding_id: str) -> Wire | None:
    """How many households of the township have the same matter, and the first of them; None when out of sight."""
    finding = find(session, actor, finding_id)
    if finding is None:
        return None
    area = _township(session, finding)
    rows = _alike(session, actor, finding, area)
    shown = [{"id": row.id, "label": row.label, "region": row.region_code} for row in rows[:20]]
    return {"region": area, "households": len(rows), "most": MOST_SIMILAR, "first": shown}


def check_similar(session: Session, actor: Actor, finding_id: str, wanted: Similar) -> Wire:
    """Errands to the households with the same matter. One that nobody helps is left out where nobody is named."""
    finding = _led(session, actor, finding_id)
    rows = _alike(session, actor, finding, _township(session, finding))[:MOST_SIMILAR]
    people = _leads(session, [row.id for row in rows])
    reasons = _reasons("举一反三", "The same matter was found elsewhere", finding)
    made, left = [], 0
    for row in rows:
        person_id = wanted.person_id or people.get(row.id)
        if person_id is None:
            left += 1
            continue
        given = str(uuid.uuid5(_ERRANDS, f"{finding.id}:{row.id}:{wanted.form_id}"))
        if session.get(Assignment, given) is None:
            errand = Errand(person_id, wanted.form_id, row.id, wanted.due, reasons[0], given, reasons[1])
            assignments.assign(session, actor, errand)
        made.append(given)
    _keep(session, finding, "similar", made)
    note(session, actor.id, "finding.similar", finding.id, errands=len(made), region=finding.region_code)
    return {"errands": len(made), "left_out": left}


def _township(session: Session, finding: Finding) -> str:
    """The area that is looked through."""
    codes = path_of(session, finding).strip("/").split("/")
    query = select(Region.code).where(Region.code.in_(codes), Region.level == "township")
    return session.scalar(query) or finding.region_code


def _alike(session: Session, actor: Actor, finding: Finding, area: str) -> list[Entity]:
    """Other active households of the area, in the actor's sight, to which the same matter applies."""
    ids = _matter(finding)
    if ids is None:
        return []
    here = (Entity.region_code.in_(codes_inside(session, area)), scope.in_regions(actor, REVIEWERS))
    active = (Entity.dataset == "household", Entity.state == "active", Entity.id != (finding.household_id or ""))
    query = select(Entity).where(*here, *active, Entity.id.in_(ids))
    return list(session.scalars(query.order_by(Entity.region_code, Entity.id)))


def _matter(finding: Finding) -> Select[str] | None:
    """Ids of the households with the same rule or property, or with photos that raise the same question."""
    if finding.source == "photo":
        codes = (PhotoCheck.code.in_(finding.about.get("codes") or []), PhotoLook.state != "done")
        joined = select(Submission.root_id).join(Attachment, Attachment.instance_id == Submission.instance_id)
        joined = joined.join(PhotoCheck, PhotoCheck.attachment_id == Attachment.id)
        return joined.join(PhotoLook, PhotoLook.attachment_id == Attachment.id).where(*codes)  # type: ignore[return-value]
    clause = _of_rule(finding)
    if clause is None:
        return None
    return select(RuleFinding.household_id).where(RuleFinding.closed_at.is_(None), clause)


def _of_rule(finding: Finding) -> ColumnElement[bool] | None:
    if finding.source == "rule":
        return RuleFinding.rule == finding.about.get("rule")
    name = finding.about.get("property")
    if not isinstance(name, str):
        return None
    written = cast(RuleFinding.properties, String)
    return or_(written.contains(f'"{name}"', autoescape=True), written.contains(f'.{name}"', autoescape=True))


def _leads(session: Session, households: Sequence[str]) -> dict[str, str]:
    mine = (HelperOf.household_id.in_(households), HelperOf.position == "lead")
    return {row.household_id: row.person_id for row in session.scalars(select(HelperOf).where(*mine))}
