"""What a select may hold: fixed choices, or the rows of a list that its filter lets through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from server.forms.evaluation.texts import Text
from server.forms.xpath import Context, EvaluationError, Expression, Node, Table, compile_expression, text_of

_RANDOMIZE = re.compile(r"\s*randomize\((.*)\)\s*", re.DOTALL)
_LIST = re.compile(r"(instance\(\s*(['\"])([^'\"]+)\2\s*\)(?:/[\w.-]+)+)\s*((?:\[.*\])?)", re.DOTALL)
_ITEXT = re.compile(r"jr:itext\(\s*([\w.-]+)\s*\)")
_NOWHERE = Node("")
_BY_PLACE = re.compile(r"position\(|last\(|\[\s*\d+\s*\]")


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices of one select.

    `fixed`: the values, where every node of the question has the same. Else `nodes`, the expression of the itemset;
    `member` is the same list reduced to the row whose value is the node's own: it finds one row by index, where the
    whole list would have to be filtered. `value` and `label` name the children of a row; `source` the list's id.
    """

    fixed: frozenset[str] | None = None
    labels: Mapping[str, Text | None] | None = None
    nodes: Expression | None = None
    member: Expression | None = None
    value: str = "name"
    label: str = "label"
    label_is_itext: bool = False
    source: str | None = None

    def row(self, context: Context, token: str) -> Node | None:
        """The row of a list whose value is `token`, seen from the node that asks."""
        node = context.node
        context.node = _twin(node, token)
        try:
            found = (self.member or self.nodes)(context) if self.nodes is not None else []
        finally:
            context.node = node
        rows = found if isinstance(found, list) else []
        return next((row for row in rows if text_of(row.named.get(self.value, [])) == token), None)

    def holds(self, context: Context, token: str) -> bool:
        """Whether `token` is among the choices of the node `context.node`."""
        if self.fixed is not None:
            return token in self.fixed
        if self.member is None:
            return token in set(self.values(context))
        node = context.node
        context.node = _twin(node, token)
        try:
            return bool(self.member.value_at(context.node, context))
        finally:
            context.node = node

    def values(self, context: Context) -> Iterator[str]:
        """The values in order, as the person sees them."""
        if self.labels is not None:
            yield from self.labels
        elif self.nodes is not None:
            found = self.nodes(context)
            for row in found if isinstance(found, list) else ():
                yield text_of(row.named.get(self.value, []))


def _twin(node: Node, token: str) -> Node:
    """A node that stands where `node` stands and holds one of its values."""
    twin = Node(node.name, token)
    twin.parent = node.parent
    return twin


def listed(nodeset: str, value: str, label: str, instances: Mapping[str, Node | Table]) -> Choices:
    """The choices of an itemset; `label` names a column, or jr:itext(column). Raises ExpressionError."""
    itext = _ITEXT.fullmatch(label)
    found = _listed(nodeset, value, itext[1] if itext else label, instances)
    return replace(found, label_is_itext=itext is not None)


def _listed(nodeset: str, value: str, label: str, instances: Mapping[str, Node | Table]) -> Choices:
    inner = _RANDOMIZE.fullmatch(nodeset)
    plain = _without_seed(inner[1]) if inner else nodeset.strip()
    found = _LIST.fullmatch(plain)
    if found is None:
        return Choices(nodes=compile_expression(plain), value=value, label=label)
    rows, _, source, predicates = found.groups()
    own = instances.get(source)
    if not predicates and isinstance(own, Table):
        return Choices(
            fixed=frozenset(row.get(value, "") for row in own.rows), value=value, label=label, source=source,
            nodes=compile_expression(plain), member=compile_expression(f"{plain}[{value} = current()]"),
        )  # fmt: skip
    nodes = compile_expression(plain)
    fixed = _unchanging(nodes, value, instances) if isinstance(own, Table) else None
    in_place = _BY_PLACE.search(predicates) is not None
    member = None if in_place else compile_expression(f"{rows}[{value} = current()]{predicates}")
    return Choices(fixed=fixed, nodes=nodes, member=member, value=value, label=label, source=source)


def _unchanging(nodes: Expression, value: str, instances: Mapping[str, Node | Table]) -> frozenset[str] | None:
    """The values of a list that is filtered the same for everybody (kind = 'a'); None for any other."""
    if not nodes.is_closed or nodes.lists - instances.keys():
        return None
    try:
        found = nodes(Context(node=_NOWHERE, root=_NOWHERE, instances=instances))
    except EvaluationError:
        return None
    return frozenset(text_of(row.named.get(value, [])) for row in found) if isinstance(found, list) else None


def _without_seed(inner: str) -> str:
    """The node-set of randomize(nodeset, seed): up to the last comma outside brackets."""
    depth = 0
    for at, sign in enumerate(inner):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            return inner[:at].strip()
    return inner.strip()
