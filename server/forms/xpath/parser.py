"""Tokens → syntax: XPath 1.0 by recursive descent, an operator table instead of one function per precedence."""

from __future__ import annotations

from server.forms.xpath.errors import ExpressionError
from server.forms.xpath.lexer import Token, tokens_of
from server.forms.xpath.syntax import BELOW, HERE, UP, Call, Chain, Filter, Negative, Number, Path, Step, Syntax, Text

# Deeper than any form; bounds the stack of parser, compiler and evaluation.
MAX_DEPTH = 100
_LEVELS = (
    frozenset(["or"]),
    frozenset(["and"]),
    frozenset(["=", "!="]),
    frozenset(["<", "<=", ">", ">="]),
    frozenset(["+", "-"]),
    frozenset(["*", "div", "mod"]),
)
_LEVEL = {operator: level for level, operators in enumerate(_LEVELS) for operator in operators}
_AXES = frozenset(
    ["child", "parent", "self", "attribute", "ancestor", "ancestor-or-self", "descendant", "descendant-or-self"]
) | frozenset(["following", "following-sibling", "preceding", "preceding-sibling"])
_NODE_TYPES = frozenset(["node", "text", "comment", "processing-instruction"])
_NAMES = {
    "operand": ("一个值", "a value"),
    "step": ("一个名称", "a name"),
    "end": ("运算符或结尾", "an operator or the end"),
    ")": ("右括号“)”", "“)”"),
    "]": ("右方括号“]”", "“]”"),
    "(": ("左括号“(”", "“(”"),
}


def parse(text: str) -> Syntax:
    """The syntax of an expression. Raises ExpressionError with the place."""
    if not text.strip():
        raise ExpressionError("empty", 0)
    return _Parser(tokens_of(text)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def whole(self) -> Syntax:
        found = self.expression()
        if self.token.kind != "end":
            raise self.unexpected("end")
        return found

    def expression(self) -> Syntax:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("too_deep", self.token.at, limit=MAX_DEPTH)
        found = self.chain(0)
        self.depth -= 1
        return found

    def chain(self, lowest: int) -> Syntax:
        """Operands joined by operators of this level or a tighter one."""
        left = self.operand()
        while (level := self.level()) >= lowest:
            operators, operands = [], [left]
            while self.level() == level:
                operators.append(self.take().text)
                operands.append(self.chain(level + 1))
            left = Chain(tuple(operators), tuple(operands))
        return left

    def level(self) -> int:
        """The precedence of the operator that comes next, -1 when none does."""
        return _LEVEL.get(self.token.text, -1) if self.token.kind == "operator" else -1

    def operand(self) -> Syntax:
        """A union, perhaps with minus signs before it."""
        signs = 0
        while self.takes("sign", "-"):
            signs += 1
        found = self.path()
        if self.token.text == "|" and self.token.kind == "operator":
            found = self.union(found)
        for _ in range(min(signs, 2 - signs % 2)):
            found = Negative(found)
        return found

    def union(self, first: Syntax) -> Syntax:
        operands = [first]
        while self.takes("operator", "|"):
            operands.append(self.path())
        return Chain(("|",) * (len(operands) - 1), tuple(operands))

    def path(self) -> Syntax:
        if self.at_sign("/") or self.at_sign("//"):
            return self.absolute()
        if self.at_step():
            return Path("", self.steps())
        primary = self.primary()
        predicates = self.predicates()
        start = Filter(primary, predicates) if predicates else primary
        return Path(start, self.more_steps()) if self.at_sign("/") or self.at_sign("//") else start

    def absolute(self) -> Syntax:
        if self.at_sign("//"):
            return Path("/", self.more_steps())
        self.take()
        return Path("/", self.steps() if self.at_step() else ())

    def primary(self) -> Syntax:
        token = self.token
        if token.kind == "number":
            return Number(float(self.take().text))
        if token.kind == "text":
            return Text(self.take().text)
        if self.takes("sign", "("):
            found = self.expression()
            self.expect(")")
            return found
        if token.kind != "name":
            raise self.unexpected("operand")
        # at_step() has seen that a parenthesis follows.
        self.index += 2
        arguments = []
        if not self.at_sign(")"):
            arguments.append(self.expression())
            while self.takes("sign", ","):
                arguments.append(self.expression())
        self.expect(")")
        return Call(token.text, tuple(arguments), token.at)

    def steps(self) -> tuple[Step, ...]:
        return (self.step(), *self.more_steps())

    def more_steps(self) -> tuple[Step, ...]:
        found = []
        while self.at_sign("/") or self.at_sign("//"):
            if self.take().text == "//":
                found.append(BELOW)
            found.append(self.step())
        return tuple(found)

    def step(self) -> Step:
        if self.takes("sign", "."):
            return HERE
        if self.takes("sign", ".."):
            return UP
        axis = self.axis()
        return Step(axis, self.test(), self.predicates())

    def axis(self) -> str:
        if self.takes("sign", "@"):
            return "attribute"
        if self.token.kind != "name" or self.tokens[self.index + 1].text != "::":
            return "child"
        name = self.take()
        if name.text not in _AXES:
            raise ExpressionError("axis", name.at, name=name.text)
        self.take()
        return name.text

    def test(self) -> str:
        if self.token.kind != "name":
            raise self.unexpected("step")
        name = self.take().text
        if name not in _NODE_TYPES or not self.takes("sign", "("):
            return name
        if name == "processing-instruction" and self.token.kind == "text":
            self.take()
        self.expect(")")
        return f"{name}()"

    def predicates(self) -> tuple[Syntax, ...]:
        found = []
        while self.takes("sign", "["):
            found.append(self.expression())
            self.expect("]")
        return tuple(found)

    def at_step(self) -> bool:
        token, after = self.token, self.tokens[min(self.index + 1, len(self.tokens) - 1)]
        if token.kind == "name":
            is_call = after.kind == "sign" and after.text == "("
            return not is_call or token.text in _NODE_TYPES
        return token.kind == "sign" and token.text in (".", "..", "@")

    def at_sign(self, text: str) -> bool:
        return self.token.kind == "sign" and self.token.text == text

    def take(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def takes(self, kind: str, text: str) -> bool:
        """Step over the next token if it is this one."""
        is_this = self.token.kind == kind and self.token.text == text
        self.index += is_this
        return is_this

    def expect(self, sign: str) -> None:
        if not self.takes("sign", sign):
            raise self.unexpected(sign)

    def unexpected(self, wanted: str) -> ExpressionError:
        zh, en = _NAMES[wanted]
        token = self.token
        if token.kind == "end":
            return ExpressionError("unfinished", token.at, wanted_zh=zh, wanted_en=en)
        return ExpressionError("expected", token.at, place=token.at + 1, wanted_zh=zh, wanted_en=en, found=token.text)
