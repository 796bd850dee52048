"""Paths with anything XPath allows: axes, wildcards, predicates, expressions as a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.forms.xpath.code import Code, Kind
from server.forms.xpath.context import Context
from server.forms.xpath.look_up import look_up
from server.forms.xpath.predicates import sieves
from server.forms.xpath.quick import Find, absolute, name_of, of_find, quick_path
from server.forms.xpath.steps import advances, walk_through
from server.forms.xpath.syntax import Call, Filter, Path, Step
from server.forms.xpath.tree import Node, document_of
from server.forms.xpath.values import Nodes

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler


def compile_path(path: Path, compiler: Compiler) -> Code:
    """The fastest code for a path: plain names, a look-up in a list, or step by step."""
    quick = quick_path(path)
    if quick is not None:
        return quick
    if isinstance(path.start, Call) and path.start.name == "instance":
        found = look_up(path, compiler)
        if found is not None:
            return found
    start, steps = _start(path, compiler)
    return of_find(walk_through(start, advances(steps, compiler)))


def compile_filter(syntax: Filter, compiler: Compiler) -> Code:
    base = compiler.nodes(syntax.base, "[…]")
    found = sieves(syntax.predicates, compiler)

    def run(node: Node, context: Context) -> Nodes:
        nodes = base(node, context)
        for sieve in found:
            nodes = sieve(nodes, context)
        return nodes

    return Code(Kind.NODES, run)


def _start(path: Path, compiler: Compiler) -> tuple[Find, tuple[Step, ...]]:
    """Where the walk begins, and the steps that remain."""
    steps = path.steps
    if path.start == "":
        return (lambda node, context: [node]), steps
    if not isinstance(path.start, str):
        return compiler.nodes(path.start, "/"), steps
    # Plain names at the beginning of an absolute path mean the row of the context node.
    names = []
    for step in steps:
        name = name_of(step)
        if name is None:
            break
        names.append(name)
    if names:
        return absolute(tuple(names)), steps[len(names) :]
    return (lambda node, context: [document_of(context.root)]), steps
