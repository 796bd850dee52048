"""Expressions from outside are bounded: they are refused with a place, or answered, and never bring anything down."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.forms.xpath import Context, EvaluationError, ExpressionError, Node, compile_expression
from server.forms.xpath.lexer import MAX_LENGTH
from server.forms.xpath.parser import MAX_DEPTH
from tests.forms.xpath.ours import value


def _error(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "empty", 0),
        ("   ", "empty", 0),
        ("1 +", "unfinished", 3),
        ("(1", "unfinished", 2),
        ("1)", "expected", 1),
        ("a[1", "unfinished", 3),
        ("a b", "expected", 2),
        ("1 2", "expected", 2),
        ("'x", "quote", 0),
        ("a # b", "character", 2),
        ("a，b", "full_width", 1),
        ("$x", "variable", 0),
        ("far::a", "axis", 0),
        ("frob(1)", "unknown_function", 0),
        ("1 + round(1, 2, 3)", "arity", 4),
        ("if(1, 2)", "arity", 0),
        ("pulldata('a')", "arity", 0),
        ("weighted-checklist(1, 2, 3)", "arity", 0),
        ("count(1)", "nodes", 0),
        ("sum('a')", "nodes", 0),
        ("'a' | b", "nodes", 0),
        ("'a'/b", "nodes", 0),
        ("indexed-repeat('a', /b, 1)", "nodes", 0),
        ("a/", "unfinished", 2),
        ("//", "unfinished", 2),
        ("a or", "unfinished", 4),
        ("not", None, 0),
    ],
)
def test_a_broken_expression_is_refused_with_its_place_cause_and_cure(
    text: str, code: str | None, position: int
) -> None:
    if code is None:
        compile_expression(text)  # a name like any other
        return
    error = _error(text)
    assert (error.code, error.position) == (code, position)
    assert " / " in error.why and " / " in error.fix


def test_a_misspelt_function_is_told_what_it_might_be() -> None:
    assert "string-length" in _error("string-lenght('a')").fix


def test_nesting_and_length_are_bounded() -> None:
    deep = "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH
    assert _error(deep).code == "too_deep"
    assert _error("if(1, 2, " * MAX_DEPTH + "3" + ")" * MAX_DEPTH).code == "too_deep"
    assert _error("1 + " * MAX_LENGTH + "1").code == "too_long"


@pytest.mark.parametrize(
    "wrap", ["({})", "if(1, {}, 2)", "if(0, 2, {})", "not({})", "1 + ({})", "/data[{}]", "string({})"]
)
def test_the_deepest_expression_allowed_is_evaluated(wrap: str) -> None:
    """Parser, compiler and closures stay within the stack, also below a web server's."""
    text = "1"
    for _ in range(MAX_DEPTH - 2):
        text = wrap.format(text)
    _below(150, lambda: value(text))


def _below(frames: int, call: object) -> None:
    if frames:
        _below(frames - 1, call)
    else:
        assert callable(call)
        call()


@pytest.mark.parametrize("joint", [" or ", " and ", " + ", " = ", " * ", " < ", " | ", "/", " - "])
def test_a_long_chain_is_no_nesting(joint: str) -> None:
    """5,000 operands, as machines write them."""
    text = joint.join(["/data/a" if joint in (" | ", "/") else "1"] * 5000).replace("//data/a", "/a")
    assert value(text) is not None


def test_a_pattern_that_never_ends_is_stopped() -> None:
    began = time.monotonic()
    assert value(f"regex('{'a' * 40}!', '(a|aa|a?)+$')") == "regex_slow"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2,1}", "*", "(?<n", "\\p{Nope}"])
def test_a_broken_pattern_is_an_error_of_its_own(pattern: str) -> None:
    assert value(f"regex('a', '{pattern}')") == "regex"


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="ab1.'\"()[]/|*+-=<>!,@:$ \n张div，“", max_size=30))
def test_no_text_crashes_the_parser(text: str) -> None:
    try:
        found = compile_expression(text)
    except ExpressionError as error:
        assert 0 <= error.position <= len(text)
        return
    root = Node("a")
    try:
        found(Context(root, root))
    except EvaluationError as error:
        assert error.why
