"""Looking again: who is sent to see whether a finding was put right, and what was seen there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, authors, load_actor
from server.accounts.tables import Person, RoleGrant
from server.db import upsert
from server.errors import Problem
from server.forms.instance import parse_instance
from server.geo.tables import Region
from server.inspection.days import check_to_come
from server.inspection.finding_access import find, is_village, path_of, sides
from server.inspection.finding_sources import invalid
from server.inspection.finding_tables import Finding, FindingErrand, FindingStep
from server.inspection.finding_wire import number_of
from server.inspection.tables import InspectionTask
from server.sync import assignments
from server.sync.assignments import Errand
from server.sync.office_tables import Assignment
from server.sync.review import REVIEWERS
from server.sync.tables import Submission

CHECK_FORM = "rectification_check"
VERIFIED = "closing/verified"  # of that form: yes, no, or nothing
ERRANDS = uuid.UUID("0f7d4c52-0d55-4a53-9a0e-2c3c70c3b9a4")
Wire = dict[str, Any]


def send_check(session: Session, actor: Actor, finding_id: str, person_id: str, due: date | None) -> Finding:
    """Sends somebody to see on the spot; sending the same person twice is one errand. The caller tells its news.

    Nobody of the village's side is sent, nobody who is still to visit that household blind (the finding shows what the
    village did there), and a finding about no household has nobody to visit. Problems as assignments.assign.
    """
    check_to_come(due)
    finding = led(session, actor, finding_id)
    if finding.household_id is None:
        raise invalid("household", "The finding is about no household.", "Say in the step what was seen on the spot.")
    if _answers_for(session, person_id, finding):
        raise Problem("finding.own")
    if person_id in _still_blind(session, finding):
        raise Problem("finding.blind")
    given = str(uuid.uuid5(ERRANDS, f"{finding.id}:{finding.last}:{person_id}"))
    reasons = reasons_for("整改复核", "Look whether it was put right", finding)
    errand = Errand(person_id, CHECK_FORM, finding.household_id, due, reasons[0], given, reasons[1])
    assignments.assign(session, actor, errand)
    keep(session, finding, "check", [given])
    return finding


def reasons_for(zh: str, en: str, finding: Finding) -> tuple[str, str]:
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


def led(session: Session, actor: Actor, finding_id: str) -> Finding:
    """The finding, for who leads its handling. Problems record.not_found, finding.not_yours."""
    db.lock(session, {finding_id})
    finding = find(session, actor, finding_id)
    if finding is None:
        raise Problem("record.not_found")
    if "office" not in sides(session, actor, finding):
        raise Problem("finding.not_yours")
    return finding


def keep(session: Session, finding: Finding, kind: str, ids: Sequence[str]) -> None:
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
