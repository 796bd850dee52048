"""Functions of places: area, distance, geofence, intersects, with the formulas of ODK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, Run
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError
from server.forms.xpath.functions.registry import Wants, plain, special
from server.forms.xpath.functions.sets import atoms
from server.forms.xpath.geometry import Place, area, crosses_itself, distance, is_inside
from server.forms.xpath.syntax import Call
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Value, text_of

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler


def _place(text: str, name: str) -> Place:
    """“latitude longitude [altitude [accuracy]]”; an empty text is 0 0, as in JavaRosa."""
    try:
        numbers = [float(part) for part in text.split()]
    except ValueError:
        numbers = [0.0] * 5
    if len(numbers) > 4:
        raise EvaluationError("place", name=name, text=text[:40])
    latitude, longitude = [*numbers, 0.0, 0.0][:2]
    return latitude, longitude


def _trace(text: str, name: str) -> list[Place]:
    """Places with semicolons between; one at the end changes nothing."""
    return [_place(part, name) for part in text.rstrip("; \t\r\n").split(";")]


def _places(value: Value, name: str) -> list[Place]:
    """One text or node: a trace or shape. Several nodes: a place each. No node: nothing."""
    if not isinstance(value, list):
        return _trace(text_of(value), name)
    if len(value) == 1:
        return _trace(text_of(value), name)
    return [_place(text_of(node.value), name) for node in value]


@special("area", "enclosed-area", least=1, most=1)
def _area(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    run: Run = arguments[0].run
    return Code(Kind.NUMBER, lambda node, context: area(_places(run(node, context), call.name)))


@special("distance", least=1, most=None)
def _distance(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    if len(arguments) == 1:
        run = arguments[0].run
        return Code(Kind.NUMBER, lambda node, context: distance(_places(run(node, context), call.name)))
    read = atoms(arguments)

    def between(node: Node, context: Context) -> float:
        return distance([_place(text_of(value), call.name) for value in read(node, context)])

    return Code(Kind.NUMBER, between)


@special("geofence", least=2, most=2)
def _geofence(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    point, shape = code.text(arguments[0]), arguments[1].run

    def run(node: Node, context: Context) -> bool:
        place = _place(point(node, context), call.name)
        return is_inside(place, _places(shape(node, context), call.name))

    return Code(Kind.TRUTH, run)


@plain("intersects", wants=(Wants.TEXT,), gives=Kind.TRUTH)
def _intersects(text: str) -> bool:
    """Does a trace or shape cross itself? False for what is neither, as in ODK Collect."""
    try:
        return crosses_itself(_trace(text, "intersects"))
    except EvaluationError:
        return False
