"""instance('list')/root/item[name = …]/label: found by index instead of row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, Run, RunTruth
from server.forms.xpath.context import Context
from server.forms.xpath.literals import equal
from server.forms.xpath.predicates import Sieve, asks_context, asks_place, sieves
from server.forms.xpath.quick import name_of
from server.forms.xpath.steps import advances, walk_through
from server.forms.xpath.syntax import Call, Chain, Path, Syntax
from server.forms.xpath.table import Table
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Atom, Nodes, Value

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler


# Where a key is computed: no row of a repeat is its own there.
_ELSEWHERE = Node("")
_NO_ROWS: Sequence[int] = ()


@dataclass(slots=True)
class _Match:
    """column = key, where the key is the same for all rows."""

    column: str
    key: Run


def look_up(path: Path, compiler: Compiler) -> Code | None:
    """The code of a path into a list with an equality that an index can answer; None when there is none."""
    steps = path.steps
    if not isinstance(path.start, Call) or not path.start.lists or len(steps) < 2:
        return None
    if name_of(steps[0]) != "root" or steps[1].axis != "child" or steps[1].test != "item":
        return None
    split = _split(steps[1].predicates, compiler)
    return _compile(path.start, split, path, compiler) if split.matches else None


@dataclass(slots=True)
class _Split:
    """Predicates apart: the first match asks the index, the others filter what it found.

    `gates`: conditions that are the same for all rows; `truths`: those of a row; `rest`: anything else.
    """

    matches: list[_Match]
    gates: list[RunTruth]
    truths: list[RunTruth]
    rest: list[Sieve]

    def rows(self, table: Table, node: Node, context: Context) -> Sequence[int]:
        first = self.matches[0]
        found = table.where(first.column, first.key(node, context))
        for match in self.matches[1:]:
            if not found:
                return found
            value = match.key(node, context)
            found = [row for row in found if _is(table.rows[row].get(match.column), value)]
        for gate in self.gates:
            if not found or not gate(_ELSEWHERE, context):
                return _NO_ROWS
        for truth in self.truths:
            found = [row for row in found if truth(table.item(row), context)]
        return found


def _is(cell: str | None, value: Value) -> bool:
    if cell is None:
        return value is False
    if isinstance(value, list):
        return any(equal(cell, node.value) for node in value)
    return equal(cell, value)


def _split(predicates: tuple[Syntax, ...], compiler: Compiler) -> _Split:
    """Take equalities out of the predicates, as long as no predicate depends on places in the node-set."""
    split = _Split([], [], [], [])
    for at, predicate in enumerate(predicates):
        compiled = compiler.code(predicate)
        if compiled.kind is not Kind.TRUTH or asks_place(predicate):
            split.rest = sieves(predicates[at:], compiler)
            break
        for condition in _conditions(predicate):
            match = _match(condition, compiler)
            if match is not None:
                split.matches.append(match)
            else:
                conditions = split.truths if asks_context(condition) else split.gates
                conditions.append(code.truth(compiler.code(condition)))
    return split


def _conditions(syntax: Syntax) -> tuple[Syntax, ...]:
    is_and = isinstance(syntax, Chain) and syntax.operators[0] == "and"
    return syntax.operands if is_and and isinstance(syntax, Chain) else (syntax,)


def _match(condition: Syntax, compiler: Compiler) -> _Match | None:
    if not isinstance(condition, Chain) or condition.operators != ("=",):
        return None
    left, right = condition.operands
    for column, key in ((left, right), (right, left)):
        name = _column(column)
        if name is not None and not asks_context(key):
            return _Match(name, _key(key, compiler.code(key)))
    return None


def _key(syntax: Syntax, compiled: Code) -> Run:
    """A path alone means the own row of a repeat (as Collect's index sees it); inside a formula it does not."""
    run = code.compared(compiled)
    if isinstance(syntax, Path) or compiled.constant is not None:
        return run
    return lambda node, context: run(_ELSEWHERE, context)


def _column(syntax: Syntax) -> str | None:
    is_child = isinstance(syntax, Path) and syntax.start == "" and len(syntax.steps) == 1
    return name_of(syntax.steps[0]) if is_child and isinstance(syntax, Path) else None


def _compile(instance: Call, split: _Split, path: Path, compiler: Compiler) -> Code:
    (name,) = instance.lists
    row_by_row = walk_through(compiler.nodes(instance, "/"), advances(path.steps, compiler))
    tail = path.steps[2:]
    column = name_of(tail[0]) if len(tail) == 1 else None
    beyond = advances(tail, compiler)

    def find(node: Node, context: Context) -> Nodes:
        table = context.instances.get(name)
        if type(table) is not Table:
            return row_by_row(node, context)
        found: Nodes = [table.item(row) for row in split.rows(table, node, context)]
        for sieve in split.rest:
            found = sieve(found, context)
        for advance in beyond:
            found = advance(found, context)
        return found

    def first(node: Node, context: Context) -> Atom:
        table = context.instances.get(name)
        if column is None or split.rest or type(table) is not Table:
            found = find(node, context)
            return found[0].value if found else ""
        for row in split.rows(table, node, context):
            if column in table.rows[row]:
                return table.rows[row][column]
        return ""

    return Code(Kind.NODES, find, first, find)
