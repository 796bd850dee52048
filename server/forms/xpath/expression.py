"""An expression, parsed and compiled once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from server.forms.xpath import code
from server.forms.xpath.compiler import Compiler
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError
from server.forms.xpath.functions import is_closed
from server.forms.xpath.parser import parse
from server.forms.xpath.reads import calls, columns, is_far, is_stable, references
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Atom, Value

T = TypeVar("T")


class Expression:
    """A compiled expression; call it with a Context as often as needed. Immutable and safe between threads.

    text        as written
    references  the paths that it reads in the primary instance, without predicates, as seen from the
                expression's own node: /data/a, ../b, . ("/*" at the end: everything below)
    functions   names of the functions that it calls
    lists       names of the secondary instances that it reads by a literal name
    columns     (list, column) for each column of theirs that it names
    is_closed   it depends on nothing but the secondary instances that it names
    is_stable   calls none of now, today, random, once, uuid, randomize without a seed: its result can be judged again
    is_far      it may go through the whole tree, for which there is a limit (Context.left)
    constant    its value when it depends on nothing at all, else None
    bounds      (least, most) when it says no more than that its own node holds a number between them, else None
    value_at, truth_at  the compiled code itself, (node, context) → value or truth, for who evaluates by the hundred:
                a RecursionError comes out of it as such

    An evaluation raises EvaluationError when there is no value (the date of a text that is none, a missing list).
    """

    __slots__ = (
        "_number", "_paths", "_text", "bounds", "columns", "constant", "functions", "is_closed", "is_far", "is_stable",
        "lists", "references", "text", "truth_at", "value_at",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        syntax = parse(text)
        compiled = Compiler().code(syntax)
        called = list(calls(syntax))
        self.text = text
        self.value_at, self.truth_at = compiled.run, code.truth(compiled)
        self._text, self._number = code.text(compiled), code.number(compiled)
        self._paths = references(syntax)
        self.references = frozenset(map(str, self._paths))
        self.functions = frozenset(call.name for call in called)
        self.lists = frozenset(name for call in called for name in call.lists)
        self.columns = frozenset(columns(syntax))
        self.is_stable = is_stable(called)
        self.is_closed = not self._paths and is_closed(called)
        self.is_far = is_far(syntax)
        self.constant: Atom | None = compiled.constant
        self.bounds = compiled.bounds

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __reduce__(self) -> tuple[Callable[[str], Expression], tuple[str]]:
        """Pickled as its text: a form that is compiled in another process comes back with its expressions."""
        return compile_expression, (self.text,)

    def __call__(self, context: Context) -> Value:
        """The value."""
        return _bounded(self.value_at, context)

    def text_of(self, context: Context) -> str:
        """string(expression)."""
        return _bounded(self._text, context)

    def truth(self, context: Context) -> bool:
        """boolean(expression)."""
        return _bounded(self.truth_at, context)

    def number(self, context: Context) -> float:
        """number(expression); NaN when it is none."""
        return _bounded(self._number, context)

    def reads(self, at: str) -> frozenset[str]:
        """Absolute paths (without positions) of what it reads when it belongs to the node `at` (/data/row/x).

        A path ending in "/*" stands for everything below (wildcards, //).
        """
        return frozenset(path.at(at) for path in self._paths)


def _bounded(run: Callable[[Node, Context], T], context: Context) -> T:
    try:
        return run(context.node, context)
    except RecursionError as error:
        raise EvaluationError("too_deep") from error


@lru_cache(maxsize=8192)
def compile_expression(text: str) -> Expression:
    """Parse and compile. Raises ExpressionError: not XPath, an unknown function, wrong number of arguments."""
    return Expression(text)
