"""Names in expressions that lead nowhere: questions, lists and columns that the form does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.forms.evaluation import FormPlan
from server.forms.evaluation.plan import Part
from server.forms.issue import Issue
from server.forms.messages import issue
from server.forms.xpath import Expression, Table

_COLUMNS = {
    "relevant": "relevant",
    "constraint": "constraint",
    "calculate": "calculation",
    "required": "required",
    "readonly": "read_only",
    "count": "repeat_count",
}


Place = Callable[[str], str]


def bare_names(plan: FormPlan, place: Place) -> Iterator[Issue]:
    """Words that are probably texts without quotes (${a} = yes): clients read them as empty questions."""
    for part in plan.parts.values():
        for column, expression in expressions_by_column(part):
            for path in sorted(expression.reads(part.path)):
                if path not in plan.parts and _is_bare(path, part):
                    name = path.rpartition("/")[2]
                    yield issue("author.bare_name", place(part.name), column=column, name=name)


def _is_bare(path: str, part: Part) -> bool:
    return not part.below and path.rpartition("/")[0] == part.path and not path.endswith("/*")


def unknown_names(plan: FormPlan, place: Place) -> Iterator[Issue]:
    """An issue for each name; `place` tells where a question of a name stands."""
    columns = {name: _columns(found) for name, found in plan.instances.items() if isinstance(found, Table)}
    for part in plan.parts.values():
        # What pyxform wrote itself; a wrong entity list is told by the check against the datasets.
        if "/meta/" in part.path:
            continue
        for column, expression in expressions_by_column(part):
            for code, values in _unknown(plan, part, expression, columns):
                yield issue(f"author.{code}", place(part.name), column=column, **values)


def _columns(table: Table) -> frozenset[str]:
    return frozenset(name for row in table.rows for name in row)


def expressions_by_column(part: Part) -> Iterator[tuple[str, Expression]]:
    """What the part computes, each with the column it was written in."""
    for attribute, column in _COLUMNS.items():
        expression = getattr(part, attribute)
        if isinstance(expression, Expression):
            yield column, expression
    if part.choices is not None and part.choices.nodes is not None:
        yield "choice_filter", part.choices.nodes


def _unknown(
    plan: FormPlan, part: Part, expression: Expression, columns: dict[str, frozenset[str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(expression.reads(part.path)):
        known_path = path.removesuffix("/*")
        if known_path and known_path not in plan.parts and not _is_bare(path, part):
            yield "unknown_path", {"path": path}
    known = {*plan.instances, *plan.files}
    for name in sorted(expression.lists):
        if name not in known and name.removesuffix(".csv") not in known:
            yield "unknown_list", {"name": name, "known": ", ".join(sorted(known)) or "–"}
    for name, column in sorted(expression.columns):
        if columns.get(name) and column not in columns[name]:
            yield "unknown_column", {"list": name, "name": column, "known": ", ".join(sorted(columns[name]))}
