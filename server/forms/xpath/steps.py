"""Steps of a path one after the other: axis, predicates, document order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from server.forms.xpath.axes import FAR, ORDERLY, Walk, walk_of
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError
from server.forms.xpath.order import in_order
from server.forms.xpath.predicates import Sieve, sieves
from server.forms.xpath.quick import Find
from server.forms.xpath.syntax import BELOW, HERE, Step
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Nodes

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

Advance = Callable[[Nodes, Context], Nodes]


def walk_through(start: Find, advances: list[Advance]) -> Find:
    def find(node: Node, context: Context) -> Nodes:
        nodes = start(node, context)
        for advance in advances:
            nodes = advance(nodes, context)
        return nodes

    return find


def advances(steps: tuple[Step, ...], compiler: Compiler) -> list[Advance]:
    """Each step as a function from nodes to nodes."""
    found: list[Advance] = []
    is_orderly = True
    for at, step in enumerate(steps):
        if step is HERE:
            continue
        is_orderly = is_orderly and step.axis in ORDERLY
        # The // before a name: texts have nothing below them.
        is_between = step is BELOW and at + 1 < len(steps) and steps[at + 1].axis in ("child", "attribute")
        filters = sieves(step.predicates, compiler)
        walk: Walk
        if is_between:
            walk, filters = _elements, [_spend]
        elif step.axis in FAR:
            # First everything on the axis: what is come by counts, not only what is wanted.
            walk = walk_of(step.axis, "*" if _is_name(step.test) else step.test)
            filters = [_spend, *_of_name(step.test), *filters]
        else:
            walk = walk_of(step.axis, step.test)
        found.append(_advance(walk, filters, is_orderly))
    return found


def _of_name(test: str) -> list[Sieve]:
    name = test.rpartition(":")[2]
    return [lambda nodes, context: [node for node in nodes if node.name == name]] if _is_name(test) else []


def _is_name(test: str) -> bool:
    return not test.endswith((")", "*"))


def _spend(nodes: Nodes, context: Context) -> Nodes:
    """Lets all nodes through until there were too many: each may look at all others, and those at all again."""
    context.left -= len(nodes) + 1
    if context.left < 0:
        raise EvaluationError("too_much")
    return nodes


def _elements(node: Node) -> Nodes:
    return list(node.walk())


def _advance(walk: Walk, filters: list[Sieve], is_orderly: bool) -> Advance:
    def advance(nodes: Nodes, context: Context) -> Nodes:
        found: Nodes = []
        for node in nodes:
            next_nodes = walk(node)
            for sieve in filters:
                next_nodes = sieve(next_nodes, context)
            found.extend(next_nodes)
        return found if is_orderly else in_order(found)

    return advance
