"""Functions of texts. Places in texts count as in Java: a rare character outside the first 65,536 counts twice."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, Run, RunText
from server.forms.xpath.context import Context
from server.forms.xpath.functions.registry import Wants, plain, special
from server.forms.xpath.java import BLANKS, to_int
from server.forms.xpath.patterns import matches
from server.forms.xpath.syntax import Call
from server.forms.xpath.tree import Node
from server.forms.xpath.values import text_of

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

_TEXT, _NUMBER = Wants.TEXT, Wants.NUMBER
_SPACES = re.compile(r"[ \t\n\x0b\f\r]+")


def _of_context(compute: Callable[[str], str | float], gives: Kind) -> Callable[[Call, list[Code], Compiler], Code]:
    """A function of one text, of the context node when none is given."""

    def build(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
        read: RunText = code.text(arguments[0]) if arguments else lambda node, context: text_of(node.value)
        return Code(gives, lambda node, context: compute(read(node, context)))

    return build


def _length(text: str) -> float:
    return float(len(text)) if text.isascii() else float(len(text.encode("utf-16-le", "surrogatepass")) // 2)


def _normalize(text: str) -> str:
    return _SPACES.sub(" ", text.strip(BLANKS))


special("string", least=0, most=1)(_of_context(lambda text: text, Kind.TEXT))
special("string-length", least=0, most=1)(_of_context(_length, Kind.NUMBER))
special("normalize-space", least=0, most=1)(_of_context(_normalize, Kind.TEXT))


def texts(arguments: list[Code]) -> Callable[[Node, Context], list[str]]:
    """The arguments as texts, node-sets with all their nodes."""
    runs: list[Run] = [argument.run for argument in arguments]

    def read(node: Node, context: Context) -> list[str]:
        found: list[str] = []
        for run in runs:
            value = run(node, context)
            if isinstance(value, list):
                found.extend(text_of(one.value) for one in value)
            else:
                found.append(text_of(value))
        return found

    return read


@special("concat", least=0, most=None, pure=True)
def _concat(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    read = texts(arguments)
    return Code(Kind.TEXT, lambda node, context: "".join(read(node, context)))


@special("join", least=1, most=None, pure=True)
def _join(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    separator, read = code.text(arguments[0]), texts(arguments[1:])
    return Code(Kind.TEXT, lambda node, context: separator(node, context).join(read(node, context)))


plain("starts-with", wants=(_TEXT, _TEXT), gives=Kind.TRUTH)(str.startswith)
plain("ends-with", wants=(_TEXT, _TEXT), gives=Kind.TRUTH)(str.endswith)
plain("contains", wants=(_TEXT, _TEXT), gives=Kind.TRUTH)(str.__contains__)
plain("regex", wants=(_TEXT, _TEXT), gives=Kind.TRUTH)(matches)


@plain("substring-before", wants=(_TEXT, _TEXT), gives=Kind.TEXT)
def _before(text: str, part: str) -> str:
    at = text.find(part)
    return text[:at] if at >= 0 else ""


@plain("substring-after", wants=(_TEXT, _TEXT), gives=Kind.TEXT)
def _after(text: str, part: str) -> str:
    at = text.find(part)
    return text[at + len(part) :] if at >= 0 else ""


@plain("translate", wants=(_TEXT, _TEXT, _TEXT), gives=Kind.TEXT)
def _translate(text: str, old: str, new: str) -> str:
    table: dict[int, str] = {}
    for at, character in enumerate(old):
        table.setdefault(ord(character), new[at : at + 1])
    return text.translate(table)


@plain("substring", wants=(_TEXT, _NUMBER, _NUMBER), gives=Kind.TEXT, optional=1)
def _substring(text: str, start: float, length: float | None = None) -> str:
    """XPath 1.0: characters from 1, places rounded, all of them that fall into the text."""
    first = _rounded(start)
    last = math.inf if length is None else first + _rounded(length)
    if math.isnan(first) or math.isnan(last):
        return ""
    return text[int(min(max(first, 1), len(text) + 1)) - 1 : int(min(max(last, 1), len(text) + 1)) - 1]


def _rounded(number: float) -> float:
    return math.floor(number + 0.5) if math.isfinite(number) else number


@plain("substr", wants=(_TEXT, _NUMBER, _NUMBER), gives=Kind.TEXT, optional=1)
def _substr(text: str, start: float, end: float | None = None) -> str:
    """From place `start` (0 is the first) up to but without `end`; negative places count from the end."""
    units = text.encode("utf-16-le", "surrogatepass")
    length = len(units) // 2
    first, last = to_int(start), length if end is None else to_int(end)
    first = min(max(first + length if first < 0 else first, 0), length)
    last = min(max(last + length if last < 0 else last, 0), length)
    return units[first * 2 : last * 2].decode("utf-16-le", "surrogatepass")
