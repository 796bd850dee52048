"""Inspections on the wire. What is told of many is read together: as many queries for a page as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.db import today
from server.inspection.opening import days_late
from server.inspection.planning import plan_in
from server.inspection.preview import names_of
from server.inspection.rights import PLANNERS, answerable
from server.inspection.tables import (
    Inspection,
    InspectionCommitment,
    InspectionDraw,
    InspectionExclusion,
    InspectionFrame,
    InspectionTask,
    InspectionTeam,
    InspectionTeamMember,
    SampledHousehold,
)

Wire = dict[str, Any]
Counts = Mapping[str, Mapping[str, int]]


def inspection_wire(session: Session, actor: Actor, row: Inspection) -> Wire:
    """One inspection with all that is known of it at its stage."""
    return inspection_wires(session, actor, [row])[0]


def inspection_wires(session: Session, actor: Actor, rows: Sequence[Inspection]) -> list[Wire]:
    """The same of many."""
    seen = _Around(session, actor, rows)
    return [_wire(row, seen) for row in rows]


class _Around:
    """What stands in other tables about some inspections, by their ids."""

    def __init__(self, session: Session, actor: Actor, rows: Sequence[Inspection]) -> None:
        ids = [row.id for row in rows]
        mine = select(Inspection.id).where(Inspection.id.in_(ids), answerable(actor, PLANNERS))
        self.mine = set(session.scalars(mine))
        self.regions = names_of(session, {row.region_code for row in rows})
        self.frames = _by_inspection(session, InspectionFrame, ids)
        self.draws = _by_inspection(session, InspectionDraw, ids)
        self.tally = counted(session, InspectionTask.inspection_id, InspectionTask.state, ids)
        self.drawn = counted(session, SampledHousehold.inspection_id, SampledHousehold.kind, ids)
        self.exclusions = counted(session, InspectionExclusion.inspection_id, InspectionExclusion.reason, ids)
        self.commitments: dict[str, list[InspectionCommitment]] = defaultdict(list)
        committed = select(InspectionCommitment).where(InspectionCommitment.inspection_id.in_(ids))
        for one in session.scalars(committed.order_by(InspectionCommitment.sha256)):
            self.commitments[one.inspection_id].append(one)
        self.teams, self.members = _teams(session, ids)
        self.people = authors(session, self._named(rows))

    def _named(self, rows: Sequence[Inspection]) -> set[str | None]:
        named = {who for row in rows for who in (row.made_by, row.opened_by, row.closed_by)}
        named |= {one.frozen_by for one in self.frames.values()} | {one.drawn_by for one in self.draws.values()}
        named |= {one.person_id for some in self.commitments.values() for one in some}
        return named | {person for some in self.members.values() for person in some}


def _by_inspection(session: Session, table: Any, ids: Sequence[str]) -> dict[str, Any]:
    return {one.inspection_id: one for one in session.scalars(select(table).where(table.inspection_id.in_(ids)))}


def counted(session: Session, inspection: Any, column: Any, ids: Sequence[str]) -> Counts:
    """Inspection → value of the column → how many rows have it."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(inspection, column, func.count()).where(inspection.in_(ids)).group_by(inspection, column)
    for id, value, count in session.execute(query):
        found[id][value] = count
    return found


def _teams(session: Session, ids: Sequence[str]) -> tuple[dict[str, list[InspectionTeam]], dict[str, list[str]]]:
    """Inspection → its teams by name; team → its people."""
    teams: dict[str, list[InspectionTeam]] = defaultdict(list)
    members: dict[str, list[str]] = defaultdict(list)
    query = select(InspectionTeam).where(InspectionTeam.inspection_id.in_(ids)).order_by(InspectionTeam.name)
    for team in session.scalars(query):
        teams[team.inspection_id].append(team)
    belong = select(InspectionTeamMember).join(InspectionTeam, InspectionTeam.id == InspectionTeamMember.team_id)
    for one in session.scalars(
        belong.where(InspectionTeam.inspection_id.in_(ids)).order_by(InspectionTeamMember.person_id)
    ):
        members[one.team_id].append(one.person_id)
    return teams, members


def _wire(row: Inspection, seen: _Around) -> Wire:
    frame, draw = seen.frames.get(row.id), seen.draws.get(row.id)
    return {
        **told(row, seen.regions),
        "form_ids": row.form_ids,
        "recent": row.recent,
        "burden": row.burden,
        "made_by": seen.people.get(row.made_by),
        "made_at": row.made_at.isoformat(),
        "opened_by": seen.people.get(row.opened_by or ""),
        "closed_by": seen.people.get(row.closed_by or ""),
        "frame": _frame(frame, seen) if frame else None,
        "commitments": [_commitment(one, seen) for one in seen.commitments.get(row.id, ())],
        "draw": _draw(draw, seen) if draw else None,
        "tally": seen.tally.get(row.id, {}),
        "teams": [
            {"id": team.id, "name": team.name, "members": [seen.people[one] for one in seen.members[team.id]]}
            for team in seen.teams.get(row.id, ())
        ],
        "may_steer": row.id in seen.mine,
        "days_late": days_late(row, today()),
    }


def told(row: Inspection, regions: Mapping[str, Wire]) -> Wire:
    """What is no secret once an inspection is published."""
    plan = plan_in(row)
    return {
        "id": row.id,
        "region": row.region_code,
        "region_names": regions.get(row.region_code),
        "names": {"zh": row.name_zh, "en": row.name_en},
        "state": row.state,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "plan": plan.canonical(),
        "plan_sha256": plan.sha256,
        "seed_way": row.seed_way,
        "opened_at": row.opened_at.isoformat() if row.opened_at else None,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
    }


def _frame(frame: InspectionFrame, seen: _Around) -> Wire:
    return {
        "sha256": frame.sha256,
        "households": frame.households,
        "villages": frame.villages,
        "frozen_by": seen.people.get(frame.frozen_by),
        "frozen_at": frame.frozen_at.isoformat(),
        "is_published": frame.freeze is not None,
        "exclusions": seen.exclusions.get(frame.inspection_id, {}),  # by reason, as the burden guard named them
    }


def _commitment(one: InspectionCommitment, seen: _Around) -> Wire:
    return {"person": seen.people.get(one.person_id), "sha256": one.sha256, "is_revealed": one.secret is not None}


def _draw(draw: InspectionDraw, seen: _Around) -> Wire:
    counts = seen.drawn.get(draw.inspection_id, {})
    return {
        "seed": draw.seed,
        "record_sha256": draw.sha256,
        "drawn_by": seen.people.get(draw.drawn_by),
        "drawn_at": draw.drawn_at.isoformat(),
        "main": counts.get("main", 0),
        "reserves": counts.get("reserve", 0),
    }
