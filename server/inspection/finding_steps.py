"""Steps on findings: taken by who may, one after the other, never changed. Who comes second is told where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Problem
from server.inspection import finding_checks
from server.inspection.days import check_to_come
from server.inspection.finding_access import clock_rows, find, is_village, sides, workflow
from server.inspection.finding_course import possible
from server.inspection.finding_photos import with_reasons
from server.inspection.finding_sources import invalid
from server.inspection.finding_tables import Finding, FindingStep
from server.inspection.finding_wire import in_words, standing_of, steps_of
from server.inspection.finding_workflow import StepKind

Wire = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """The step that somebody wants to take; `id` is that person's own, so that a repetition takes it once.

    `seen`: how many steps the person saw, None where that was long ago (a phone without signal). `check`: instance of
    the check on the spot. `photos`: how many came with it.
    """

    id: str
    step: str
    text: str = ""
    seen: int | None = None
    due: date | None = None
    lead: str | None = None
    partner: str | None = None
    check: str | None = None
    photos: int = 0
    op_id: str | None = None


def read_finding(session: Session, actor: Actor, finding_id: str) -> Wire | None:
    """One finding with its steps, those that this person may take now, and its errands; None when out of sight."""
    found = find(session, actor, finding_id)
    if found is None:
        return None
    [wire] = in_words(session, actor, [found])
    errands = [] if is_village(session, actor, found) else finding_checks.errands_of(session, actor, found)
    steps = with_reasons(session, actor, found, wire["steps"])
    return wire | {"steps": steps, "may": may_take(session, actor, found), "errands": errands}


def may_take(session: Session, actor: Actor, finding: Finding) -> list[str]:
    """Names of the steps that this person may take now."""
    state = standing_of(finding, steps_of(session, [finding.id])[finding.id], rows=clock_rows(session)).state
    mine = sides(session, actor, finding)
    kinds = [kind for kind in possible(workflow(), state) if kind.by in mine]
    return [kind.name for kind in kinds if not _is_own(session, actor, finding, kind)]


def take(session: Session, actor: Actor, finding_id: str, asked: Asked) -> tuple[Finding, bool]:
    """The finding after the step, and whether it was taken just now; the caller tells its news.

    Problems: record.not_found, finding.not_yours, finding.own, finding.moved (detail: the state), request.invalid.
    """
    db.lock(session, {finding_id})
    finding = find(session, actor, finding_id)
    if finding is None:
        raise Problem("record.not_found")
    known = session.get(FindingStep, asked.id)
    if known is not None:
        if (known.finding_id, known.person_id, known.step) != (finding.id, actor.id, asked.step):
            raise Problem("record.not_found")
        return finding, False
    kind = workflow().steps.get(asked.step)
    if kind is None:
        raise invalid("step", "There is no such step.", f"One of {', '.join(workflow().steps)}.")
    _check(session, actor, finding, kind, asked)
    _store(session, actor, finding, kind, asked)
    return finding, True


def _check(session: Session, actor: Actor, finding: Finding, kind: StepKind, asked: Asked) -> None:
    """First whose the step is, then whether it is its turn, then what it must say."""
    if _is_own(session, actor, finding, kind):
        raise Problem("finding.own")
    if kind.by not in sides(session, actor, finding):
        raise Problem("finding.not_yours")
    steps = steps_of(session, [finding.id])[finding.id]
    state = standing_of(finding, steps, rows=clock_rows(session)).state
    if state not in kind.of or (asked.seen is not None and asked.seen != finding.last):
        raise Problem("finding.moved", detail=state)
    _check_needs(session, finding, kind, asked)


def _is_own(session: Session, actor: Actor, finding: Finding, kind: StepKind) -> bool:
    """Whether the person would judge what is the person's own: work, village, appeal or report, or what was opened."""
    if kind.by == "village":
        return False
    if actor.id == finding.author_id or is_village(session, actor, finding):
        return True
    if "opener" in kind.bars and actor.id == finding.opened_by:
        return True
    reported = (FindingStep.finding_id == finding.id, FindingStep.person_id == actor.id, FindingStep.side == "village")
    return session.scalar(select(FindingStep.id).where(*reported).limit(1)) is not None


def _check_needs(session: Session, finding: Finding, kind: StepKind, asked: Asked) -> None:
    """Problem request.invalid for what the step must say and does not."""
    given = {"text": asked.text.strip(), "photo": asked.photos, "due": asked.due, "lead": (asked.lead or "").strip()}
    for need in kind.needs:
        if need == "check":
            finding_checks.check_seen(session, finding, asked.check, asked.text)
        elif not given[need]:
            raise invalid(need, "This step must say it.", "Give it and send the step again.")
    check_to_come(asked.due)


def _store(session: Session, actor: Actor, finding: Finding, kind: StepKind, asked: Asked) -> None:
    said = {"due": asked.due.isoformat() if asked.due and "due" in kind.needs else None, "check": asked.check}
    said |= {"lead": asked.lead, "partner": asked.partner}
    row = FindingStep(
        id=asked.id,
        finding_id=finding.id,
        n=finding.last + 1,
        step=kind.name,
        side=kind.by,
        person_id=actor.id,
        text=asked.text.strip(),
        said={name: value for name, value in said.items() if value},
        op_id=asked.op_id,
    )
    session.add(row)
    session.flush()
    now_at = standing_of(finding, steps_of(session, [finding.id])[finding.id], rows=clock_rows(session))
    finding.state, finding.due_on, finding.last = now_at.state, now_at.due_on, row.n
    note(session, actor.id, f"finding.{kind.name}", finding.id, step=row.id, region=finding.region_code)
    session.flush()


def note_refused(session: Session, actor: Actor, finding_id: str, step: str, code: str) -> None:
    """An attempt that failed is answerable too, to those of the finding's area, whoever made it."""
    found = session.get(Finding, finding_id)
    where = {"region": found.region_code} if found else {}
    note(session, actor.id, "finding.refused", finding_id, step=step[:40], code=code, **where)
