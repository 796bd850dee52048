"""The tree that cleaning rules look at: a household with its properties and records, facts derived from them, policies.

    <household>
      <id/> <region/> … every property … <day/> <x_day/> for each date x
      <member> <id/> … every property … <x_day/> <age/> <id_number_fault/> <id_number_birth/> <id_number_sex/>
               <id_number_copies/> </member>   those who belong to the household now
      <dwelling>…</dwelling> <measure>…</measure> …   every dataset below household
      <policy> <income> <monitoring_line/> … </income> </policy>             as it holds on the day
      <policy_on> <resolved_on> <income>…</income> </resolved_on> </policy_on>   as it held on that date
    </household>

Every property that a rule reads is there, empty where nothing is known. Days are numbers since 1970-01-01. The phone
builds the same tree (client/src/lib/rule-tree.ts). PURE.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.forms.dataset import Dataset
from server.forms.id_number import read_id_number
from server.forms.policy_rows import Row, day_number, in_force
from server.forms.rule import Rule, RuleSet
from server.forms.xpath import Node

TOP = "household"
_ID = frozenset(["id"])
# Members who left or died are history: no rule looks at them.
GONE = {"member": ("member_state", ("left", "died"))}
ID_FACTS = ("id_number_fault", "id_number_birth", "id_number_sex", "id_number_copies")
POLICY, POLICY_ON = "policy", "policy_on"


@dataclass(frozen=True)
class Record:
    """One record. `copies`: other people elsewhere with its ID number, where that is known."""

    dataset: str
    id: str
    values: Mapping[str, str | None]
    copies: int = 0


@dataclass(frozen=True)
class Household:
    """A household's record, its region, and the records below it."""

    record: Record
    region: str
    below: Sequence[Record] = ()


@dataclass
class PolicyReader:
    """Policies by name as rows; remembers what it found for a region and day."""

    rows: Mapping[str, Sequence[Row]]
    _found: dict[tuple[str, str, date], Row | None] = field(default_factory=dict)

    def value(self, policy: str, name: str, region: str, day: date) -> str:
        """The value that holds there and then; "" where none does."""
        key = (policy, region, day)
        if key not in self._found:
            self._found[key] = in_force(self.rows.get(policy, ()), region, day)
        row = self._found[key]
        return row.get(name, "") if row else ""


def belongs(record: Record) -> bool:
    """Whether the record is part of the household now."""
    name, gone = GONE.get(record.dataset, ("", ()))
    return record.values.get(name) not in gone


def household_tree(
    datasets: Mapping[str, Dataset], household: Household, policies: PolicyReader, day: date, rules: RuleSet
) -> tuple[Node, list[tuple[Record, Node]]]:
    """The tree, and its records with their nodes; with what these rules read and no more."""
    root = Node(TOP)
    root.append(Node("day", str(day_number(day))))
    nodes = [(household.record, root)]
    here = Counter(_id_number(record) for record in household.below if belongs(record))
    _fill(root, datasets[TOP], household.record, day, here, rules.names.get(TOP, _ID))
    for record in household.below:
        if record.dataset in datasets and belongs(record):
            node = root.append(Node(record.dataset))
            _fill(node, datasets[record.dataset], record, day, here, rules.names.get(record.dataset, _ID))
            nodes.append((record, node))
    for path in sorted(rules.reads):
        _add_policy(root, path, household, policies, day)
    return root, nodes


def record_tree(dataset: Dataset, values: Mapping[str, str | None], day: date, rules: Iterable[Rule]) -> Node:
    """One record alone, for rules of its dataset: /<dataset>/<property>, with what they read and no more."""
    root = Node(dataset.name)
    record = Record(dataset.name, "", values)
    names = _ID.union(*[dataset.reads_of(rule) for rule in rules])
    if "*" in names:  # a rule that reads everything below
        names = frozenset(["id", *dataset.properties, *derived_names(dataset)])
    _fill(root, dataset, record, day, {_id_number(record): 1}, names)
    return root


def _fill(
    node: Node, dataset: Dataset, record: Record, day: date, here: Mapping[str, int], names: Container[str]
) -> None:
    node.append(Node("id", record.id))
    for name in dataset.properties:
        if name in names:
            node.append(Node(name, record.values.get(name) or ""))
    for name, value in _derived(dataset, record, day, here, names):
        if name in names:
            node.append(Node(name, value))


def _derived(
    dataset: Dataset, record: Record, day: date, here: Mapping[str, int], names: Container[str]
) -> Iterator[tuple[str, str]]:
    """Facts that follow from the values, those of these names at least. `here`: how often each ID number stands in this
    household.
    """
    for name, date_name in dataset.days.items():
        if name in names:
            found = _day(record.values.get(date_name))
            yield name, "" if found is None else str(day_number(found))
    if "birth_date" in dataset.properties:
        yield "age", _age(_day(record.values.get("birth_date")), day)
    if "id_number" in dataset.properties and any(name in names for name in ID_FACTS):
        number = _id_number(record)
        read = read_id_number(number)
        yield "id_number_fault", read.fault if number else ""
        yield "id_number_birth", read.birth_date.isoformat() if read.birth_date else ""
        yield "id_number_sex", read.sex or ""
        yield "id_number_copies", str(record.copies + here.get(number, 1) - 1) if number else "0"


def derived_names(dataset: Dataset) -> list[str]:
    names = list(dataset.days)
    names += ["age"] if "birth_date" in dataset.properties else []
    return names + (list(ID_FACTS) if "id_number" in dataset.properties else [])


def known_paths(datasets: Mapping[str, Dataset], policies: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Every path that a cleaning rule may read. `policies`: names of the values by policy."""
    top = f"/{TOP}"
    found = {top, f"{top}/day", *_paths_of(datasets[TOP], top)}
    for dataset in datasets.values():
        if dataset.parent and dataset.parent.dataset == TOP:
            found |= {f"{top}/{dataset.name}", *_paths_of(dataset, f"{top}/{dataset.name}")}
    places = [POLICY, *(f"{POLICY_ON}/{name}" for name in datasets[TOP].days.values())]
    found |= {f"{top}/{place}/{name}/{value}" for place in places for name in policies for value in policies[name]}
    return frozenset(found)


def record_paths(dataset: Dataset) -> frozenset[str]:
    """Every path that a rule of this dataset may read."""
    return frozenset([f"/{dataset.name}", *_paths_of(dataset, f"/{dataset.name}")])


def _paths_of(dataset: Dataset, at: str) -> list[str]:
    return [f"{at}/{name}" for name in ("id", *dataset.properties, *derived_names(dataset))]


def _add_policy(root: Node, path: str, household: Household, policies: PolicyReader, day: date) -> None:
    """Adds one value of a policy, at the path by which a rule reads it."""
    parts = path.split("/")[2:]
    if parts[:1] == [POLICY] and len(parts) == 3:
        on: date | None = day
    elif parts[:1] == [POLICY_ON] and len(parts) == 4:
        on = _day(household.record.values.get(parts[1]))
    else:
        return
    value = policies.value(parts[-2], parts[-1], household.region, on) if on else ""
    node = root
    for part in parts[:-1]:
        node = node.named[part][0] if part in node.named else node.append(Node(part))
    node.append(Node(parts[-1], value))


def _id_number(record: Record) -> str:
    return (record.values.get("id_number") or "").strip().upper()


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def _age(born: date | None, day: date) -> str:
    """Full years; "" when unknown or not yet born."""
    if born is None or born > day:
        return ""
    return str(day.year - born.year - ((day.month, day.day) < (born.month, born.day)))
