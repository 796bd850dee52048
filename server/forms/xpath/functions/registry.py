"""How functions are declared: their names, arguments, and how calls of them become code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, Run
from server.forms.xpath.errors import ExpressionError
from server.forms.xpath.syntax import Call

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

Compile = Callable[[Call, list[Code], "Compiler"], Code]


class Wants(Enum):
    """What a function wants an argument to be."""

    TEXT = auto()
    NUMBER = auto()
    TRUTH = auto()
    # A text, number, truth or date as it is; of nodes the value of the first.
    ATOM = auto()
    # As it is, nodes too.
    VALUE = auto()


def _run(part: Code) -> Run:
    return part.run


_READERS: dict[Wants, Callable[[Code], Any]] = {
    Wants.TEXT: code.text,
    Wants.NUMBER: code.number,
    Wants.TRUTH: code.truth,
    Wants.ATOM: code.atom,
    Wants.VALUE: _run,
}


@dataclass(frozen=True, slots=True)
class Function:
    """`least` to `most` arguments (None: any number); `step`: how many come at a time above `least`.

    is_pure: equal arguments give the same result anywhere, so calls with constants are computed once.
    """

    name: str
    least: int
    most: int | None
    compile: Compile
    is_pure: bool
    step: int = 1

    def check(self, call: Call) -> None:
        """Raises ExpressionError when the number of arguments is wrong."""
        given = len(call.arguments)
        is_right = given >= self.least and (self.most is None or given <= self.most)
        if not is_right or (given - self.least) % self.step:
            raise ExpressionError("arity", call.at, name=call.name, wanted=self.arity, given=given)

    @property
    def arity(self) -> str:
        if self.most == self.least:
            return str(self.least)
        if self.most is None:
            return f"≥ {self.least}"
        return f"{self.least}–{self.most}"


FUNCTIONS: dict[str, Function] = {}


def special(
    *names: str, least: int, most: int | None, pure: bool = False, step: int = 1
) -> Callable[[Compile], Compile]:
    """Declare a function that makes its own code."""

    def declare(build: Compile) -> Compile:
        for name in names:
            FUNCTIONS[name] = Function(name, least, most, build, pure, step)
        return build

    return declare


def plain(
    *names: str, wants: Sequence[Wants] = (), gives: Kind, optional: int = 0, in_context: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function of values; the last `optional` arguments may be left out.

    in_context: it gets the Context first (time zone, lists), so its result is not a constant.
    """

    def declare(compute: Callable[..., Any]) -> Callable[..., Any]:
        def build(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
            readers = [_READERS[want](argument) for want, argument in zip(wants, arguments, strict=False)]
            return Code(gives, _in_context(compute, readers) if in_context else _applied(compute, readers))

        for name in names:
            FUNCTIONS[name] = Function(name, len(wants) - optional, len(wants), build, not in_context)
        return compute

    return declare


def _applied(compute: Callable[..., Any], readers: list[Run]) -> Run:
    """A closure per number of arguments: the general one costs twice as much."""
    if len(readers) == 1:
        (a,) = readers
        return lambda node, context: compute(a(node, context))
    if len(readers) == 2:
        a, b = readers
        return lambda node, context: compute(a(node, context), b(node, context))
    return lambda node, context: compute(*[read(node, context) for read in readers])


def _in_context(compute: Callable[..., Any], readers: list[Run]) -> Run:
    if not readers:
        return lambda node, context: compute(context)
    return lambda node, context: compute(context, *[read(node, context) for read in readers])
