"""Households held against two readings of one policy: which verdicts, and which cleaning rules, would be different.

A verdict is what the form of a visit computed and wrote into the household. It is computed again from the answers of
the visit that is shown now (rejudge.py), once by the row that would hold without the change and once by the row that
would hold with it. What a person entered, or an office settled, is nobody's computation and does not change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.evaluation.rejudge import Rejudging, judged_by, rejudging
from server.forms.evaluation.sheet import TooLarge
from server.forms.instance import parse_instance
from server.forms.issue import FormInvalid, InstanceUnreadable
from server.forms.model import FormModel
from server.forms.parsed import Instance
from server.forms.policies import policy_of_file
from server.forms.policy_rows import Row, in_force
from server.forms.rule import Rule, RuleSet, place_of
from server.forms.rule_tree import POLICY, POLICY_ON, TOP, Household, PolicyReader
from server.forms.rules import run
from server.forms.tables import FormVersion
from server.registry.households import read_households
from server.registry.tables import Entity, EntityVersion
from server.sync.definitions import form_model, form_plan
from server.sync.tables import Submission

VERDICT, RULE = "verdict", "rule"
FOUND = "found"  # a rule finds something; "" it does not


@dataclass(frozen=True)
class Visit:
    """What a verdict came from: a filled form."""

    form_id: str
    form_version: str
    instance_xml: str


_VISIT = (Submission.form_id, Submission.form_version, Submission.instance_xml)


@dataclass(frozen=True, order=True)
class Line:
    """One kind of difference: the verdict (a property) or the rule `name` would go from `before` to `after`."""

    kind: str
    name: str
    before: str
    after: str


@dataclass
class Scales:
    """What a weighing needs: the policy's rows without the change and with it, the day, rules that read the policy.

    `others`: the rows of all policies that those rules read, by name.
    """

    policy: str
    columns: Sequence[str]
    before: Sequence[Row]
    after: Sequence[Row]
    day: date
    datasets: Mapping[str, Dataset]
    rules: RuleSet
    others: Mapping[str, Sequence[Row]]
    _moved: dict[str, tuple[Row | None, Row | None] | None] = field(default_factory=dict)

    def moved(self, region: str) -> tuple[Row | None, Row | None] | None:
        """The two rows that hold in a region; None where nothing changes there."""
        if region not in self._moved:
            old, new = (in_force(rows, region, self.day) for rows in (self.before, self.after))
            values = [[row.get(name, "") if row else "" for name in self.columns] for row in (old, new)]
            self._moved[region] = None if values[0] == values[1] else (old, new)
        return self._moved[region]

    def readers(self) -> tuple[PolicyReader, PolicyReader]:
        old, new = (PolicyReader({**self.others, self.policy: rows}) for rows in (self.before, self.after))
        return old, new


def rules_reading(rules: RuleSet, policy: str) -> RuleSet:
    """Those rules that read a value of the policy."""

    found = [rule for rule in rules.rules if policy in policies_read(rule)]
    return RuleSet(tuple(found), rules.groups)


def policies_read(rule: Rule) -> set[str]:
    """Names of the policies whose values the rule reads, as they hold on the day or held on a date of the record."""
    paths = [path.split("/")[2:] for path in rule.when.reads(place_of(rule.over))]
    return {parts[-2] for parts in paths if parts[:1] in ([POLICY], [POLICY_ON]) and len(parts) > 2}


def verdict_properties(session: Session, scales: Scales) -> frozenset[str]:
    """Properties of a household that some published form computes by this policy, and that are verdicts."""
    found: set[str] = set()
    columns = (FormVersion.form_id, FormVersion.version, FormVersion.extra)
    for form_id, version, extra in session.execute(select(*columns).where(FormVersion.state != "draft")).all():
        if scales.policy in (extra or {}).get("policies", ()):
            model = form_model(session, form_id, version)
            found |= set(_verdicts(session, scales, model)[1]) if model else set()
    return frozenset(found)


def weigh(
    session: Session, scales: Scales, verdicts: Collection[str], households: Sequence[str]
) -> dict[str, set[Line]]:
    """What would be different in each of these households; those where nothing would are left out."""
    found: dict[str, set[Line]] = defaultdict(set)
    wanted = select(Entity.id, Entity.region_code, Entity.shown).where(Entity.id.in_(households))
    moved = {one.id: one for one in session.execute(wanted) if scales.moved(one.region_code)}
    if verdicts and moved:
        shown = {one.id: _shown(scales, one.shown, verdicts) for one in moved.values()}
        for household, visit, names in _visits(session, shown):
            rows = scales.moved(moved[household].region_code)
            if rows:
                found[household] |= set(_lines(session, scales, visit, names, rows))
    if scales.rules.rules and moved:
        _add_rules(session, scales, list(moved), found)
    return {household: lines for household, lines in found.items() if lines}


def _shown(scales: Scales, shown: Mapping[str, str], verdicts: Collection[str]) -> dict[str, set[str]]:
    """By the op that is shown: the verdicts that it wrote."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in verdicts:
        op = shown.get(scales.datasets[TOP].properties[name].group or name)
        if op:
            found[op].add(name)
    return found


