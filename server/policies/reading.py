"""Changes of policies as the desk reads them, with what each would do and the households behind every number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.db import today
from server.forms.dataset import Dataset
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.forms.policy_versions import stored_policy
from server.forms.rule import RuleSet
from server.forms.tables import PolicyFile
from server.policies.changes import find, version_of, why_not
from server.policies.differences import differences, keeping
from server.policies.tables import PolicyChange, PolicyEffect
from server.policies.weighing import FOUND, RULE
from server.registry.masking import CLEAR_ROLES, shown_label, sight
from server.registry.reading import Page
from server.registry.tables import Entity
from server.sync.scope import visible_entities

Wire = dict[str, Any]
_TOP = "household"
_FINDS = {"": {"zh": "没有问题", "en": "nothing found"}, FOUND: {"zh": "要核对", "en": "to be checked"}}
_NONE = {"zh": "没有结论", "en": "no verdict"}


def brief(session: Session, row: PolicyChange) -> Wire:
    """A change without its differences and effect."""
    people = authors(session, {row.created_by, row.scheduled_by, row.withdrawn_by})
    return {
        "id": row.id,
        "policy": row.policy,
        "version": row.version,
        "area": row.area,
        "region": row.region_code,
        "from": row.valid_from.isoformat(),
        "until": row.valid_until.isoformat() if row.valid_until else None,
        "status": row.status,
        "source": row.source,
        "values": row.values,
        "ends": row.version if row.ends else None,
        "state": row.state,
        "begun": row.state == "scheduled" and row.valid_from <= today(),
        "author": people.get(row.created_by),
        "created_at": row.created_at.isoformat(),
        "scheduled_by": people.get(row.scheduled_by or ""),
        "scheduled_at": row.scheduled_at.isoformat() if row.scheduled_at else None,
        "withdrawn_by": people.get(row.withdrawn_by or ""),
        "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
    }


def whole(session: Session, row: PolicyChange, datasets: Mapping[str, Dataset], rules: RuleSet) -> Wire:
    """A change with `differences`, `keeping` (narrower areas with own values), `obstacles` and `effect`."""
    policy, version = stored_policy(session, row.policy), version_of(row)
    return brief(session, row) | {
        "labels": policy.labels,
        "differences": differences(policy, version),
        "keeping": keeping(policy, version),
        "obstacles": why_not(policy, row),
        "effect": _effect(session, row, datasets, rules),
    }


def _effect(session: Session, row: PolicyChange, datasets: Mapping[str, Dataset], rules: RuleSet) -> Wire:
    """`{state, done, total, stale, households, lines}`. `stale`: the policy was changed since, so weigh it again."""
    now = session.scalar(select(PolicyFile.hash).where(PolicyFile.name == row.policy))
    effect = row.effect or {}
    lines = [_worded(line, datasets, rules) for line in effect.get("lines", ())]
    return {
        "state": row.weighed,
        "done": row.done,
        "total": row.total,
        "stale": row.state == "draft" and row.weighed == "ready" and now != row.basis,
        "households": effect.get("households"),
        "lines": [{"line": number, **line} for number, line in enumerate(lines)],
    }


def _worded(line: Mapping[str, Any], datasets: Mapping[str, Dataset], rules: RuleSet) -> Wire:
    found = {**line, "severity": None}
    if line["kind"] == RULE:
        rule = rules.by_id.get(line["name"])
        found["severity"] = rule.severity if rule else None
        found["labels"] = rule.message if rule else {"zh": line["name"], "en": line["name"]}
        return found | {"before_labels": _FINDS[line["before"]], "after_labels": _FINDS[line["after"]]}
    property = datasets[_TOP].properties.get(line["name"])
    words = {choice.value: dict(choice.labels) for choice in (property.choices if property else None) or ()}
    found["labels"] = property.labels if property else {"zh": line["name"], "en": line["name"]}
    texts = {side: words.get(line[side]) or _plain(line[side]) for side in ("before", "after")}
    return found | {f"{side}_labels": text for side, text in texts.items()}


def _plain(value: str) -> dict[str, str]:
    return {"zh": value, "en": value} if value else _NONE


def households(
    session: Session, actor: Actor, change_id: str, line: int | None, limit: int, after: str | None, dataset: Dataset
) -> Page:
    """The households behind a number, by id: `{id, label, region, lines}`; `line` None: all of the change.

    Problem record.not_found for a change outside the actor's area.
    """
    row = find(session, actor, change_id)
    own = PolicyEffect.change_id == row.id
    behind = select(PolicyEffect.household_id).where(own if line is None else own & (PolicyEffect.line == line))
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    wanted = select(Entity.id, Entity.label, Entity.region_code, clear).where(
        Entity.id.in_(behind), visible_entities(actor, ("admin",))
    )
    if after:
        wanted = wanted.where(Entity.id > after)
    rows = session.execute(wanted.order_by(Entity.id).limit(limit + 1)).all()
    lines: dict[str, list[int]] = {one.id: [] for one in rows[:limit]}
    for household, number in session.execute(
        select(PolicyEffect.household_id, PolicyEffect.line).where(own, PolicyEffect.household_id.in_(lines))
    ):
        lines[household].append(number)
    items = [
        {
            "id": one.id,
            "label": shown_label(dataset, one.label, sight(bool(one.clear))),
            "region": one.region_code,
            "lines": sorted(lines[one.id]),
        }
        for one in rows[:limit]
    ]
    return Page(items, rows[limit - 1].id if len(rows) > limit else None)


def held_row(session: Session, policy: str, area: str) -> Mapping[str, str] | None:
    """The row that holds today in an area; None where none does."""
    return in_force(policy_rows(session, policy), area, today())
