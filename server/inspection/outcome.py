"""What an inspection found: each drawn household's visit beside the record, gathered for indicators and pages.

Computed on reading, never stored: a rule or a correction of today gives today's answer, and there is one truth. Only
for those who answer for the region, and only when no visit is open any more: nobody's answers come back early.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Problem
from server.forms.answers import answers
from server.forms.instance import parse_instance
from server.forms.issue import InstanceUnreadable
from server.forms.model import FormModel
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.inspection.comparison import ANSWERED, Fact, Item, compare
from server.inspection.facts import VISIT, facts_of
from server.inspection.indicators import Drawn, Visited
from server.inspection.recorded import Recorded, in_batches, recorded_at, visits_of
from server.inspection.results import disposition_of
from server.inspection.rights import find_inspection
from server.inspection.standing import Standing, standing
from server.inspection.tables import Inspection, InspectionDraw, InspectionTask, SampledHousehold
from server.inspection.tolerance import POLICY as TOLERANCES
from server.sync.definitions import datasets, form_model
from server.sync.tables import Submission

# On record at the draw, for the indicators.
CATEGORY, RESOLVED = ("household", "household_category"), ("household", "resolved_on")
OPEN = ("waiting", "sent")
_JUDGED = "food_enough"  # a question of the forms that look at a whole household
_OPINION = "overall"  # of those that ask how content it is


@dataclass(frozen=True)
class Asked:
    """One task and what came of it. `answers`: by the question's path; `named`: by its name, for the standing."""

    task: InspectionTask
    disposition: str | None
    submission: Submission | None = None
    model: FormModel | None = None
    answers: Mapping[str, str | None] = field(default_factory=dict)
    items: Sequence[Item] = ()

    @property
    def is_answered(self) -> bool:
        return self.disposition in ANSWERED

    @cached_property
    def named(self) -> dict[str, str | None]:
        return {path.rpartition("/")[2]: value for path, value in self.answers.items()}


@dataclass(frozen=True)
class Found:
    """One drawn household (or the reserve that stands for one) with all that was asked there."""

    sampled: SampledHousehold
    asked: Sequence[Asked]
    visited: Visited


def over(session: Session, actor: Actor, inspection_id: str) -> Inspection:
    """The inspection, when its results may be seen. Problems: record.not_found, inspection.not_over."""
    inspection = find_inspection(session, actor, inspection_id)
    left = select(func.count()).where(
        InspectionTask.inspection_id == inspection.id, InspectionTask.state.in_(OPEN)
    )
    drawn = session.get(InspectionDraw, inspection.id)
    waiting = session.scalar(left) or 0
    if drawn is None or (waiting and inspection.state != "closed"):
        raise Problem("inspection.not_over", detail=str(waiting))
    return inspection


def gather(session: Session, inspection: Inspection, some: Collection[str] | None = None) -> list[Found]:
    """All drawn households that were not replaced, by village and ticket; or `some` of them, by id."""
    draw = session.get_one(InspectionDraw, inspection.id)
    sampled, tasks = _sampled(session, inspection, some), _tasks(session, inspection, some)
    submissions = _submissions(session, [task.instance_id for task in tasks if task.instance_id])
    reader = _Reader(session)
    wanted = {(fact.dataset, fact.property) for one in submissions.values() for fact in reader.facts(one)}
    households = {task.household_id for task in tasks}
    recorded = recorded_at(session, households, wanted | {CATEGORY, RESOLVED}, draw.drawn_at)
    modes = visits_of(session, {task.cadre_instance_id for task in tasks if task.cadre_instance_id})
    first_stage = _first_stage(draw)
    asked: dict[str, list[Asked]] = defaultdict(list)
    for task in tasks:
        record = recorded[task.household_id] | _visit(modes, task)
        asked[task.household_id].append(reader.read(task, submissions.get(task.instance_id or ""), record))
    return [
        Found(one, asked[one.household_id], _visited(reader, one, asked[one.household_id], recorded, first_stage))
        for one in sampled
        if one.household_id in asked
    ]


def _visit(modes: Mapping[str, str | None], task: InspectionTask) -> Recorded:
    """What the village's last visit said of itself; absent where there was none."""
    if task.cadre_instance_id is None:
        return {}
    return {(VISIT, "contact_mode"): modes.get(task.cadre_instance_id)}


_ORDER = (SampledHousehold.village_code, SampledHousehold.place, SampledHousehold.household_id)


def compared_ids(session: Session, inspection: Inspection, region: str | None = None) -> list[str]:
    """Ids of the households that gather() would answer, in its order; those of one village or township."""
    asked = select(InspectionTask.household_id).where(*_stands(inspection))
    query = select(SampledHousehold.household_id).where(
        SampledHousehold.inspection_id == inspection.id, SampledHousehold.household_id.in_(asked)
    )
    if region is not None:
        query = query.where(or_(SampledHousehold.village_code == region, SampledHousehold.township_code == region))
    return list(session.scalars(query.order_by(*_ORDER)))


