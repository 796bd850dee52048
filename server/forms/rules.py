"""Runs rules: cleaning rules over a household with its records, and the rules of a dataset over one record. PURE.

A rule that cannot be judged (an expression that has no value) says nothing: its findings stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from server.forms.dataset import Dataset
from server.forms.rule import Rule, RuleSet
from server.forms.rule_tree import Household, PolicyReader, household_tree, record_tree
from server.forms.xpath import Context, EvaluationError

__all__ = ["Judged", "Tripped", "check_record", "run"]

_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Tripped:
    """A rule, and the record in which it found something."""

    rule: Rule
    entity_id: str


@dataclass(frozen=True)
class Judged:
    """What was found, and (rule id, record id) of what could not be judged."""

    tripped: tuple[Tripped, ...]
    unjudged: frozenset[tuple[str, str]]


def run(
    rules: RuleSet, datasets: Mapping[str, Dataset], household: Household, policies: PolicyReader, day: date
) -> Judged:
    """All rules over one household as it is, with the policies of its region and the ages of this day."""
    root, nodes = household_tree(datasets, household, policies, day, rules)
    context = Context(node=root, root=root, now=_noon(day))
    tripped: list[Tripped] = []
    unjudged: set[tuple[str, str]] = set()
    for rule in rules.rules:
        for record, node in nodes:
            if record.dataset != rule.over:
                continue
            context.node = node
            verdict = _holds(rule, context)
            if verdict is None:
                unjudged.add((rule.id, record.id))
            elif verdict:
                tripped.append(Tripped(rule, record.id))
    return Judged(tuple(tripped), frozenset(unjudged))


def check_record(
    dataset: Dataset, values: Mapping[str, str | None], day: date, asked: Sequence[Rule] | None = None
) -> tuple[Rule, ...]:
    """The dataset's own rules that this record breaks, all of them or those `asked` about. `values`: all of the record,
    canonical texts.
    """
    rules = dataset.rules if asked is None else asked
    if not rules:
        return ()
    root = record_tree(dataset, values, day, rules)
    context = Context(node=root, root=root, now=_noon(day))
    return tuple([rule for rule in rules if _holds(rule, context)])


def _holds(rule: Rule, context: Context) -> bool | None:
    try:
        return rule.when.truth(context)
    except EvaluationError:
        return None


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=_CHINA)
