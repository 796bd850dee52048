"""One version of a loaded policy added for a day to come, or taken back before that day.

The rules of loading hold here too (policy_store.py): what has begun never changes. Functions take a session and never
commit; whoever adds or drops a version tells the feed "forms" (sync/policies.py).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.errors import Problem
from server.forms.issue import Issue
from server.forms.messages import issue
from server.forms.policies import Policy, PolicyVersion
from server.forms.policy_rows import contradictions, gaps, policy_list
from server.forms.policy_store import faults_of, value_of, version_of, version_row, versions_of, write_file
from server.forms.tables import PolicyFile, PolicyVersionRow


def stored_policy(session: Session, name: str) -> Policy:
    """The policy as all loads and changes made it. Problem record.not_found."""
    header = session.get(PolicyFile, name)
    if header is None:
        raise Problem("record.not_found")
    values = {column["name"]: value_of(column) for column in header.columns}
    versions = tuple(version_of(row) for row in session.scalars(versions_of(name)))
    return Policy(header.name, header.labels, header.source, values, versions)


def with_version(policy: Policy, version: PolicyVersion) -> Policy:
    return replace(policy, versions=(*(one for one in policy.versions if one.id != version.id), version))


def faults_with(policy: Policy, version: PolicyVersion, today: date) -> list[Issue]:
    """Why the version cannot join the policy: it begins in the past or with another, lacks a value, mixes up two."""
    where = f"{policy.name} {version.id}"
    found: list[Issue] = []
    if version.valid_from < today:
        found.append(issue("policy.past", where, day=version.valid_from, today=today))
    others = [one for one in policy.versions if one.id != version.id]
    if any((one.area, one.valid_from) == (version.area, version.valid_from) for one in others):
        found.append(issue("policy.start_twice", where, area=version.area or "全国 / nation"))
    if not version.values:
        found.append(issue("policy.no_values", where))
    before, after = policy_list(policy), policy_list(with_version(policy, version))
    found += gaps(policy, after)
    known = {(one.why, one.fix) for one in contradictions(policy, before)}
    return found + [one for one in contradictions(policy, after) if (one.why, one.fix) not in known]


def add_version(session: Session, name: str, version: PolicyVersion, today: date) -> bool:
    """Adds it; False when it is there already. Problem policy.invalid with every fault."""
    db.lock(session, {"policies"})
    if session.get(PolicyVersionRow, (name, version.id)) is not None:
        return False
    policy = stored_policy(session, name)
    if issues := faults_with(policy, version, today):
        raise Problem("policy.invalid", faults=faults_of(issues))
    session.add(version_row(name, version))
    write_file(session.get_one(PolicyFile, name), with_version(policy, version), (), [])
    session.flush()
    return True


def drop_version(session: Session, name: str, version_id: str, today: date) -> bool:
    """Takes back a version that has not begun; False when it is gone already. Problem policy.state: it has begun."""
    db.lock(session, {"policies"})
    row = session.scalar(
        select(PolicyVersionRow).where(PolicyVersionRow.policy == name, PolicyVersionRow.id == version_id)
    )
    if row is None:
        return False
    if row.valid_from <= today:
        raise Problem("policy.state", detail=row.valid_from.isoformat())
    session.delete(row)
    session.flush()
    write_file(session.get_one(PolicyFile, name), stored_policy(session, name), (), [])
    return True
