"""Policies in the database, so that all workers and phones see the same.

Loading adds: a version that was loaded once stays, and its area, first day and values never change. Functions take a
session and never commit; whoever loads tells the feed "forms" (sync/policies.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.errors import Fault, Problem
from server.forms.issue import DefinitionError, Issue
from server.forms.messages import issue
from server.forms.policies import Policy, PolicyValue, PolicyVersion, file_name
from server.forms.policy_rows import contradictions, gaps, media_hash, policy_csv, policy_list
from server.forms.tables import PolicyFile, PolicyVersionRow


@dataclass(frozen=True)
class Stored:
    """What a load did to one policy: ids of new and of ended versions; `changed`: its file has other bytes now."""

    name: str
    new: tuple[str, ...]
    ended: tuple[str, ...]
    changed: bool


def store_policies(session: Session, policies: Mapping[str, Policy]) -> list[Stored]:
    """Adds what is new in `policies`. Problem policy.invalid, with every fault, when a loaded version would change."""
    db.lock(session, {"policies"})
    issues: list[Issue] = []
    stored = [_store(session, policy, issues) for policy in policies.values()]
    if issues:
        raise Problem("policy.invalid", faults=faults_of(issues))
    session.flush()
    return stored


def faults_of(issues: Iterable[Issue]) -> list[Fault]:
    return [Fault(one.where, one.why, one.fix) for one in issues]


def invalid(error: DefinitionError) -> Problem:
    """A wrong file as the Problem that a command shows."""
    return Problem("policy.invalid", faults=faults_of(error.issues))


def policy_hashes(session: Session, names: Iterable[str]) -> dict[str, str]:
    """{file name: "md5:…"} of those policies that are loaded."""
    rows = session.execute(select(PolicyFile.name, PolicyFile.hash).where(PolicyFile.name.in_(set(names))))
    return {file_name(row.name): row.hash for row in rows}


def policy_loaded_at(session: Session, name: str) -> datetime | None:
    """When the rows of a policy took their present form; None when it is not loaded."""
    return session.scalar(select(PolicyFile.loaded_at).where(PolicyFile.name == name))


_rows: dict[tuple[str, str], Sequence[Mapping[str, str]]] = {}


def policy_rows(session: Session, name: str) -> Sequence[Mapping[str, str]]:
    """The rows of policy_<name>.csv, in the order of `rank`; empty when no such policy is loaded."""
    hash = session.scalar(select(PolicyFile.hash).where(PolicyFile.name == name))
    if hash is None:
        return ()
    if (name, hash) not in _rows:
        content = session.scalars(select(PolicyFile.content).where(PolicyFile.name == name)).one()
        for old in [key for key in _rows if key[0] == name]:
            _rows.pop(old, None)
        _rows[name, hash] = tuple(csv.DictReader(io.StringIO(content.decode())))
    return _rows[name, hash]


def _store(session: Session, policy: Policy, issues: list[Issue]) -> Stored:
    header = session.get(PolicyFile, policy.name)
    known = {row.id: row for row in session.scalars(versions_of(policy.name))} if header else {}
    if header is None:
        header = PolicyFile(name=policy.name, labels={}, source="", columns=[], content=b"", hash="")
        session.add(header)
    values = {**{one.name: one for one in map(value_of, header.columns)}, **policy.values}
    ended = [one.id for one in policy.versions if one.id in known and _amend(known[one.id], one, policy.name, issues)]
    new = [one for one in policy.versions if one.id not in known]
    rows = [*known.values(), *(version_row(policy.name, one) for one in new)]
    whole = replace(policy, values=values, versions=tuple(version_of(row) for row in rows))
    changed = write_file(header, whole, {one.id for one in new}, issues)
    session.flush()
    session.add_all(rows)
    return Stored(policy.name, tuple(one.id for one in new), tuple(ended), changed)


def versions_of(policy: str) -> Any:
    return select(PolicyVersionRow).where(PolicyVersionRow.policy == policy).order_by(PolicyVersionRow.id)


def _amend(row: PolicyVersionRow, given: PolicyVersion, policy: str, issues: list[Issue]) -> bool:
    """Takes over what may change: texts, status, values not set before, and the end of an open version.

    Answers whether the version was ended now.
    """
    facts = [("area", row.area, given.area), ("from", row.valid_from, given.valid_from)]
    facts += [(name, text, given.values[name]) for name, text in row.values.items() if name in given.values]
    if row.valid_until is not None:
        facts.append(("until", row.valid_until, given.valid_until))
    where = f"{policy}.yaml {given.id}"
    wrong = [issue("policy.frozen", where, id=given.id, what=w, before=b) for w, b, new in facts if b != new]
    if wrong:
        issues += wrong
        return False
    is_ended = row.valid_until is None and given.valid_until is not None
    row.valid_until, row.status, row.source, row.labels = (
        given.valid_until, given.status, given.source, given.labels,
    )  # fmt: skip
    row.values = {**row.values, **given.values}
    return is_ended


def write_file(header: PolicyFile, policy: Policy, new: Collection[str], issues: list[Issue]) -> bool:
    """What was loaded before stands for good: only versions in `new` are still told what contradicts in them."""
    rows = policy_list(policy)
    issues += gaps(policy, rows)
    issues += contradictions(policy, [row for row in rows if row["name"].partition("@")[0] in new])
    content = policy_csv(policy, rows)
    hash = media_hash(content)
    changed = header.hash != hash
    header.labels, header.source, header.content, header.hash = policy.labels, policy.source, content, hash
    header.columns = [_column(value) for value in policy.values.values()]
    if changed:
        header.loaded_at = db.now()
    return changed


def version_row(policy: str, one: PolicyVersion) -> PolicyVersionRow:
    return PolicyVersionRow(
        policy=policy,
        id=one.id,
        area=one.area,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        status=one.status,
        source=one.source,
        labels=one.labels,
        values=one.values,
    )


def version_of(row: PolicyVersionRow) -> PolicyVersion:
    return PolicyVersion(
        row.id, row.area, row.valid_from, row.valid_until, row.status, row.source, row.values, row.labels
    )


def _column(value: PolicyValue) -> dict[str, Any]:
    bounds = {"min": value.least, "max": value.most}
    order = {"at_most": value.at_most, "one_of": list(value.one_of)}
    return {"name": value.name, "type": value.type, "labels": value.labels, "unit": value.unit} | order | {
        key: None if bound is None else str(bound) for key, bound in bounds.items()
    }


def value_of(column: Mapping[str, Any]) -> PolicyValue:
    least, most = (Decimal(column[key]) if column.get(key) else None for key in ("min", "max"))
    return PolicyValue(
        column["name"], column["type"], column["labels"], column.get("unit"), least, most,
        column.get("at_most"), tuple(column.get("one_of") or ()),
    )  # fmt: skip