def _visits(session: Session, shown: Mapping[str, Mapping[str, set[str]]]) -> Iterator[tuple[str, Visit, set[str]]]:
    """(household, visit, the verdicts that it gave) for all verdicts that visits gave."""
    ops = {op for names in shown.values() for op in names}
    written = select(EntityVersion.entity_id, EntityVersion.op_id, *_VISIT).join(
        Submission, Submission.instance_id == EntityVersion.instance_id
    )
    for row in session.execute(written.where(EntityVersion.op_id.in_(ops), EntityVersion.entity_id.in_(shown))):
        if row.op_id in shown[row.entity_id]:
            visit = Visit(row.form_id, row.form_version, row.instance_xml)
            yield row.entity_id, visit, shown[row.entity_id][row.op_id]


def _lines(
    session: Session, scales: Scales, visit: Visit, names: set[str], moved: tuple[Row | None, Row | None]
) -> Iterator[Line]:
    model = form_model(session, visit.form_id, visit.form_version)
    how, paths = _verdicts(session, scales, model) if model else (None, {})
    paths = {name: path for name, path in paths.items() if name in names}
    instance = _instance(visit.instance_xml)
    if how is None or not paths or instance is None:
        return
    try:
        old, new = (judged_by(how, instance, row, paths.values()) for row in moved)
    except TooLarge:
        return
    for name, path in paths.items():
        if old[path] != new[path]:
            yield Line(VERDICT, name, old[path], new[path])


def _instance(xml: str) -> Instance | None:
    try:
        return parse_instance(xml)
    except InstanceUnreadable:
        return None


def _verdicts(session: Session, scales: Scales, model: FormModel) -> tuple[Rejudging | None, dict[str, str]]:
    """How the form is judged again, and by property the path of each verdict that the policy reaches."""
    try:
        plan = form_plan(session, model)
    except FormInvalid:
        return None, {}
    list = next((id for id, file in plan.files.items() if policy_of_file(file) == scales.policy), None)
    if list is None:
        return None, {}
    how = rejudging(plan, list)
    properties = scales.datasets[TOP].properties
    return how, {
        question.save_to[1]: question.path
        for question in model.questions
        if question.save_to
        and question.save_to[0] == TOP
        and question.save_to[1] in properties
        and properties[question.save_to[1]].type == "select_one"
        and question.path in plan.parts
        and plan.parts[question.path].index in how.parts
    }


def _add_rules(session: Session, scales: Scales, households: Sequence[str], found: dict[str, set[Line]]) -> None:
    readers = scales.readers()
    for household in read_households(session, households, {}):
        old, new = (_tripped(scales, household, reader) for reader in readers)
        found[household.record.id] |= {Line(RULE, rule, "", FOUND) for rule, _ in new - old}
        found[household.record.id] |= {Line(RULE, rule, FOUND, "") for rule, _ in old - new}


def _tripped(scales: Scales, household: Household, reader: PolicyReader) -> set[tuple[str, str]]:
    judged = run(scales.rules, scales.datasets, household, reader, scales.day)
    return {(one.rule.id, one.entity_id) for one in judged.tripped}
