"""What the cleaning rules found, kept until it is no longer so. Functions take a session and never commit."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from server.db import now, upsert
from server.forms.rule import Rule
from server.forms.rules import Judged
from server.registry.tables import Entity, RuleFinding


@dataclass(frozen=True)
class Kept:
    """How many findings are open for the judged households, how many of them are new, and how many ended."""

    open: int
    new: int
    closed: int


def keep_findings(session: Session, judged: Mapping[str, Judged]) -> Kept:
    """Writes down what was found in these households (by id) and ends what is no longer found. Again is harmless.

    What could not be judged stays as it was.
    """
    is_open = (RuleFinding.household_id.in_(list(judged)), RuleFinding.closed_at.is_(None))
    known = {(row.rule, row.entity_id): row for row in session.scalars(select(RuleFinding).where(*is_open))}
    found = {
        (one.rule.id, one.entity_id): (household, one.rule)
        for household, verdict in judged.items()
        for one in verdict.tripped
    }
    unjudged = {pair for verdict in judged.values() for pair in verdict.unjudged}
    for key, (_, rule) in found.items():
        if key in known:
            _seen_again(known[key], rule)
    ended = [row for key, row in known.items() if key not in found and key not in unjudged]
    for row in ended:
        row.closed_at = now()
    new = [_row(household, key[1], rule) for key, (household, rule) in found.items() if key not in known]
    session.flush()
    if new:
        once = upsert(session, RuleFinding).on_conflict_do_nothing(
            index_elements=["entity_id", "rule"], index_where=RuleFinding.closed_at.is_(None)
        )
        session.execute(once, new)
    return Kept(len(found), len(new), len(ended))


def close_stale_findings(session: Session, known_rules: Collection[str]) -> None:
    """Ends open findings of rules that are no longer defined, and of records that are no longer active."""
    gone = select(Entity.id).where(Entity.state != "active")
    is_stale = or_(
        RuleFinding.rule.not_in(list(known_rules)),
        RuleFinding.entity_id.in_(gone),
        RuleFinding.household_id.in_(gone),
    )
    session.execute(update(RuleFinding).where(RuleFinding.closed_at.is_(None), is_stale).values(closed_at=now()))


def _seen_again(row: RuleFinding, rule: Rule) -> None:
    row.version, row.severity, row.properties = rule.version, rule.severity, list(rule.properties)
    row.last_seen = now()


def _row(household: str, entity: str, rule: Rule) -> dict[str, object]:
    return {
        "id": str(uuid.uuid4()),
        "rule": rule.id,
        "version": rule.version,
        "severity": rule.severity,
        "entity_id": entity,
        "household_id": household,
        "properties": list(rule.properties),
        "first_seen": now(),
        "last_seen": now(),
    }
