"""What a finding may come from, and what each source says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Fault, Problem
from server.evidence.queue import looks
from server.evidence.tables import PhotoLook, Verdict
from server.inspection.one_household import one_household
from server.inspection.tables import PUBLISHED, Inspection, InspectionTask
from server.registry.tables import Entity, RuleFinding
from server.sync import scope
from server.sync.definitions import datasets
from server.sync.review import REVIEWERS
from server.sync.tables import Attachment, Submission

PROVEN = "confirmed"  # the verdict that the reason to look was right


@dataclass(frozen=True)
class Origin:
    """Where a finding comes from: `ref` names it among those of its source. `about`: see Finding."""

    source: str
    ref: str
    region: str
    household_id: str | None = None
    about: dict[str, Any] = field(default_factory=dict)
    photo_id: str | None = None
    slot: str | None = None
    author_id: str | None = None


@dataclass(frozen=True)
class Said:
    """What the opener says of the source; `given` is the finding's id."""

    given: str
    source: Mapping[str, Any]
    region: str | None
    household_id: str | None

    def text(self, name: str) -> str:
        """A part of the source that must be there. Problem request.invalid."""
        found = self.source.get(name)
        if not isinstance(found, str) or not 0 < len(found) <= 100:
            raise invalid(f"source.{name}", "It is missing or too long.", "Give it as the source names it.")
        return found


def origin_of(session: Session, actor: Actor, said: Said) -> Origin:
    """The source as it stands here. Problems request.invalid, record.not_found for what is out of the actor's area."""
    known: Mapping[str, Callable[[Session, Actor, Said], Origin]] = {
        "hand": _hand, "photo": _photo, "rule": _rule, "discrepancy": _discrepancy,
    }  # fmt: skip
    kind = said.text("kind")
    if kind not in known:
        raise invalid("source.kind", "There is no such source.", f"One of {', '.join(known)}.")
    return known[kind](session, actor, said)


def invalid(where: str, why: str, fix: str) -> Problem:
    return Problem("request.invalid", faults=[Fault(where, why, fix)])


def _hand(session: Session, actor: Actor, said: Said) -> Origin:
    if said.household_id is not None:
        household = _household(session, actor, said.household_id)
        return Origin("hand", said.given, household.region_code, household.id)
    if said.region is None:
        raise invalid("region", "It says neither which village nor which household.", "Give one of them.")
    return Origin("hand", said.given, said.region)


def _household(session: Session, actor: Actor, household_id: str) -> Entity:
    here = (Entity.id == household_id, Entity.root_id == Entity.id, scope.in_regions(actor, REVIEWERS))
    household = session.scalar(select(Entity).where(*here))
    if household is None:
        raise Problem("record.not_found")
    return household


def _photo(session: Session, actor: Actor, said: Said) -> Origin:
    """A photo whose last verdict is that the reason to look was right.

    One of an inspection's visit waits until the inspection is open: the village is told, and shown the photo.
    """
    ref = said.text("id")
    row = session.execute(looks(actor, REVIEWERS).where(PhotoLook.attachment_id == ref)).one_or_none()
    if row is None or row.Submission.region_code is None:
        raise Problem("record.not_found")
    last = select(Verdict.verdict).where(Verdict.attachment_id == ref).order_by(Verdict.at.desc(), Verdict.id)
    if session.scalar(last.limit(1)) != PROVEN:
        raise invalid("source.id", "The last verdict on this photo is not “confirmed”.", "Give the verdict first.")
    visit: Submission = row.Submission
    for inspection_id in session.scalars(_inspected_in(visit.instance_id)):
        _refuse_unannounced(session, inspection_id)
    photo: Attachment = row.Attachment
    about = {"codes": list(row.PhotoLook.codes), "instance_id": visit.instance_id}
    return Origin(
        "photo", ref, row.Submission.region_code, visit.root_id, about, photo.id, photo.slot, visit.person_id
    )


def _inspected_in(instance_id: str) -> Select[str]:
    return select(InspectionTask.inspection_id).where(InspectionTask.instance_id == instance_id)


def _rule(session: Session, actor: Actor, said: Said) -> Origin:
    row = session.get(RuleFinding, said.text("id"))
    household = _household(session, actor, row.household_id if row else "")
    if row is None:
        raise Problem("record.not_found")
    about = {"rule": row.rule, "properties": list(row.properties), "entity_id": row.entity_id}
    return Origin("rule", row.id, household.region_code, household.id, about)


def _discrepancy(session: Session, actor: Actor, said: Said) -> Origin:
    """`{inspection, household, property}`: an item that differs, with both values as the comparison has them.

    Only from results that the actor may read (one_household), and once the inspection is open to the villages: one
    of them is told. Problems beside those: inspection.not_over, inspection.state.
    """
    household = _household(session, actor, said.text("household"))
    inspection, name = said.text("inspection"), said.text("property")
    shown = one_household(session, datasets(), actor, inspection, household.id)
    _refuse_unannounced(session, inspection)
    items = ((form, item) for form in shown["forms"] for item in form["items"])
    form, item = next(((form, item) for form, item in items if _differs(item, name)), (None, None))
    if form is None or item is None:
        raise invalid("source.property", "The comparison shows no difference in it.", "Name a property that differs.")
    values = {"first": item["recorded"]["value"], "second": item["found"]["value"]}
    recorded = session.get(Submission, form["cadre_instance_id"]) if form["cadre_instance_id"] else None
    return Origin(
        "discrepancy", f"{inspection}:{household.id}:{name}", household.region_code, household.id,
        {"inspection": inspection, "property": name, **values}, author_id=recorded.person_id if recorded else None,
    )  # fmt: skip


def _differs(item: Mapping[str, Any], name: str) -> bool:
    return (item["property"], item["outcome"]) == (name, "differs")


def _refuse_unannounced(session: Session, inspection_id: str) -> None:
    if session.get_one(Inspection, inspection_id).state not in PUBLISHED:
        raise Problem("inspection.state")
