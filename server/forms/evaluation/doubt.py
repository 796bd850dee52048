"""What cannot be judged: expressions whose result nobody here can know, and those too costly for a huge instance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from server.forms.evaluation.lists import List, Seen
from server.forms.evaluation.plan import FormPlan, Part, path_from
from server.forms.evaluation.sheet import Sheet
from server.forms.xpath import Expression

# Readings of nodes in other rows than one's own, in one judging: what goes beyond is not evaluated (about a second).
MOST_READINGS = 100_000
_LISTS = re.compile(r"(?:instance|pulldata)\(\s*['\"]([^'\"]+)['\"]")
# A list that is read without picking rows: count(instance('member')/root/item)
_WHOLE = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)(?:/[\w.-]+)+(?!\s*[\w.\-\[/])")
_WORDS = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Doubt:
    """`unknown`: expressions that read what is not known; `inexact`: those that read rows which may have changed."""

    unknown: frozenset[Expression] = frozenset()
    inexact: frozenset[Expression] = frozenset()

    def is_certain(self, expression: Expression) -> bool:
        """Whether it gives here what it gave to the person who filled the form."""
        return expression not in self.unknown and expression not in self.inexact


# Doubts kept for each form: what is known of its lists differs little from submission to submission.
MOST_KEPT = 64


def doubt_of(plan: FormPlan, lists: Mapping[str, List]) -> Doubt:
    """The doubt that these lists leave; found once for each state of knowledge."""
    known: dict[tuple[object, ...], Doubt] = plan.kept.setdefault("doubts", {})
    state = tuple([_knowledge(lists.get(name)) for name in lists_read(plan)])
    found = known.get(state)
    if found is None:
        found = _doubt(plan, lists)
        if len(known) < MOST_KEPT:
            known[state] = found
    return found


def _knowledge(found: List | None) -> object:
    """What of a list makes for doubt: not its rows."""
    return (found.unknown, found.exact, found.whole) if isinstance(found, Seen) else found is None


def _doubt(plan: FormPlan, lists: Mapping[str, List]) -> Doubt:
    return Doubt(
        frozenset(reader.expression for reader in list_readers(plan) if reader.reads_unknown(lists)),
        frozenset(reader.expression for reader in list_readers(plan) if reader.reads_inexact(lists)),
    )


@dataclass(frozen=True)
class Reader:
    """An expression that reads lists from files: their ids, and every word in it, columns among them.

    `whole`: ids of those that it goes through from end to end.
    """

    expression: Expression
    lists: frozenset[str]
    words: frozenset[str]
    whole: frozenset[str]

    def reads_unknown(self, lists: Mapping[str, List]) -> bool:
        return any(self._is_unknown(name, lists.get(name)) for name in self.lists)

    def _is_unknown(self, name: str, found: List | None) -> bool:
        if not isinstance(found, Seen):
            return found is None
        return bool(found.unknown & self.words) or (not found.whole and name in self.whole)

    def reads_inexact(self, lists: Mapping[str, List]) -> bool:
        return any(isinstance(found := lists.get(name), Seen) and not found.exact for name in self.lists)


def lists_read(plan: FormPlan) -> frozenset[str]:
    """Ids of the lists from files that judging reads; found once per plan."""
    known: frozenset[str] | None = plan.kept.get("lists_read")
    if known is None:
        names = [name for reader in list_readers(plan) for name in reader.lists]
        known = plan.kept["lists_read"] = frozenset(names)
    return known


def list_readers(plan: FormPlan) -> tuple[Reader, ...]:
    """The expressions of the form that read lists from files; found once per plan."""
    known: tuple[Reader, ...] | None = plan.kept.get("readers")
    if known is None:
        parts = [part for part in plan.parts.values() if not is_bookkeeping(part)]
        read = (_reader(plan, expression) for part in parts for expression in expressions_of(part))
        known = plan.kept["readers"] = tuple(reader for reader in read if reader is not None)
    return known


def _reader(plan: FormPlan, expression: Expression) -> Reader | None:
    text = expression.text
    names = frozenset(_LISTS.findall(text)) & plan.files.keys()
    if not names:
        return None
    return Reader(expression, names, frozenset(_WORDS.findall(text)), frozenset(_WHOLE.findall(text)))


def may_be_doubted(plan: FormPlan, part: Part, expression: Expression) -> bool:
    """Whether it depends on the submission if the expression is judged for nodes of the part."""
    reads_list = any(reader.expression is expression for reader in list_readers(plan))
    return reads_list or (part.index, expression) in wide_reads(plan)


def is_bookkeeping(part: Part) -> bool:
    """The form's own: names of the instance and of records. They follow from answers, which are judged."""
    return part.name.startswith("@") or "/meta/" in part.path


def expressions_of(part: Part) -> Iterator[Expression]:
    """Every expression that judging the part may evaluate."""
    found = (part.relevant, part.required, part.constraint, part.calculate, part.count)
    yield from (one for one in found if isinstance(one, Expression))
    if part.choices is not None:
        yield from (one for one in (part.choices.nodes, part.choices.member) if one is not None)


Asked = tuple[int, Expression]  # an expression for the nodes of a part, by its index


@dataclass(frozen=True, slots=True)
class Wide:
    """What an expression reads in more rows than its own: indexes of those parts, and how deep rows are compared."""

    parts: tuple[int, ...]
    depth: int


def readings(sheet: Sheet, index: int, expression: Expression) -> int:
    """How many nodes in other rows it reads at most, when it is evaluated for every node of its part."""
    wide = wide_reads(sheet.plan).get((index, expression))
    if wide is None:
        return 0
    most = max(len(sheet.cells[read]) for read in wide.parts)
    found: int = len(sheet.cells[index]) * most**wide.depth
    return found


def wide_reads(plan: FormPlan) -> Mapping[Asked, Wide]:
    """The expressions that read repeated parts in more rows than their own; found once per plan."""
    known: dict[Asked, Wide] | None = plan.kept.get("wide")
    if known is None:
        known = {}
        for part in plan.parts.values():
            for expression in expressions_of(part):
                if (found := _wide(plan, part, expression)) is not None:
                    known[part.index, expression] = found
        # Only when it is whole: another thread may judge by the same plan.
        plan.kept["wide"] = known
    return known


def _wide(plan: FormPlan, part: Part, expression: Expression) -> Wide | None:
    leaving = [reference for reference in expression.references if not _stays_in_row(part, reference)]
    read = {reference: plan.parts.get(path_from(part.path, reference.removesuffix("/*"))) for reference in leaving}
    repeated = {reference: found for reference, found in read.items() if found is not None and found.repeats_above()}
    if not repeated:
        return None
    # Each predicate over rows may go through all of them again.
    sieved = sum(len(re.findall(re.escape(reference) + r"\s*\[", expression.text)) for reference in repeated)
    return Wide(tuple(found.index for found in repeated.values()), max(1, sieved))


def _stays_in_row(part: Part, reference: str) -> bool:
    """Whether a relative path cannot leave the row that the part is in."""
    repeats = part.repeats_above()
    if reference.startswith("/"):
        return False
    if not repeats:
        return True
    up = reference.split("/").count("..")
    return part.path.count("/") - up >= repeats[-1].path.count("/")
