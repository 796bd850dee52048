"""Learn from one, check all (举一反三): who else has the same matter, and an errand to each of them.

What is the same: the cleaning rule, a property that some rule found wrong, or the reason to look at a photo.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.accounts.tables import HelperOf
from server.evidence.tables import PhotoCheck, PhotoLook
from server.geo.inside import codes_inside
from server.geo.tables import Region
from server.inspection.days import check_to_come
from server.inspection.finding_access import find, path_of
from server.inspection.finding_checks import ERRANDS, keep, led, reasons_for
from server.inspection.finding_tables import Finding
from server.registry.tables import Entity, RuleFinding
from server.sync import assignments, scope
from server.sync.assignments import Errand
from server.sync.office_tables import Assignment
from server.sync.review import REVIEWERS
from server.sync.tables import Attachment, Submission

VISIT_FORM = "household_visit"
MOST_SIMILAR = 200  # errands at once
Wire = dict[str, Any]

# Why nobody is sent, in words.
_WHY: Mapping[str, tuple[str, str]] = {
    "matter": (
        "这个问题是人工登记的，没有规则、字段或照片疑点可以拿来找同样的户。",
        "The finding was opened by hand: no rule, property or reason to look tells which households are alike.",
    ),
    "none": (
        "查过了：本乡镇没有别的在册户有同样的规则提示、字段疑点或照片疑点，不用派人。",
        "Looked through: no other household of the township has the same rule, property or reason to look, so nobody "
        "is sent.",
    ),
    "helpers": (
        "有同样情况的户都没有第一帮扶人，没有派。请先定帮扶人，或指定一个人去。",
        "None of the households with the same matter has a lead helper, so nobody was sent. Name their helpers, or "
        "one person for all.",
    ),
    "before": ("这些户以前都派过了，没有再派。", "All of them were sent for before; nothing was added."),
}


@dataclass(frozen=True)
class Similar:
    """Errands to households with the same matter. `person_id` None: each household's lead helper."""

    person_id: str | None
    form_id: str
    due: date | None


def preview_similar(session: Session, actor: Actor, finding_id: str) -> Wire | None:
    """How many households of the township have the same matter, and the first of them; `why` there is none, in words.

    None when the finding is out of sight.
    """
    finding = find(session, actor, finding_id)
    if finding is None:
        return None
    area = _township(session, finding)
    rows = _alike(session, actor, finding, area)
    shown = [{"id": row.id, "label": row.label, "region": row.region_code} for row in rows[:20]]
    why = None if rows else _why("none" if _has_matter(finding) else "matter")
    return {"region": area, "households": len(rows), "most": MOST_SIMILAR, "first": shown, "why": why}


def check_similar(session: Session, actor: Actor, finding_id: str, wanted: Similar) -> Wire:
    """Errands to the households with the same matter. One that nobody helps is left out where nobody is named.

    `{errands, new, left_out, why}`: how many there are, how many of them came just now, and, where none did, why.
    """
    check_to_come(wanted.due)
    finding = led(session, actor, finding_id)
    rows = _alike(session, actor, finding, _township(session, finding))[:MOST_SIMILAR]
    people = {} if wanted.person_id else _leads(session, [row.id for row in rows])
    helped = [row for row in rows if wanted.person_id or row.id in people]
    made = {_errand_id(finding, row, wanted): row for row in helped}
    known = set(session.scalars(select(Assignment.id).where(Assignment.id.in_(made))))
    reasons = reasons_for("举一反三", "The same matter was found elsewhere", finding)
    for given, row in made.items():
        if given not in known:
            person_id = wanted.person_id or people[row.id]
            errand = Errand(person_id, wanted.form_id, row.id, wanted.due, reasons[0], given, reasons[1])
            assignments.assign(session, actor, errand)
    keep(session, finding, "similar", list(made))
    note(session, actor.id, "finding.similar", finding.id, errands=len(made), region=finding.region_code)
    new, left = len(made) - len(known), len(rows) - len(made)
    why = None if new else _why_nobody(finding, rows, made)
    return {"errands": len(made), "new": new, "left_out": left, "why": why}


def _errand_id(finding: Finding, row: Entity, wanted: Similar) -> str:
    """The same for everybody, so that sending again adds only what is new."""
    return str(uuid.uuid5(ERRANDS, f"{finding.id}:{row.id}:{wanted.form_id}"))


def _why_nobody(finding: Finding, rows: Sequence[Entity], made: Mapping[str, Entity]) -> Wire:
    if not _has_matter(finding):
        return _why("matter")
    return _why("none" if not rows else "before" if made else "helpers")


def _why(name: str) -> Wire:
    zh, en = _WHY[name]
    return {"zh": zh, "en": en}


def _has_matter(finding: Finding) -> bool:
    return _matter(finding) is not None


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
