"""Comparisons with a literal take a shorter way: they say what the same comparison says with a value from a list."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from server.forms.xpath import Atom, Context, Day, Node, Table, compile_expression

VALUES: tuple[Atom, ...] = ("", "a", "5", " 5 ", "1,5", "2026-11-21", 0.0, -0.0, 5.0, -1.5, float("nan"), float("inf"),
                            True, False, Day(20778))  # fmt: skip
TEXTS = ("", "a", "5", "2026-11-21", "-1.5")
NUMBERS = ("0", "5", "-1.5", "20778")
SIGNS = ("=", "!=", "<", "<=", ">", ">=")


def tree(*values: Atom, hidden: bool) -> Node:
    root = Node("data")
    for value in values:
        root.append(Node("x", value)).relevant = not hidden
    return root


def truth(text: str, root: Node) -> bool:
    context = Context(root.children[0], root, {"l": Table([{"k": "1", "t": text} for text in TEXTS])},
                      now=datetime(2026, 11, 21, tzinfo=UTC))  # fmt: skip
    return compile_expression(text).truth(context)


@pytest.mark.parametrize("path", [".", "../x", "/data/x"])
@pytest.mark.parametrize("hidden", [False, True])
def test_a_text_or_a_number_is_compared_as_if_it_were_computed(path: str, hidden: bool) -> None:
    literals = [(f"'{text}'", f"instance('l')/root/item[t = '{text}']/t") for text in TEXTS]
    literals += [(number, f"number(concat('{number}', /data/none))") for number in NUMBERS]
    for value, sign, (literal, computed) in product(VALUES, SIGNS, literals):
        for root in (tree(value, hidden=hidden), tree(value, "5", hidden=hidden)):
            for one, other in ((f"{path} {sign} {literal}", f"{path} {sign} {computed}"),
                               (f"{literal} {sign} {path}", f"{computed} {sign} {path}")):  # fmt: skip
                assert truth(one, root) is truth(other, root), (one, value)


BOUNDS = (". >= 0 and . <= 5", "0 < . and . < 5 and . <= 3", ". > 5 and . < 5", "5 >= . and . > -1.5")


@pytest.mark.parametrize("bounds", BOUNDS)
def test_bounds_hold_a_value_as_each_of_them_does(bounds: str) -> None:
    for value in VALUES:
        for hidden in (False, True):
            root = tree(value, hidden=hidden)
            assert truth(bounds, root) is all(truth(one, root) for one in bounds.split(" and ")), value
