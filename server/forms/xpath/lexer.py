"""Text → tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from server.forms.xpath.errors import ExpressionError

MAX_LENGTH = 100_000
_NAME = r"[^\W\d][\w.\-·]*"
_TOKEN = re.compile(
    rf"""[ \t\r\n\f]*(?:
      (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<sign>\.\.|::|//|<=|>=|!=|[()\[\].@,/|+\-=<>*])
    | (?P<name>{_NAME}(?::(?!:)(?:{_NAME}|\*))?)
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_WORDS = re.compile(r"[ \t\r\n\f]*(and|or|div|mod)")
# After one of these signs an operator follows; after all others * is a wildcard and `div` a name.
_CLOSING = frozenset([")", "]", ".", ".."])
OPERATORS = frozenset(["and", "or", "div", "mod", "*", "|", "+", "-", "=", "!=", "<", "<=", ">", ">="])
_FULL_WIDTH = str.maketrans("（），、；：“”‘’＝＜＞＋－＊／［］｛｝！．　", "(),,;:\"\"''=<>+-*/[]{}!. ")


class Token(NamedTuple):
    """`kind`: number, text (without its quotes), sign, operator, name or end; `at`: where it starts."""

    kind: str
    text: str
    at: int


def tokens_of(text: str) -> list[Token]:
    """The tokens with an "end" at the end. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError("too_long", MAX_LENGTH, limit=MAX_LENGTH)
    found: list[Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        token, at = _next(text, at, bool(found) and _ends_operand(found[-1]))
        found.append(token)
    return found


def _ends_operand(last: Token) -> bool:
    return last.text in _CLOSING if last.kind == "sign" else last.kind != "operator"


def _next(text: str, at: int, after_operand: bool) -> tuple[Token, int]:
    if after_operand and (word := _WORDS.match(text, at)):
        return Token("operator", word[1], word.start(1)), word.end()
    match = _TOKEN.match(text, at)
    if match is None:
        raise _unreadable(text, at)
    kind = str(match.lastgroup)
    start, content = match.start(kind), match[kind]
    if kind == "text":
        content = content[1:-1]
    elif kind == "sign" and content in OPERATORS:
        # A wildcard is a name; a minus before an operand is a sign of its own.
        is_operator = after_operand or content not in ("*", "-")
        kind = "operator" if is_operator else ("name" if content == "*" else "sign")
    return Token(kind, content, start), match.end()


def _unreadable(text: str, at: int) -> ExpressionError:
    at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n\f"))
    character = text[at]
    if character in "'\"":
        return ExpressionError("quote", at, place=at + 1)
    if character == "$":
        name = re.match(r"\$\{?([\w.\-]*)", text[at:])
        return ExpressionError("variable", at, name=name[1] if name else "")
    plain = character.translate(_FULL_WIDTH)
    if plain != character:
        return ExpressionError("full_width", at, place=at + 1, character=character, plain=plain)
    return ExpressionError("character", at, place=at + 1, character=character)
