"""Syntax → code."""

from __future__ import annotations

from collections.abc import Sequence

from server.forms.xpath import code
from server.forms.xpath.arithmetic import compile_arithmetic, compile_negative
from server.forms.xpath.code import Code, Kind, RunNodes, RunTruth, constant
from server.forms.xpath.comparisons import compile_comparison
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError, ExpressionError
from server.forms.xpath.functions import function_of
from server.forms.xpath.literals import within
from server.forms.xpath.order import in_order
from server.forms.xpath.paths import compile_filter, compile_path
from server.forms.xpath.syntax import Call, Chain, Negative, Number, Path, Syntax, Text
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Nodes

_NOWHERE = Node("")
_NO_CONTEXT = Context(node=_NOWHERE, root=_NOWHERE)
_COMPARISONS = frozenset(["=", "!=", "<", "<=", ">", ">="])


class Compiler:
    """Compiles one expression."""

    def code(self, syntax: Syntax) -> Code:
        if isinstance(syntax, Path):
            return compile_path(syntax, self)
        if isinstance(syntax, Text):
            return constant(syntax.text)
        if isinstance(syntax, Number):
            return constant(syntax.number)
        if isinstance(syntax, Call):
            return self.call(syntax)
        if isinstance(syntax, Chain):
            return self.chain(syntax)
        if isinstance(syntax, Negative):
            operand = self.code(syntax.operand)
            return _folded(compile_negative(operand), [operand])
        return compile_filter(syntax, self)

    def call(self, call: Call) -> Code:
        function = function_of(call)
        arguments = [self.code(argument) for argument in call.arguments]
        compiled = function.compile(call, arguments, self)
        return _folded(compiled, arguments) if function.is_pure else compiled

    def chain(self, chain: Chain) -> Code:
        operands = [self.code(operand) for operand in chain.operands]
        sign = chain.operators[0]
        if sign in ("and", "or"):
            return _folded(_logical(sign, operands), operands)
        if sign == "|":
            return _union([self.need_nodes(one, "|", 0) for one in operands])
        if sign in _COMPARISONS:
            compiled = operands[0]
            for sign, right in zip(chain.operators, operands[1:], strict=True):
                compiled = _folded(compile_comparison(sign, compiled, right), [compiled, right])
            return compiled
        return _folded(compile_arithmetic(chain.operators, operands), operands)

    def nodes(self, syntax: Syntax, name: str) -> RunNodes:
        """The part as nodes; `name` says who wants them."""
        at = syntax.at if isinstance(syntax, Call) else 0
        return self.need_nodes(self.code(syntax), name, at)

    def need_nodes(self, compiled: Code, name: str, at: int) -> RunNodes:
        """Raises ExpressionError when it can never be nodes, EvaluationError later when it happens not to be."""
        run = compiled.run
        if compiled.kind is Kind.NODES:
            return run  # type: ignore[return-value]
        if compiled.kind is not Kind.ANY:
            raise ExpressionError("nodes", at, name=name)

        def nodes(node: Node, context: Context) -> Nodes:
            value = run(node, context)
            if not isinstance(value, list):
                raise EvaluationError("no_nodes", name=name)
            return value

        return nodes


def _folded(compiled: Code, parts: Sequence[Code]) -> Code:
    """The value itself when all parts are constants and it can be computed now."""
    if any(part.constant is None for part in parts):
        return compiled
    try:
        value = compiled.run(_NOWHERE, _NO_CONTEXT)
    except EvaluationError:
        return compiled
    return compiled if isinstance(value, list) else constant(value)


def _logical(sign: str, operands: list[Code]) -> Code:
    bounds = [operand.bounds for operand in operands if operand.bounds is not None]
    if sign == "and" and len(bounds) == len(operands):
        return within(max(least for least, _ in bounds), min(most for _, most in bounds))
    runs = [code.truth(operand) for operand in operands]
    if len(runs) == 2:
        return Code(Kind.TRUTH, _logical_two(sign, runs[0], runs[1]))
    is_or = sign == "or"

    def run(node: Node, context: Context) -> bool:
        for truth in runs:
            if truth(node, context) is is_or:
                return is_or
        return not is_or

    return Code(Kind.TRUTH, run)


def _logical_two(sign: str, a: RunTruth, b: RunTruth) -> RunTruth:
    if sign == "or":
        return lambda node, context: a(node, context) or b(node, context)
    return lambda node, context: a(node, context) and b(node, context)


def _union(runs: list[RunNodes]) -> Code:
    return Code(Kind.NODES, lambda node, context: in_order([one for run in runs for one in run(node, context)]))
