"""An expression, parsed and compiled once."""

from __future__ import annotations

from server.forms.xpath.context import Context
from server.forms.xpath.values import Value


class Expression:
    """A compiled expression; call it with a Context as often as needed. Immutable and safe between threads.

    text        as written
    references  the paths that it reads in the primary instance as written, without predicates: /data/a, ../b, .
                Paths inside predicates are included, seen from the expression's own node.
    functions   names of the functions that it calls
    is_stable   calls none of now, today, random, once, uuid, randomize without a seed: its result can be judged again
    constant    its value when it depends on nothing at all, else None
    """

    text: str
    references: frozenset[str]
    functions: frozenset[str]
    is_stable: bool
    constant: Value | None

    def __call__(self, context: Context) -> Value:
        """The value. Raises EvaluationError (date of a text that is none, …)."""
        raise NotImplementedError

    def text_of(self, context: Context) -> str:
        """string(expression)."""
        raise NotImplementedError

    def truth(self, context: Context) -> bool:
        """boolean(expression)."""
        raise NotImplementedError

    def number(self, context: Context) -> float:
        """number(expression); NaN when it is none."""
        raise NotImplementedError

    def reads(self, at: str) -> frozenset[str]:
        """Absolute paths (without positions) of what it reads when it belongs to the node `at` (/data/row/x).

        A path ending in "/*" stands for everything below (wildcards, //).
        """
        raise NotImplementedError


def compile_expression(text: str) -> Expression:
    """Parse and compile. Raises ExpressionError: not XPath, an unknown function, wrong number of arguments."""
    raise NotImplementedError
