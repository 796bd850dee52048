"""What inspections ask of households, and who was asked lately, whichever team came.

A household counts as checked when answers asked behind the village's back (Submission.independent) came in; a village
when somebody was there in person. How long that holds is the dated policy `inspection_burden`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import CHINA
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.geo.tables import Region
from server.inspection.candidates import Candidate, below
from server.inspection.tables import Inspection, InspectionTask
from server.sync.office_tables import Assignment
from server.sync.tables import Submission
from server.sync.unannounced import kept_from

POLICY = "inspection_burden"
YEAR = timedelta(days=365)
_LONGEST = timedelta(hours=4)  # a form that lay open overnight was not asked all night


@dataclass(frozen=True)
class Limits:
    """One version of the policy; days and minutes."""

    rule: str
    household_days: int
    village_days: int
    year_minutes: int
    visit_minutes: int
    phone_minutes: int


NO_LIMITS = Limits("", 0, 0, 0, 0, 0)


def limits_of(session: Session, region: str, day: date) -> Limits:
    """What holds in a region on a day; NO_LIMITS where no policy is loaded: then nobody is spared."""
    row = in_force(policy_rows(session, POLICY), region, day)
    if row is None:
        return NO_LIMITS
    numbers = {name: int(row[name]) for name in Limits.__annotations__ if name != "rule"}
    return Limits(rule=row["name"], **numbers)


@dataclass(frozen=True)
class Check:
    """One earlier check: `in_person` or by telephone; `inspection_id` where it was part of one. `is_kept`: its answers
    are still kept from the region (unannounced.py), so they can not be shared.
    """

    household_id: str
    on: date
    in_person: bool
    instance_id: str
    inspection_id: str | None
    is_kept: bool = False


@dataclass(frozen=True)
class Spared:
    """A household that should not be asked again now. `reason`: household_recent or village_recent."""

    household_id: str
    village: str
    reason: str
    check: Check


def checks_since(session: Session, region_code: str, since: date) -> list[Check]:
    """Checks of households of the region from this day on, oldest first."""
    begin = datetime.combine(since, time.min, CHINA)
    kept = kept_from(below(session, region_code), Submission.person_id, Submission.root_id)
    query = (
        select(Submission.root_id, Submission.received_at, Submission.contact_mode, Submission.instance_id)
        .add_columns(InspectionTask.inspection_id, kept.label("kept"))
        .join(Assignment, Assignment.done_by == Submission.instance_id, isouter=True)
        .join(InspectionTask, InspectionTask.assignment_id == Assignment.id, isouter=True)
        .where(Submission.independent.is_(True), Submission.received_at >= begin)
        .where(Submission.region_code.in_(below(session, region_code)))
        .order_by(Submission.received_at, Submission.instance_id)
    )
    return [
        Check(root, at.astimezone(CHINA).date(), mode != "phone", instance, of, bool(is_kept))
        for root, at, mode, instance, of, is_kept in session.execute(query)
        if root is not None
    ]


def spared(checks: Sequence[Check], found: Sequence[Candidate], limits: Limits, day: date) -> dict[str, Spared]:
    """Household → why it is spared on this day. The newest check counts; the own one goes before the village's."""
    homes = {one.household_id: one.village for one in found}
    own = {one.household_id: one for one in checks if one.on > day - timedelta(days=limits.household_days)}
    villages = {
        homes[one.household_id]: one
        for one in checks
        if one.in_person and one.household_id in homes and one.on > day - timedelta(days=limits.village_days)
    }
    named = {}
    for one in found:
        if check := own.get(one.household_id):
            named[one.household_id] = Spared(one.household_id, one.village, "household_recent", check)
        elif check := villages.get(one.village):
            named[one.household_id] = Spared(one.household_id, one.village, "village_recent", check)
    return named


def minutes_asked(session: Session, region_code: str, day: date) -> dict[str, int]:
    """Minutes for which each household was asked in the year up to this day, by anybody, village or inspection."""
    begin = datetime.combine(day - YEAR, time.min, CHINA)
    query = select(Submission.root_id, Submission.started_at, Submission.ended_at).where(
        Submission.region_code.in_(below(session, region_code)),
        Submission.received_at >= begin,
    )
    seconds: dict[str, float] = {}
    for root, started, ended in session.execute(query):
        if root is None or started is None or ended is None:
            continue
        lasted = min(max(ended - started, timedelta(0)), _LONGEST)
        seconds[root] = seconds.get(root, 0) + lasted.total_seconds()
    return {root: math.ceil(total / 60) for root, total in seconds.items()}


@dataclass(frozen=True)
class Load:
    """Minutes a year of the households of a frame: the middle one, that of one in ten, the most; `over` the limit."""

    median: int
    tenth: int
    most: int
    over: int


def load_of(minutes: dict[str, int], households: Collection[str], limits: Limits) -> Load:
    asked = sorted((minutes.get(one, 0) for one in households), reverse=True) or [0]
    over = sum(1 for one in asked if limits.year_minutes and one > limits.year_minutes)
    return Load(asked[len(asked) // 2], asked[len(asked) // 10], asked[0], over)


@dataclass(frozen=True)
class Overlap:
    """Another inspection about the same households in the same days. `inspection` is None where it is out of sight."""

    inspection: Inspection | None
    state: str
    starts_on: date
    ends_on: date


def overlaps(session: Session, inspection: Inspection, seen: Collection[str]) -> list[Overlap]:
    """Inspections that are not closed, of a region above or below, whose days touch. `seen`: ids in sight."""
    path = session.scalars(select(Region.path).where(Region.code == inspection.region_code)).one()
    query = select(Inspection, Region.path).join(Region, Region.code == Inspection.region_code)
    touching = query.where(
        Inspection.id != inspection.id,
        Inspection.state != "closed",
        Inspection.starts_on <= inspection.ends_on,
        Inspection.ends_on >= inspection.starts_on,
    )
    rows = session.execute(touching.order_by(Inspection.starts_on, Inspection.id)).all()
    near = [one for one, other in rows if other.startswith(path) or path.startswith(other)]
    return [Overlap(one if one.id in seen else None, one.state, one.starts_on, one.ends_on) for one in near]
