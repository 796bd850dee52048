"""Findings of the cleaning rules as people read them: in their area, with the names that they may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from server.accounts.actor import Actor
from server.forms.dataset import Dataset
from server.forms.rule import Rule, RuleSet
from server.forms.rules import Judged
from server.geo.inside import codes_inside
from server.geo.tables import Region
from server.registry.masking import CLEAR_ROLES, property_treatment, shown_label, sight
from server.registry.reading import Page
from server.registry.tables import Entity, RuleFinding
from server.sync.scope import visible_entities

READERS = ("supervisor", "admin", "auditor")
_Top = aliased(Entity)


@dataclass(frozen=True)
class FindingFilter:
    """What a list is narrowed to; None is no limit. `state`: open, closed or all."""

    region: str | None = None
    rule: str | None = None
    severity: str | None = None
    household: str | None = None
    state: str = "open"


@dataclass(frozen=True)
class Known:
    """The definitions that findings are worded by."""

    rules: RuleSet
    datasets: Mapping[str, Dataset]


def list_findings(
    session: Session, actor: Actor, known: Known, wanted: FindingFilter, limit: int, after: str | None
) -> Page:
    """One page; `after` is the `next` of the page before.

    Who reads masked is not told of single findings about what that reader may not see at all (health, ID numbers).
    """
    query = _query(actor).where(*_clauses(session, actor, wanted), _tellable(actor, known))
    if after:
        query = query.where(RuleFinding.id > after)
    rows = session.execute(query.order_by(RuleFinding.id).limit(limit + 1)).all()
    items = [_item(row, known) for row in rows[:limit]]
    return Page(items, rows[limit - 1].RuleFinding.id if len(rows) > limit else None)


def summarize(session: Session, actor: Actor, known: Known, wanted: FindingFilter) -> list[dict[str, Any]]:
    """Open findings by rule and village: how many households each concerns. Areas and rules, never people."""
    counted = func.count(RuleFinding.household_id.distinct())
    rows = session.execute(
        select(RuleFinding.rule, RuleFinding.severity, Region.path, counted)
        .join(_Top, _Top.id == RuleFinding.household_id)
        .join(Region, Region.code == _Top.region_code)
        .where(*_clauses(session, actor, wanted))
        .group_by(RuleFinding.rule, RuleFinding.severity, Region.path)
    )
    return _grouped(session, rows.all(), known)


def tell(session: Session, actor: Actor, known: Known, household: str, judged: Judged) -> list[dict[str, Any]]:
    """What was found in one household just now, worded; as in list_findings."""
    is_clear = session.scalar(select(Entity.id).where(Entity.id == household, visible_entities(actor, CLEAR_ROLES)))
    tripped = [one for one in judged.tripped if is_clear or not _is_hidden(one.rule, known)]
    ids = {one.entity_id for one in tripped}
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    rows = session.execute(select(Entity.id, Entity.dataset, Entity.label, clear).where(Entity.id.in_(ids)))
    labels = {row.id: shown_label(known.datasets.get(row.dataset), row.label, sight(bool(row.clear))) for row in rows}
    return [
        {
            **wording(known, one.rule.id, one.rule.severity, one.rule.properties),
            "entity": {"dataset": one.rule.over, "id": one.entity_id, "label": labels.get(one.entity_id, "")},
        }
        for one in tripped
    ]


def wording(known: Known, rule_id: str, severity: str, properties: Sequence[str]) -> dict[str, Any]:
    """A rule as its readers see it. One that is no longer defined is known by its id."""
    rule = known.rules.by_id.get(rule_id)
    bare = {"zh": rule_id, "en": rule_id}
    return {
        "rule": rule_id,
        "severity": severity,
        "group": rule.group if rule else None,
        "message": rule.message if rule else bare,
        "cure": rule.cure if rule else bare,
        "source": rule.source if rule else "",
        "status": rule.status if rule else "indicative",
        "properties": [_property(known, name) for name in properties],
    }


def _property(known: Known, name: str) -> dict[str, Any]:
    dataset, _, own = name.partition(".")
    declared = known.datasets[dataset].properties.get(own) if dataset in known.datasets else None
    return {"dataset": dataset, "name": own, "labels": declared.labels if declared else {"zh": own, "en": own}}


def _query(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            RuleFinding, Entity.dataset, Entity.label, _Top.label, _Top.region_code, _Top.id.in_(_clear_ids(actor))
        )
        .join(Entity, Entity.id == RuleFinding.entity_id)
        .join(_Top, _Top.id == RuleFinding.household_id)
    )


def _tellable(actor: Actor, known: Known) -> ColumnElement[bool]:
    open_rules = [rule.id for rule in known.rules.rules if not _is_hidden(rule, known)]
    return or_(_Top.id.in_(_clear_ids(actor)), RuleFinding.rule.in_(open_rules))


def _is_hidden(rule: Rule, known: Known) -> bool:
    pairs = [name.split(".") for name in rule.properties]
    return any(property_treatment(known.datasets[dataset], own, "audit") == "hide" for dataset, own in pairs)


def _clear_ids(actor: Actor) -> Select[*tuple[Any, ...]]:
    return select(Entity.id).where(visible_entities(actor, CLEAR_ROLES)).correlate(None)


def _clauses(session: Session, actor: Actor, wanted: FindingFilter) -> list[ColumnElement[bool]]:
    visible = select(Entity.id).where(visible_entities(actor, READERS)).correlate(None)
    clauses: list[ColumnElement[bool]] = [_Top.id.in_(visible)]
    if wanted.region is not None:
        clauses.append(_Top.region_code.in_(codes_inside(session, wanted.region)))
    if wanted.state != "all":
        is_open = RuleFinding.closed_at.is_(None)
        clauses.append(is_open if wanted.state == "open" else ~is_open)
    same = {"rule": RuleFinding.rule, "severity": RuleFinding.severity, "household": RuleFinding.household_id}
    clauses += [column == getattr(wanted, name) for name, column in same.items() if getattr(wanted, name) is not None]
    return clauses


def _item(row: Row[*tuple[Any, ...]], known: Known) -> dict[str, Any]:
    finding, dataset, label, top_label, region, clear = row
    seen = sight(bool(clear))
    return {
        "id": finding.id,
        **wording(known, finding.rule, finding.severity, finding.properties),
        "entity": {
            "dataset": dataset,
            "id": finding.entity_id,
            "label": shown_label(known.datasets.get(dataset), label, seen),
        },
        "household": {
            "id": finding.household_id,
            "label": shown_label(known.datasets.get("household"), top_label, seen),
            "region": region,
        },
        "version": finding.version,
        "first_seen": finding.first_seen.isoformat(),
        "last_seen": finding.last_seen.isoformat(),
        "closed_at": finding.closed_at.isoformat() if finding.closed_at else None,
    }


def _grouped(session: Session, rows: Sequence[Row[*tuple[Any, ...]]], known: Known) -> list[dict[str, Any]]:
    """Groups fold into their village, the fourth step of the path; a household lies in one region only."""
    villages: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for rule, severity, path, households in rows:
        codes = path.strip("/").split("/")
        villages[rule, severity][codes[min(len(codes), 4) - 1]] += households
    codes = {code for counts in villages.values() for code in counts}
    names = {region.code: region for region in session.scalars(select(Region).where(Region.code.in_(codes)))}
    order = {rule: place for place, rule in enumerate(known.rules.by_id)}
    return [
        {
            **wording(known, rule, severity, known.rules.by_id[rule].properties if rule in order else ()),
            "households": sum(counts.values()),
            "villages": [
                {
                    "region": code,
                    "names": {"zh": names[code].name_zh, "en": names[code].name_en or names[code].name_zh},
                    "households": counts[code],
                }
                for code in sorted(counts)
            ],
        }
        for (rule, severity), counts in sorted(villages.items(), key=lambda one: order.get(one[0][0], len(order)))
    ]
