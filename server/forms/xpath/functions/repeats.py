"""indexed-repeat(question, repeat, row, …): a question in a certain row of one or several repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import NOTHING, Code, RunNumber
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError, ExpressionError
from server.forms.xpath.functions.registry import FUNCTIONS, Function
from server.forms.xpath.java import to_int
from server.forms.xpath.quick import name_of, of_find
from server.forms.xpath.syntax import HERE, UP, Call, Path, Syntax
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Nodes

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A path of plain names: `ups` steps up from the context node (None: absolute), then names."""

    ups: int | None
    names: Names

    def names_from(self, node: Node) -> Names:
        """The names from the root element down."""
        if self.ups is None:
            return self.names
        above = node.path.split("/")[1:]
        return (*above[: len(above) - self.ups], *self.names)


def _compile(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    target = _plain(call.arguments[0], call)
    repeats = [_plain(argument, call) for argument in call.arguments[1::2]]
    rows: list[RunNumber] = [code.number(argument) for argument in arguments[2::2]]

    def find(node: Node, context: Context) -> Nodes:
        names = target.names_from(node)
        chosen: dict[int, int] = {}
        for at, (repeat, row) in enumerate(zip(repeats, rows, strict=True)):
            above = repeat.names_from(node)
            if len(above) >= len(names) or names[: len(above)] != above:
                raise EvaluationError("indexed_repeat", argument=2 * at + 2)
            # No row before the first: a row's number may not be known yet.
            chosen[len(above) - 1] = max(to_int(row(node, context)), 1)
        return _pick(names, chosen, node, context)

    return of_find(find)


def _plain(syntax: Syntax, call: Call) -> _Plain:
    if isinstance(syntax, Path) and syntax.start in ("", "/"):
        steps = [step for step in syntax.steps if step is not HERE]
        ups = next((at for at, step in enumerate(steps) if step is not UP), len(steps))
        names = [name_of(step) for step in steps[ups:]]
        if None not in names:
            return _Plain(None if syntax.start == "/" else ups, tuple(str(name) for name in names))
    raise ExpressionError("nodes", call.at, name=call.name)


def _pick(names: Names, chosen: dict[int, int], node: Node, context: Context) -> Nodes:
    """Walk down the names: the chosen row of an indexed repeat, the own row of any other."""
    above = _ancestors(node)
    found: Nodes = [context.root] if context.root.name == names[0] else NOTHING
    for depth, name in enumerate(names[1:], 1):
        like = [child for one in found for child in one.named.get(name, NOTHING)]
        if depth in chosen:
            found = like[chosen[depth] - 1 : chosen[depth]]
        else:
            found = [one for one in like if id(one) in above] or like
    return found


def _ancestors(node: Node) -> set[int]:
    found, one = set(), node
    while one.parent is not None:
        found.add(id(one))
        one = one.parent
    return found


FUNCTIONS["indexed-repeat"] = Function("indexed-repeat", 3, 11, _compile, is_pure=False, step=2)