def _stands(inspection: Inspection) -> tuple[ColumnElement[bool], ...]:
    return InspectionTask.inspection_id == inspection.id, InspectionTask.state != "replaced"


def _sampled(session: Session, inspection: Inspection, some: Collection[str] | None) -> Sequence[SampledHousehold]:
    query = select(SampledHousehold).where(SampledHousehold.inspection_id == inspection.id)
    if some is not None:
        query = query.where(SampledHousehold.household_id.in_(some))
    return session.scalars(query.order_by(*_ORDER)).all()


def _tasks(session: Session, inspection: Inspection, some: Collection[str] | None) -> Sequence[InspectionTask]:
    query = select(InspectionTask).where(*_stands(inspection))
    if some is not None:
        query = query.where(InspectionTask.household_id.in_(some))
    return session.scalars(query.order_by(InspectionTask.form_id)).all()


def _submissions(session: Session, ids: Sequence[str]) -> dict[str, Submission]:
    query = select(Submission)
    rows = (session.scalars(query.where(Submission.instance_id.in_(some))).all() for some in in_batches(ids))
    return {row.instance_id: row for some in rows for row in some}


def _first_stage(draw: InspectionDraw) -> Mapping[str, float]:
    """Village → its probability in the first stage; empty for designs of one stage."""
    record: dict[str, Any] = json.loads(draw.record)
    return {one["village"]: float(Fraction(one["pi"])) for one in record.get("villages", ())}


class _Reader:
    """Reads submissions with what does not change from one to the next: models, facts, rows of policies."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._facts: dict[tuple[str, str, str], tuple[Fact, ...]] = {}
        self._rows: dict[tuple[str, str, date], Mapping[str, str] | None] = {}

    def row(self, policy: str, submission: Submission) -> Mapping[str, str] | None:
        """The version of a policy for the place and the day of a visit."""
        day = (submission.ended_at or submission.received_at).date()
        key = (policy, submission.region_code or "", day)
        if key not in self._rows:
            self._rows[key] = in_force(policy_rows(self.session, policy), key[1], day)
        return self._rows[key]

    def facts(self, submission: Submission) -> tuple[Fact, ...]:
        model = form_model(self.session, submission.form_id, submission.form_version)
        row = self.row(TOLERANCES, submission)
        key = (submission.form_id, submission.form_version, row["name"] if row else "")
        if key not in self._facts:
            self._facts[key] = facts_of(model, datasets(), row) if model else ()
        return self._facts[key]

    def read(self, task: InspectionTask, submission: Submission | None, record: Recorded) -> Asked:
        model = form_model(self.session, submission.form_id, submission.form_version) if submission else None
        if submission is None or model is None:
            return Asked(task, task.disposition)
        disposition = task.disposition or disposition_of(submission)
        try:
            instance = parse_instance(submission.instance_xml)
        except InstanceUnreadable:  # sealed bytes that do not open: as if nothing had been asked
            return Asked(task, disposition, submission, model)
        said = {one.path: one.value for one in answers(model, instance, computed=True)}
        items = compare(self.facts(submission), record, said, disposition)
        return Asked(task, disposition, submission, model, said, items)

    def standing(self, asked: Asked) -> Standing | None:
        """Whether the household lives up to the standard; None where the form does not ask for that."""
        if asked.submission is None or _JUDGED not in asked.named:
            return None
        rows = {name: self.row(name, asked.submission) for name in ("income", "water")}
        return standing(asked.named, {name: row for name, row in rows.items() if row is not None})


def _visited(
    reader: _Reader,
    sampled: SampledHousehold,
    asked: Sequence[Asked],
    recorded: Mapping[str, Recorded],
    first_stage: Mapping[str, float],
) -> Visited:
    answered = [one for one in asked if one.is_answered]
    judged = (reader.standing(one) for one in answered)
    record = recorded.get(sampled.household_id, {})
    return Visited(
        drawn=_drawn(sampled, asked, first_stage),
        standing=next((one for one in judged if one is not None), None),
        category=record.get(CATEGORY),
        is_resolved=bool(record.get(RESOLVED)),
        opinion=next((one.named[_OPINION] for one in answered if _OPINION in one.named), None),
        items=[item for one in answered for item in one.items],
    )


def _drawn(sampled: SampledHousehold, asked: Sequence[Asked], first_stage: Mapping[str, float]) -> Drawn:
    pi, village = Fraction(sampled.pi), sampled.village_code
    answered = next((one for one in asked if one.is_answered), None)
    first = first_stage.get(village)
    if first is not None and float(pi) > first:
        first = None  # always in, whether its village was drawn or not: a stratum of one stage
    psu = (village, first, float(pi) / first) if first else (sampled.household_id, float(pi), 1.0)
    said = answered or (asked[0] if asked else None)
    return Drawn(
        stratum=sampled.stratum,
        psu=psu[0],
        cell=f"{sampled.stratum} {village}" if first else sampled.stratum,
        weight=float(Fraction(sampled.weight)),
        psu_pi=psu[1],
        within=psu[2],
        disposition=said.disposition if said else None,
        is_answered=answered is not None,
    )
