"""Teams: who goes together, to which villages, and in what order a team comes past its households."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.audit import note
from server.errors import Problem
from server.geo.inside import metres_between
from server.inspection.planning import at_work
from server.inspection.preview import names_of
from server.inspection.rights import PLANNERS, answerable
from server.inspection.route import Place, in_order
from server.inspection.tables import Inspection, InspectionTask, InspectionTeam, InspectionTeamMember
from server.inspection.task_list import label_for
from server.inspection.tasks import inspector_of, places_of
from server.registry.tables import Entity

Wire = dict[str, Any]
STOPS = ("waiting", "sent", "done")


def put_team(
    session: Session, actor: Actor, inspection_id: str, team_id: str, name: str, members: Sequence[str],
    villages: Sequence[str] | None = None,
) -> InspectionTeam:  # fmt: skip
    """The team with exactly these members, all inspectors, and the open tasks of exactly these villages (None: as
    they are).
    """
    inspection = at_work(session, actor, inspection_id, "planned", "frozen", "drawn", "open")
    team = session.get(InspectionTeam, team_id)
    if team is None:
        team = InspectionTeam(id=team_id, inspection_id=inspection.id, name=name)
        session.add(team)
    elif team.inspection_id != inspection.id:
        raise Problem("record.not_found")
    team.name = name
    session.flush()
    people = {one.id: one.display_name for one in (inspector_of(session, actor, id) for id in members)}
    _put_members(session, team_id, set(people))
    if villages is not None:
        _give_villages(session, inspection, team_id, villages)
    named = names_of(session, villages or ())
    told = {"villages": "、".join(named[code]["zh"] for code in sorted(named))} if villages is not None else {}
    who = "、".join(sorted(people.values()))
    note(session, actor.id, "inspection.team_set", inspection.id, team=name, members=who, **told)
    session.flush()
    return team


def _put_members(session: Session, team_id: str, wanted: set[str]) -> None:
    there = session.scalars(select(InspectionTeamMember).where(InspectionTeamMember.team_id == team_id)).all()
    for row in there:
        if row.person_id not in wanted:
            session.delete(row)
    session.add_all(
        InspectionTeamMember(team_id=team_id, person_id=one) for one in wanted - {row.person_id for row in there}
    )


def _give_villages(session: Session, inspection: Inspection, team_id: str, villages: Sequence[str]) -> None:
    """Of tasks that nobody was sent to yet; a village has one team."""
    waiting = (InspectionTask.inspection_id == inspection.id, InspectionTask.state == "waiting")
    given = InspectionTask.village_code.in_(villages)
    session.execute(update(InspectionTask).where(*waiting, InspectionTask.team_id == team_id).values(team_id=None))
    session.execute(update(InspectionTask).where(*waiting, given).values(team_id=team_id))


def routes(session: Session, actor: Actor, inspection: Inspection) -> list[Wire]:
    """Each team by name with its villages and its households in the order of a walk; last what no team has."""
    query = select(InspectionTask).where(
        InspectionTask.inspection_id == inspection.id, InspectionTask.state.in_(STOPS)
    )
    tasks = session.scalars(query).all()
    teams = session.scalars(
        select(InspectionTeam).where(InspectionTeam.inspection_id == inspection.id).order_by(InspectionTeam.name)
    ).all()
    ground = _Ground(session, actor, inspection, tasks, [team.id for team in teams])
    loose = [one for one in tasks if one.team_id is None]
    found = [ground.route([one for one in tasks if one.team_id == team.id], team) for team in teams]
    return [*found, *([ground.route(loose, None)] if loose else [])]


class _Ground:
    """What the routes of an inspection go by: places and names of its households, its people and villages."""

    def __init__(
        self, session: Session, actor: Actor, inspection: Inspection, tasks: Sequence[InspectionTask],
        team_ids: Sequence[str],
    ) -> None:  # fmt: skip
        members = select(InspectionTeamMember).where(InspectionTeamMember.team_id.in_(team_ids))
        self.belong = [(row.team_id, row.person_id) for row in session.scalars(members)]
        self.people = authors(session, {*(one.person_id for one in tasks), *(person for _, person in self.belong)})
        self.places = places_of(session, tasks)
        self.villages = names_of(session, {one.village_code for one in tasks})
        mine = select(Inspection.id).where(Inspection.id == inspection.id, answerable(actor, PLANNERS))
        clear = session.scalar(mine) is not None
        self.labels = {id: label_for(home, clear) for id, home in _homes(session, tasks).items()}

    def route(self, tasks: Sequence[InspectionTask], team: InspectionTeam | None) -> Wire:
        stops = _stops(in_order(tasks, self.places), self.places, self.labels, self.people)
        return {
            "id": team.id if team else None,
            "name": team.name if team else None,
            "members": [self.people[person] for id, person in self.belong if team and id == team.id],
            "villages": _villages(stops, self.villages),
            "metres": sum(one["apart_m"] or 0 for one in stops),
            "stops": stops,
        }


def _homes(session: Session, tasks: Sequence[InspectionTask]) -> dict[str, Entity]:
    ids = {one.household_id for one in tasks}
    return {row.id: row for row in session.scalars(select(Entity).where(Entity.id.in_(ids)))}


def _stops(
    ordered: Iterable[InspectionTask], places: dict[str, Place], labels: dict[str, str], people: dict[str, Wire]
) -> list[Wire]:
    """One for each household. `apart_m`: the straight line from the stop before, None where a place is not known."""
    found: list[Wire] = []
    before: Place | None = None
    for household, some in groupby(ordered, key=lambda one: one.household_id):
        tasks = list(some)
        here = places.get(household)
        sent = next((one.person_id for one in tasks if one.person_id), None)
        found.append(
            {
                "n": len(found) + 1,
                "household": {"id": household, "label": labels.get(household)},
                "village": tasks[0].village_code,
                "task_ids": [one.id for one in tasks],
                "waiting": [one.id for one in tasks if one.state == "waiting"],
                "is_done": all(one.state == "done" for one in tasks),
                "person": people.get(sent or ""),
                "is_placed": here is not None,
                "apart_m": round(metres_between(*before, *here)) if before and here else None,
            }
        )
        before = here or before
    return found


def _villages(stops: Sequence[Wire], names: dict[str, Wire]) -> list[Wire]:
    """In the order of the walk."""
    return [
        {
            "region": village,
            "names": names.get(village),
            "households": len(here := list(some)),
            "done": sum(one["is_done"] for one in here),
        }
        for village, some in groupby(stops, key=lambda one: str(one["village"]))
    ]
