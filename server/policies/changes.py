"""Changes of policies: proposed as drafts, put in force from a day on, taken back before it.

Nothing that was judged changes: a version begins today at the earliest, and every verdict keeps the name of the row
that it was given by. Functions take a session and never commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import inserter, is_sqlite, now, today
from server.errors import Problem
from server.forms.policies import Policy, PolicyVersion
from server.forms.policy_versions import add_version, drop_version, faults_with, stored_policy
from server.policies.check import own_region, proposed
from server.policies.tables import PolicyChange
from server.sync.policies import tell_phones
from server.sync.scope import in_regions

MOST_LISTED = 200


def version_of(row: PolicyChange) -> PolicyVersion:
    return PolicyVersion(
        row.version, row.area, row.valid_from, row.valid_until, row.status, row.source, dict(row.values)
    )


def put(session: Session, actor: Actor, change_id: str, policy: str, body: Mapping[str, Any]) -> PolicyChange:
    """The draft with this id as the body says it; a draft that says something else now is weighed anew.

    Problems: record.not_found (no such policy; another's change), request.invalid (area), policy.invalid,
    policy.state (it is no draft any more).
    """
    region = own_region(session, actor, body["area"])
    whole = stored_policy(session, policy)
    version = proposed(whole, body, f"{body['area']}-{body['from']}-{change_id[:8]}", today())
    said = {
        "policy": policy, "version": version.id, "area": version.area, "region_code": region.code,
        "valid_from": version.valid_from, "valid_until": version.valid_until, "status": version.status,
        "source": version.source, "values": version.values,
    }  # fmt: skip
    new = session.scalar(_insert(session).values(id=change_id, created_by=actor.id, **said))
    row = find(session, actor, change_id, lock=True)
    if new is None and any(getattr(row, name) != value for name, value in said.items()):
        if row.state != "draft" or row.policy != policy:
            raise Problem("policy.state")
        for name, value in said.items():
            setattr(row, name, value)
        again(row)
    if new is not None or row in session.dirty:
        note(session, actor.id, "policy.proposed", _named(row), **_facts(row))
    session.flush()
    return row


def _insert(session: Session) -> Any:
    statement = inserter(is_sqlite(session))(PolicyChange).on_conflict_do_nothing(index_elements=["id"])
    return statement.returning(PolicyChange.id)


def again(row: PolicyChange) -> None:
    """Has the change weighed anew; a run that is under way writes no more."""
    row.weighed, row.weighing, row.effect, row.done, row.total, row.beat_at = "waiting", None, None, 0, 0, now()


def weigh_again(session: Session, actor: Actor, change_id: str) -> None:
    """Has a draft weighed anew, unless it is being weighed. Problems: record.not_found, policy.state."""
    row = find(session, actor, change_id, lock=True)
    if row.state != "draft":
        raise Problem("policy.state", detail=row.state)
    if row.weighed in ("ready", "failed"):
        again(row)


def find(session: Session, actor: Actor, change_id: str, *, lock: bool = False) -> PolicyChange:
    """A change in an area that the actor administers. Problem record.not_found."""
    wanted = select(PolicyChange).where(PolicyChange.id == change_id, in_regions(actor, ("admin",), _AREA))
    wanted = wanted.with_for_update() if lock else wanted
    row = session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise Problem("record.not_found")
    return row


_AREA = PolicyChange.region_code


def in_sight(session: Session, actor: Actor, policy: str | None) -> Sequence[PolicyChange]:
    """Drafts, what waits and what has begun in the actor's areas, newest first; what was withdrawn is left out."""
    wanted = select(PolicyChange).where(in_regions(actor, ("admin",), _AREA), PolicyChange.state != "withdrawn")
    if policy is not None:
        wanted = wanted.where(PolicyChange.policy == policy)
    return session.scalars(wanted.order_by(PolicyChange.created_at.desc(), PolicyChange.id).limit(MOST_LISTED)).all()


def schedule(session: Session, actor: Actor, change_id: str, reason: str) -> PolicyChange:
    """Puts the change in force from its day on; phones hear of it. Again is harmless.

    Problems: record.not_found, policy.state (withdrawn), policy.invalid (its day has passed since).
    """
    row = find(session, actor, change_id, lock=True)
    if row.state == "scheduled":
        return row
    if row.state != "draft":
        raise Problem("policy.state", detail=row.state)
    add_version(session, row.policy, version_of(row), today())
    row.state, row.scheduled_by, row.scheduled_at = "scheduled", actor.id, now()
    note(session, actor.id, "policy.scheduled", _named(row), reason=reason, **_facts(row))
    tell_phones(session, {row.policy})
    session.flush()
    return row


def withdraw(session: Session, actor: Actor, change_id: str, reason: str) -> PolicyChange:
    """Takes back a draft, or what was scheduled and has not begun. Again is harmless. Problem policy.state."""
    row = find(session, actor, change_id, lock=True)
    if row.state == "withdrawn":
        return row
    if row.state == "scheduled":
        drop_version(session, row.policy, row.version, today())
        tell_phones(session, {row.policy})
    note(session, actor.id, "policy.withdrawn", _named(row), reason=reason, was=row.state, **_facts(row))
    row.state, row.withdrawn_by, row.withdrawn_at = "withdrawn", actor.id, now()
    session.flush()
    return row


def _named(row: PolicyChange) -> str:
    return f"{row.policy}/{row.version}"


def _facts(row: PolicyChange) -> dict[str, Any]:
    """What the audit keeps of a change; `region` says where it was."""
    return {"region": row.region_code, "starts_on": row.valid_from.isoformat(), "values": row.values}


def why_not(policy: Policy, row: PolicyChange) -> list[str]:
    """Why a draft can no longer be scheduled as it stands; both languages in each text."""
    if row.state != "draft":
        return []
    return [f"{one.why} {one.fix}" for one in faults_with(policy, version_of(row), today())]


def waiting(session: Session, lost_before: Any) -> Sequence[str]:
    """Ids of the changes to be weighed: not yet, or by a worker that died."""
    lost = (PolicyChange.weighed == "running") & (PolicyChange.beat_at < lost_before)
    wanted = select(PolicyChange.id).where(or_(PolicyChange.weighed == "waiting", lost), PolicyChange.state == "draft")
    return session.scalars(wanted.order_by(PolicyChange.created_at)).all()
