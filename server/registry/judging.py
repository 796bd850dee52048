"""Households judged by the cleaning rules, with the policies of their place and day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.policy_store import policy_rows
from server.forms.rule_tree import Household, PolicyReader
from server.forms.rules import Judged, run
from server.registry.definitions import datasets, rules
from server.registry.households import Copies, read_households
from server.registry.tables import RuleFinding


@dataclass(frozen=True)
class Bench:
    """What a day's judging needs: definitions by `forms` (their folder), policies, shared ID numbers."""

    forms: Path
    policies: PolicyReader
    day: date
    copies: Copies


def bench(session: Session, forms: Path, day: date, copies: Copies) -> Bench:
    """With those policies that the rules read."""
    names = {path.split("/")[-2] for path in rules(forms).reads if path.startswith("/household/policy")}
    return Bench(forms, PolicyReader({name: policy_rows(session, name) for name in names}), day, copies)


def judge_households(session: Session, at: Bench, ids: Collection[str]) -> dict[str, Judged]:
    """The verdict on each of these households; one that is not active is judged as having nothing."""
    verdicts = {household: Judged((), frozenset()) for household in ids}
    for household in read_households(session, ids, at.copies):
        verdicts[household.record.id] = run(rules(at.forms), datasets(at.forms), household, at.policies, at.day)
    return verdicts


def judge_now(session: Session, forms: Path, household: str, day: date) -> Judged:
    """One household as it is now. Who shares an ID number with somebody elsewhere is known from the last full run."""
    shared = RuleFinding.rule == "id_number_twice", RuleFinding.closed_at.is_(None)
    known = set(session.scalars(select(RuleFinding.entity_id).where(RuleFinding.household_id == household, *shared)))
    at = bench(session, forms, day, {})
    for found in read_households(session, [household], {}):
        return run(rules(forms), datasets(forms), _sharing(found, known), at.policies, day)
    return Judged((), frozenset())


def _sharing(household: Household, members: Collection[str]) -> Household:
    below = [replace(one, copies=1) if one.id in members else one for one in household.below]
    return replace(household, below=below)
