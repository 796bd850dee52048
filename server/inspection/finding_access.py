"""Who sees a finding, and on which side of it a person stands.

The village's side: cadres of its village and helpers of its household. The inspection side: supervisors and admins of
the area, and inspectors who are sent there. Whoever stands on both counts as the village's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import READING, Actor
from server.accounts.tables import HelperOf
from server.forms.policy_rows import Row
from server.forms.policy_store import policy_rows
from server.geo.tables import Region
from server.inspection.finding_clocks import POLICY
from server.inspection.finding_tables import Finding, FindingErrand
from server.inspection.finding_workflow import Workflow, finding_workflow
from server.sync import scope
from server.sync.office_tables import Assignment
from server.sync.review import REVIEWERS


def workflow() -> Workflow:
    """The one of this server."""
    return finding_workflow(current_app.config["RUHU"].forms)


def clock_rows(session: Session) -> Sequence[Row]:
    """The rows of the policy that says how many days each clock has."""
    return policy_rows(session, POLICY)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Clause on Finding: of the actor's area, of a household that the actor helps, or checked by the actor."""
    helped = select(HelperOf.household_id).where(HelperOf.person_id == actor.id)
    return or_(
        scope.in_regions(actor, READING, Finding.region_code),
        Finding.household_id.in_(helped),
        Finding.id.in_(checked_by(actor)),
    )


def checked_by(actor: Actor) -> Any:
    """Ids of the findings that this person is sent to look at."""
    mine = (Assignment.person_id == actor.id, Assignment.state != "withdrawn", FindingErrand.kind == "check")
    joined = select(FindingErrand.finding_id).join(Assignment, Assignment.id == FindingErrand.assignment_id)
    return joined.where(*mine)


def find(session: Session, actor: Actor, finding_id: str) -> Finding | None:
    """The finding, when this person may see it; as it stands after the locks taken so far."""
    query = select(Finding).where(Finding.id == finding_id, visible(actor))
    return session.scalar(query.execution_options(populate_existing=True))


def is_village(session: Session, actor: Actor, finding: Finding) -> bool:
    """Whether this person answers for what was found."""
    helps = finding.household_id and session.get(HelperOf, (actor.id, finding.household_id)) is not None
    return bool(helps) or actor.covers(path_of(session, finding), ("cadre",))


def sides(session: Session, actor: Actor, finding: Finding) -> frozenset[str]:
    """The sides (keys of SIDES) on which this person may take steps."""
    if is_village(session, actor, finding):
        return frozenset({"village"})
    if actor.covers(path_of(session, finding), REVIEWERS):
        return frozenset({"office", "inspection"})
    sent = session.scalar(checked_by(actor).where(FindingErrand.finding_id == finding.id).limit(1))
    return frozenset({"inspection"}) if sent is not None else frozenset()


def path_of(session: Session, finding: Finding) -> str:
    """The path of its region in the division tree."""
    return session.get_one(Region, finding.region_code).path
