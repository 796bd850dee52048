"""How the answers of one form become tables: columns in form order, repeats as child tables, versions united. PURE.

A column is the union over versions: its name is the path inside its table, so that the same question of two versions is
one column, and a question that moved is two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.forms.model import FormModel, Question

# Parts of a place, in the order in which ODK writes them.
POINT_PARTS = ("lat", "lon", "altitude_m", "accuracy_m")


@dataclass(frozen=True)
class Column:
    """`question` is that of the newest version that has it; `part` is of a place, else ""."""

    name: str
    question: Question
    part: str


@dataclass(frozen=True)
class Table:
    """`path`: of the repeat; the form's own table has that of the root. `above`: path of the table that holds it."""

    name: str
    path: str
    above: str | None
    columns: tuple[Column, ...]


def tables_of(models: Sequence[FormModel]) -> tuple[Table, ...]:
    """The tables of these versions of one form, oldest first; the form's own table leads."""
    newest_first = list(reversed(models))
    repeats: dict[str, None] = {}
    for model in newest_first:
        repeats |= dict.fromkeys(sorted(model.repeats, key=lambda path: (path.count("/"), path)))
    root = _root(newest_first)
    names: dict[str, str] = {}
    for path in repeats:
        short = path.rpartition("/")[2]
        names[path] = short if short not in names.values() and short != "answers" else path.strip("/").replace("/", "-")
    tables = [Table("answers", root, None, _columns(newest_first, root))]
    for path in repeats:
        above = repeat_above(path, list(repeats)) or root
        tables.append(Table(names[path], path, above, _columns(newest_first, path)))
    return tuple(tables)


def repeat_above(path: str, repeats: Sequence[str] | frozenset[str]) -> str | None:
    """The innermost repeat that holds this path, itself left out."""
    holding = [repeat for repeat in repeats if path.startswith(f"{repeat}/")]
    return max(holding, key=len, default=None)


def column_names(question: Question, table: str) -> Iterator[tuple[str, str]]:
    """(column, part) of a question in the table at this path."""
    name = question.path[len(table) + 1 :].replace("/", "-")
    if question.type == "geopoint":
        yield from ((f"{name}-{part}", part) for part in POINT_PARTS)
    else:
        yield name, ""


def _root(models: Sequence[FormModel]) -> str:
    first = next((model.questions[0].path for model in models if model.questions), "/data")
    return "/" + first.split("/")[1]


def _columns(models: Sequence[FormModel], table: str) -> tuple[Column, ...]:
    """The newest version's order; what only older ones have stands behind what it followed there."""
    order: list[str] = []
    found: dict[str, Column] = {}
    for model in models:
        before = -1
        for column in _own_columns(model, table):
            if column.name in found:
                before = order.index(column.name)
            else:
                found[column.name] = column
                before += 1
                order.insert(before, column.name)
    return tuple(found[name] for name in order)


def _own_columns(model: FormModel, table: str) -> Iterator[Column]:
    for question in model.questions:
        own_table = repeat_above(question.path, model.repeats) or _root([model])
        if own_table == table and question.type != "note":
            yield from (Column(name, question, part) for name, part in column_names(question, table))
