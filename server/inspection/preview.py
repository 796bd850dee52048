"""What a planner sees before the frame is frozen: how many there are, who is spared, how much is asked already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import today
from server.geo.tables import Region
from server.inspection import burden
from server.inspection.burden import Limits, Overlap, Spared
from server.inspection.candidates import Candidate, candidates, frame_from
from server.inspection.planning import kind_of, marks_of, plan_in
from server.inspection.rights import PLANNERS, answerable
from server.inspection.sampling import draw
from server.inspection.size_words import of_power
from server.inspection.sizes import effect_of, power
from server.inspection.tables import Inspection, SampledHousehold
from server.registry.tables import Entity

COUNTING = "0" * 20
LIMIT = 0.02  # of an error rate that the sentences about a sample's size speak of
LIKENESS = 0.05  # how alike households of one village are; a usual value
LISTED = 50  # rows of a list in a preview; the published list of exclusions is whole
Wire = dict[str, Any]


@dataclass(frozen=True)
class Survey:
    """The households of the region as they are now. `spared`: by household; `out`: those the frame leaves out."""

    found: list[Candidate]
    marks: tuple[str, ...]
    limits: Limits
    spared: Mapping[str, Spared]
    out: Collection[str]


def survey(session: Session, inspection: Inspection, day: date | None = None) -> Survey:
    """As of a day (default: today). With `recent: share` nobody is left out for an own earlier check one may read."""
    day = day or today()
    marks = marks_of(plan_in(inspection))
    found = candidates(session, inspection, marks)
    limits = burden.limits_of(session, inspection.region_code, day)
    since = date.fromordinal(day.toordinal() - max(limits.household_days, limits.village_days))
    checks = burden.checks_since(session, inspection.region_code, since)
    spared = burden.spared(checks, found, limits, day)
    shared = {one for one, why in spared.items() if why.reason == "household_recent" and not why.check.is_kept}
    out = set(spared) - (shared if inspection.recent == "share" else set())
    return Survey(found, marks, limits, spared, out)


def preview(session: Session, actor: Actor, inspection: Inspection) -> Wire:
    """Counts, exclusions, burden and overlaps of an inspection that is still planned."""
    seen = survey(session, inspection)
    kept = [one for one in seen.found if one.household_id not in seen.out]
    return {
        "frame": _frame(session, kept),
        "sample": _sample(inspection, seen),
        "spared": _spared(session, actor, seen),
        "burden": _burden(session, inspection, seen, [one.household_id for one in kept]),
        "overlaps": overlap_rows(session, actor, inspection, {one.household_id for one in kept}),
    }


def _sample(inspection: Inspection, seen: Survey) -> Wire:
    """How many the plan draws from these, and what so many can and cannot prove. The seed of this count is no seed."""
    if not seen.found or len(seen.out) == len(seen.found):
        return {"households": 0, "reserves": 0, "villages": 0, "sentences": []}
    plan = plan_in(inspection)
    drawn = draw(frame_from(seen.found, seen.marks, seen.out), plan, COUNTING)
    count, villages = len(drawn.households), len({one.village for one in drawn.households})
    effect = effect_of(count / villages, LIKENESS) if plan.design == "two_stage" else 1.0
    said = of_power(count, power(count, LIMIT, effect=effect), LIMIT)
    return {
        "households": count,
        "reserves": len(drawn.reserves),
        "villages": villages,
        "sentences": [{"zh": zh, "en": en} for zh, en in said],
        "notes": list(drawn.notes),
    }


def _frame(session: Session, kept: list[Candidate]) -> Wire:
    households = Counter(one.township for one in kept)
    villages = Counter(township for township, _ in {(one.township, one.village) for one in kept})
    names = names_of(session, households)
    rows = [
        {"region": code, "names": names.get(code), "villages": villages[code], "households": households[code]}
        for code in sorted(households)
    ]
    return {"households": len(kept), "villages": villages.total(), "townships": rows}


def names_of(session: Session, codes: Collection[str]) -> dict[str, Wire]:
    """{zh, en} of regions by code."""
    rows = session.execute(select(Region.code, Region.name_zh, Region.name_en).where(Region.code.in_(set(codes))))
    return {row.code: {"zh": row.name_zh, "en": row.name_en} for row in rows}


def _spared(session: Session, actor: Actor, seen: Survey) -> Wire:
    named = sorted(seen.spared.values(), key=lambda one: (one.reason, one.village, one.household_id))
    labels = labels_of(session, [one.household_id for one in named[:LISTED]])
    sight = ids_in_sight(session, actor, {one.check.inspection_id for one in named})
    villages = names_of(session, {one.village for one in named})
    return {
        "households": len(named),
        "left_out": len(seen.out),
        "reasons": dict(Counter(one.reason for one in named)),
        "villages": [
            {"region": code, "names": villages.get(code), "households": count}
            for code, count in sorted(Counter(one.village for one in named).items())
        ],
        "items": [
            {
                "household_id": one.household_id,
                "label": labels.get(one.household_id),
                "village": one.village,
                "reason": one.reason,
                "on": one.check.on.isoformat(),
                "inspection": sight.get(one.check.inspection_id or ""),
            }
            for one in named[:LISTED]
        ],
    }


def labels_of(session: Session, ids: Collection[str]) -> dict[str, str]:
    """How records are called, by id."""
    rows = session.execute(select(Entity.id, Entity.label).where(Entity.id.in_(set(ids))))
    return {row.id: row.label for row in rows}


def ids_in_sight(session: Session, actor: Actor, ids: Collection[str | None]) -> dict[str, Wire]:
    """{id, names} of those inspections that the actor may see."""
    query = select(Inspection).where(Inspection.id.in_({one for one in ids if one}), answerable(actor))
    return {
        row.id: {"id": row.id, "names": {"zh": row.name_zh, "en": row.name_en}} for row in session.scalars(query).all()
    }


def _burden(session: Session, inspection: Inspection, seen: Survey, kept: list[str]) -> Wire:
    """Minutes asked in the last year, and what this inspection adds to each household that it draws."""
    minutes = burden.minutes_asked(session, inspection.region_code, today())
    busiest = sorted(kept, key=lambda one: (-minutes.get(one, 0), one))[:10]
    labels = labels_of(session, busiest)
    return {
        "limits": asdict(seen.limits),
        "adds": added_minutes(session, inspection, seen.limits),
        "asked": asdict(burden.load_of(minutes, kept, seen.limits)),
        "busiest": [
            {"household_id": one, "label": labels.get(one), "minutes": minutes.get(one, 0)}
            for one in busiest
            if minutes.get(one)
        ],
    }


def added_minutes(session: Session, inspection: Inspection, limits: Limits) -> int:
    each = {"visit": limits.visit_minutes, "phone": limits.phone_minutes}
    return sum(each[kind_of(session, form_id)] for form_id in inspection.form_ids)


def overlap_rows(session: Session, actor: Actor, inspection: Inspection, kept: Collection[str]) -> list[Wire]:
    """Other inspections in the same days and places; of those out of sight only that there is one."""
    seen = set(session.scalars(select(Inspection.id).where(answerable(actor, PLANNERS))))
    return [_overlap(session, one, kept) for one in burden.overlaps(session, inspection, seen)]


def _overlap(session: Session, one: Overlap, kept: Collection[str]) -> Wire:
    row: Wire = {"starts_on": one.starts_on.isoformat(), "ends_on": one.ends_on.isoformat(), "inspection": None}
    if one.inspection is None:
        return row
    drawn = session.scalars(
        select(SampledHousehold.household_id).where(
            SampledHousehold.inspection_id == one.inspection.id, SampledHousehold.kind == "main"
        )
    )
    named = {"id": one.inspection.id, "names": {"zh": one.inspection.name_zh, "en": one.inspection.name_en}}
    region = one.inspection.region_code
    both = len(set(drawn) & set(kept))
    return row | {"inspection": named, "state": one.state, "region": region, "drawn_in_both": both}
