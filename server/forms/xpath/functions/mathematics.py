"""Functions of numbers, with Java's answers where Python would raise."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, RunNumber
from server.forms.xpath.functions.registry import Wants, plain, special
from server.forms.xpath.java import LONG_MAX, LONG_MIN, to_int, to_long
from server.forms.xpath.numbers import NAN
from server.forms.xpath.syntax import Call
from server.forms.xpath.values import Day, Value, number_of

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

_NUMBER = Wants.NUMBER
_EXACT = Context(prec=400)
_MAX_PLACES = 30


@special("number", least=0, most=1)
def _number(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    read: RunNumber = code.number(arguments[0]) if arguments else lambda node, context: number_of(node.value)
    return Code(Kind.NUMBER, read)


@special("random", least=0, most=0)
def _random(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    return Code(Kind.NUMBER, lambda node, context: random.random())  # noqa: S311 - no secret, a form asks for it


plain("pi", gives=Kind.NUMBER)(lambda: math.pi)


@plain("floor", wants=(_NUMBER,), gives=Kind.NUMBER)
def _floor(number: float) -> float:
    return float(math.floor(number)) if math.isfinite(number) else number


@plain("ceiling", wants=(_NUMBER,), gives=Kind.NUMBER)
def _ceiling(number: float) -> float:
    return math.copysign(math.ceil(number), number) if math.isfinite(number) else number


@plain("int", wants=(_NUMBER,), gives=Kind.NUMBER)
def _int(number: float) -> float:
    if not math.isfinite(number) or number >= LONG_MAX or number <= LONG_MIN:
        return number
    return math.copysign(float(int(number)), number)


@plain("round", wants=(_NUMBER, _NUMBER), gives=Kind.NUMBER, optional=1)
def _round(number: float, decimals: float = 0.0) -> float:
    """Half goes up (-2.5 → -2); with `decimals` as spreadsheets do it, negative ones round to tens."""
    places = to_int(decimals)
    if not math.isfinite(number):
        return number
    if abs(places) > _MAX_PLACES:
        return NAN
    if places == 0 and abs(number) < 2**52:
        whole = math.floor(number)
        return float(whole + (number - whole >= 0.5))
    if places >= 0:
        way = ROUND_HALF_DOWN if number < 0 else ROUND_HALF_UP
        return float(Decimal(repr(number)).quantize(Decimal(1).scaleb(-places), way, _EXACT)) + 0.0
    # JavaRosa cuts the half-added number off towards zero.
    scaled = float(Decimal(repr(number)).scaleb(places))
    return float(Decimal(to_long(scaled + 0.5)).scaleb(-places))


def _double(value: Value) -> float:
    """A computed date is the days since 1970 with their fraction; that of a node is whole days, as in number()."""
    return value.days + value.millis / 86_400_000 if isinstance(value, Day) else number_of(value)


def _declare(name: str, compute: Callable[..., float], arguments: int = 1) -> None:
    def safe(*values: Value) -> float:
        try:
            return compute(*map(_double, values))
        except ValueError:
            return NAN
        except OverflowError:
            return math.inf

    plain(name, wants=(Wants.VALUE,) * arguments, gives=Kind.NUMBER)(safe)


def _abs(number: float) -> float:
    return abs(number)


def _exp10(number: float) -> float:
    return _pow(10.0, number)


def _log(number: float) -> float:
    return -math.inf if number == 0 else math.log(number)


def _log10(number: float) -> float:
    return -math.inf if number == 0 else math.log10(number)


def _pow(base: float, exponent: float) -> float:
    """Java: 1 to the power of NaN or of an infinity is NaN."""
    if exponent == 0:
        return 1.0
    if math.isnan(base) or math.isnan(exponent) or (abs(base) == 1 and math.isinf(exponent)):
        return NAN
    is_odd = exponent.is_integer() and exponent % 2 == 1
    sign = math.copysign(1.0, base) if is_odd else 1.0
    if base == 0 and exponent < 0:
        return sign * math.inf
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return sign * math.inf


_OF_ONE: dict[str, Callable[[float], float]] = {
    "abs": _abs,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "exp10": _exp10,
    "log": _log,
    "log10": _log10,
}
for _name, _compute in _OF_ONE.items():
    _declare(_name, _compute)
_declare("atan2", math.atan2, 2)
_declare("pow", _pow, 2)
