"""Changes of policies: proposed as drafts, put in force from a day on, taken back before it.

Nothing that was judged changes: a version begins today at the earliest, and every verdict keeps the name of the row
that it was given by. Functions take a session and never commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import inserter, is_sqlite, now, today
from server.errors import Problem
from server.forms.policies import Policy, PolicyVersion
from server.forms.policy_store import faults_of
from server.forms.policy_versions import (
    add_version,
    drop_version,
    end_version,
    faults_at_end,
    faults_with,
    open_again,
    stored_policy,
    version_named,
)
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
    version = _end_of(session, policy, body) if body.get("ends") else None
    region = own_region(session, actor, version.area if version else body.get("area") or "")
    if version is None:
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


def _end_of(session: Session, policy: str, body: Mapping[str, Any]) -> PolicyVersion:
    """The end of a version that was put in force here, kept as a version without values: `valid_from` is the first day
    on which the one of this name no longer holds, `valid_until` what its end was before.

    Problems: record.not_found (no such version; one of a file ends in its file), policy.invalid.
    """
    whole, wanted, day = stored_policy(session, policy), body["ends"], date.fromisoformat(body["from"])
    kept = version_named(whole, wanted)
    here = (PolicyChange.policy == policy, PolicyChange.version == wanted, PolicyChange.state == "scheduled")
    if session.scalar(select(PolicyChange.id).where(*here).limit(1)) is None:
        raise Problem("record.not_found")
    earlier = session.get(PolicyChange, body["id"])
    is_done = earlier is not None and earlier.state == "scheduled" and earlier.valid_from == day
    if not is_done and (issues := faults_at_end(whole, wanted, day, today())):
        raise Problem("policy.invalid", faults=faults_of(issues))
    until = earlier.valid_until if earlier is not None and is_done else kept.valid_until
    return PolicyVersion(wanted, kept.area, day, until, kept.status, body.get("source") or "", {})


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
    if row.ends:
        end_version(session, row.policy, row.version, row.valid_from, today())
    else:
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
        if row.ends:
            open_again(session, row.policy, row.version, row.valid_from, row.valid_until, today())
        else:
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
    day = {"ends_on" if row.ends else "starts_on": row.valid_from.isoformat()}
    return {"region": row.region_code, **day, **({} if row.ends else {"values": row.values})}


def why_not(policy: Policy, row: PolicyChange) -> list[str]:
    """Why a draft can no longer be scheduled as it stands; both languages in each text."""
    if row.state != "draft":
        return []
    if row.ends:
        faults = faults_at_end(policy, row.version, row.valid_from, today())
    else:
        faults = faults_with(policy, version_of(row), today())
    return [f"{one.why} {one.fix}" for one in faults]


def waiting(session: Session, lost_before: Any) -> Sequence[str]:
    """Ids of the changes to be weighed: not yet, or by a worker that died."""
    lost = (PolicyChange.weighed == "running") & (PolicyChange.beat_at < lost_before)
    wanted = select(PolicyChange.id).where(or_(PolicyChange.weighed == "waiting", lost), PolicyChange.state == "draft")
    return session.scalars(wanted.order_by(PolicyChange.created_at)).all()
