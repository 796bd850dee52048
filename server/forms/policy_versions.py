"""One version of a loaded policy added for a day to come, taken back before that day, or ended before its time.

The rules of loading hold here too (policy_store.py): what has begun never changes, but that it may end. Functions take
a session and never commit; whoever adds, drops or ends a version tells the feed "forms" (sync/policies.py).
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


def version_named(policy: Policy, version_id: str) -> PolicyVersion:
    """Problem record.not_found."""
    for one in policy.versions:
        if one.id == version_id:
            return one
    raise Problem("record.not_found")


def ended(policy: Policy, version_id: str, day: date | None) -> Policy:
    """The policy with another last day of a version; `day`: the first on which it no longer holds."""
    return with_version(policy, replace(version_named(policy, version_id), valid_until=day))


def faults_at_end(policy: Policy, version_id: str, day: date, today: date) -> list[Issue]:
    """Why the version cannot end on that day: it is past, or the version does not hold then; or a value would lack."""
    where, version = f"{policy.name} {version_id}", version_named(policy, version_id)
    found: list[Issue] = []
    if day < today:
        found.append(issue("policy.past", where, day=day, today=today))
    if day <= version.valid_from or (version.valid_until is not None and version.valid_until <= day):
        found.append(issue("policy.no_end", where, start=version.valid_from, until=version.valid_until or "–"))
    before, after = policy_list(policy), policy_list(ended(policy, version_id, day))
    known = {(one.why, one.fix) for one in contradictions(policy, before)}
    found += gaps(policy, after)
    return found + [one for one in contradictions(policy, after) if (one.why, one.fix) not in known]


def end_version(session: Session, name: str, version_id: str, day: date, today: date) -> None:
    """Ends a version on a day to come. Problem policy.invalid with every fault."""
    db.lock(session, {"policies"})
    if issues := faults_at_end(stored_policy(session, name), version_id, day, today):
        raise Problem("policy.invalid", faults=faults_of(issues))
    _set_end(session, name, version_id, day)


def open_again(session: Session, name: str, version_id: str, day: date, until: date | None, today: date) -> None:
    """Takes back an end that has not come: the version ends as it did before. Problem policy.state otherwise."""
    db.lock(session, {"policies"})
    if day <= today or version_named(stored_policy(session, name), version_id).valid_until != day:
        raise Problem("policy.state", detail=day.isoformat())
    _set_end(session, name, version_id, until)


def _set_end(session: Session, name: str, version_id: str, day: date | None) -> None:
    session.get_one(PolicyVersionRow, (name, version_id)).valid_until = day
    session.flush()
    write_file(session.get_one(PolicyFile, name), stored_policy(session, name), (), [])
    session.flush()


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
